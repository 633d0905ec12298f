#include "tests/hostile/proxied.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/hostile/answers.h"
#include "tests/hostile/flood.h"
#include "tests/hostile/wire.h"

namespace titip::hostile {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 8'000ms;  // longer than every deadline of the stage
constexpr auto grace = 30ms;
const auto live = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"s;
// Asks for what only the network of the stage's config may see.
std::string records(std::string_view field = "") {
  return fmt::format("GET /v1/submissions?limit=1 HTTP/1.1\r\nHost: a\r\nx-kdppk: P0002\r\n{}\r\n", field);
}
const auto signature = "\r\n\r\n\0\r\nQUIT\n"s;
const auto of_ipv4 = "\xc0\0\x02\x09\xc6\x33\x64\x01\x12\x34\x01\xbb"s;  // 192.0.2.9 to 198.51.100.1
const auto of_ipv6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x09" + std::string(16, '\1') + "\x12\x34\x01\xbb";

std::string line(std::string_view client) {
  return fmt::format("PROXY TCP{} {} {} 56324 443\r\n", client.contains(':') ? 6 : 4, client,
                     client.contains(':') ? "2001:db8::1" : "198.51.100.1");
}

// Version 2: the two bytes behind the signature, the length that is said, and what comes.
std::string block(unsigned char command, unsigned char family, std::size_t said, std::string_view rest) {
  auto bytes = signature;
  for (const auto each : {std::size_t{command}, std::size_t{family}, said >> 8U, said & 0xffU})
    bytes += static_cast<char>(each);
  return bytes.append(rest);
}
std::string block(unsigned char command, unsigned char family, std::string_view rest) {
  return block(command, family, rest.size(), rest);
}

// What a header is owed, with a request behind it or not: to be closed without a byte of answer, at once or by the
// deadline; to be served, or told that it is nobody; or to be a header whose request is none, answered and closed.
struct Lie {
  const char* name;
  std::string sent;
  int status = 0;  // 0: closed without a word
  bool by_proxy = true;

  bool stays_open() const { return status == 200 || status == 401; }
};

std::vector<Lie> no_headers() {
  return {
      {"a request without one", live},
      {"TLS without one", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"s + std::string(200, 'a')},
      {"HTTP/2, which begins as one", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"in lower case", "proxy TCP4 192.0.2.1 198.51.100.1 1 1\r\n" + live},
      {"a blank before it", " " + line("192.0.2.1") + live},
      {"a signature with another end", "\r\n\r\n\0\r\nQUIT\r"s + std::string(40, 'a')},
      {"half a line", "PROXY TCP4 192.0.2."},
      {"one letter", "P"},
      {"half a signature", signature.substr(0, 7)},
      {"nothing at all", ""},
      {"a sound one from elsewhere", line("192.0.2.1") + live, 0, false},
      {"a sound block from elsewhere", block(0x21, 0x11, of_ipv4) + live, 0, false},
      {"a request from elsewhere", live, 0, false},
  };
}

std::vector<Lie> lines() {
  const auto v4 = [](std::string_view rest) { return "PROXY TCP4 " + std::string(rest) + "\r\n" + live; };
  return {
      {"a line", line("192.0.2.1") + live, 200},
      {"a line of IPv6", line("2001:db8::7") + live, 200},
      {"unknown, with anything behind it", "PROXY UNKNOWN 10.20.0.1 \xff\n what not\r\n" + live, 200},
      {"a proxy's own address", line("127.20.9.9") + live, 200},
      {"a forged field behind it",
       line("192.0.2.1") + "GET /livez HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n", 200},
      {"a client of the network", line("192.0.2.1") + records(), 200},
      {"a client of no network", line("203.0.113.1") + records(), 401},
      {"who says in a field that it is of the network",
       line("203.0.113.1") + records("X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n"), 401},
      {"unknown, and an address of the network", "PROXY UNKNOWN 192.0.2.1 198.51.100.1 1 1\r\n" + records(), 401},
      {"a line twice", line("192.0.2.1") + line("192.0.2.2") + live, 505},
      {"a block behind a line", line("192.0.2.1") + block(0x21, 0x11, of_ipv4) + live, 400},
      {"a line of another family", "PROXY TCP6 192.0.2.1 198.51.100.1 1 1\r\n" + live},
      {"the other family", "PROXY TCP4 2001:db8::7 2001:db8::1 1 1\r\n" + live},
      {"datagrams", "PROXY UDP4 192.0.2.1 198.51.100.1 1 1\r\n" + live},
      {"no ports", v4("192.0.2.1 198.51.100.1")},
      {"a port too high", v4("192.0.2.1 198.51.100.1 65536 1")},
      {"a signed port", v4("192.0.2.1 198.51.100.1 -1 1")},
      {"a number too high", v4("192.0.2.256 198.51.100.1 1 1")},
      {"octal numbers", v4("0300.0.2.1 198.51.100.1 1 1")},
      {"a name", v4("localhost 198.51.100.1 1 1")},
      {"two blanks", v4("192.0.2.1  198.51.100.1 1 1")},
      {"two clients", v4("192.0.2.1, 192.0.2.2 198.51.100.1 1 1")},
      {"a zero byte", v4("192.0.2.1\0 198.51.100.1 1 1"s)},
      {"a zone", "PROXY TCP6 fe80::1%lo 2001:db8::1 1 1\r\n" + live},
      {"a line feed alone", "PROXY TCP4 192.0.2.1 198.51.100.1 1 1\n" + live},
      {"a line too long", "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n" + live},
      {"a line without end", "PROXY TCP4 " + std::string(60'000, '1')},
  };
}

std::vector<Lie> blocks() {
  return {
      {"a block", block(0x21, 0x11, of_ipv4) + live, 200},
      {"a block of IPv6", block(0x21, 0x21, of_ipv6) + live, 200},
      {"more behind the addresses", block(0x21, 0x11, of_ipv4 + std::string(4'000, 'x')) + live, 200},
      {"a look, with anything in it", block(0x20, 0xff, std::string(300, '\xff')) + live, 200},
      {"a look, with an address of the network", block(0x20, 0x11, of_ipv4) + records(), 401},
      {"datagrams, with an address of the network", block(0x21, 0x12, of_ipv4) + records(), 401},
      {"a local socket", block(0x21, 0x31, std::string(216, 'x')) + live, 200},
      {"a block twice", block(0x21, 0x11, of_ipv4) + block(0x21, 0x11, of_ipv4) + live, 400},
      {"version 1 as a block", block(0x11, 0x11, of_ipv4) + live},
      {"version 3", block(0x31, 0x11, of_ipv4) + live},
      {"an unknown command", block(0x22, 0x11, of_ipv4) + live},
      {"an unknown family", block(0x21, 0x41, of_ipv6) + live},
      {"an unknown transport", block(0x21, 0x13, of_ipv4) + live},
      {"too short for its family", block(0x21, 0x11, of_ipv4.substr(0, 11)) + live},
      {"IPv4 that says IPv6", block(0x21, 0x21, of_ipv4) + live},
      {"no block at all", block(0x21, 0x11, "") + live},
      {"a length beyond the limit", block(0x21, 0x11, 65'535, of_ipv4) + live},
      {"a length that swallows the request", block(0x21, 0x11, 4'000, of_ipv4) + live},
      {"a length that leaves a piece", block(0x21, 0x11, 12, of_ipv4 + "\r\r\n\0"s) + live, 400},
  };
}

// Empty: as it is owed.
std::string judge_one(const Lie& lie, const ProxiedOptions& options, bool& hangs) {
  Wire wire(options.port, static_cast<std::uint8_t>(options.proxy_net + (lie.by_proxy ? 0 : 1)), 1);
  if (!wire.open()) return "no connection";
  wire.send(lie.sent, patience);
  std::string heard;
  const auto deadline = Clock::now() + patience;
  auto last = Wire::Heard::nothing;
  const auto is_over = [&] { return last == Wire::Heard::end || (lie.stays_open() && heard.contains("\r\n\r\n")); };
  while (!is_over() && Clock::now() < deadline) last = wire.hear(heard, 200ms);
  hangs = !is_over();
  if (hangs) return fmt::format("neither closed nor answered as is owed: {}", heard.substr(0, 60));
  if (lie.status == 0) return heard.empty() ? "" : fmt::format("answered: {}", heard.substr(0, 60));
  if (last == Wire::Heard::end ? lie.stays_open() : wire.hear(heard, grace) == Wire::Heard::end)
    return fmt::format("closed behind {}", heard.substr(0, 60));
  const auto stream = read_answers(heard);
  if (!stream.wrong.empty() || stream.answers.size() != 1)
    return fmt::format("{} answers; {} {}", stream.answers.size(), stream.wrong, heard.substr(0, 60));
  if (const auto status = stream.answers[0].status; status != lie.status)
    return fmt::format("answered {} where {} is owed", status, lie.status);
  return {};
}

// One client under many spellings of its address is one client still, and takes nobody else's place.
void crowd(const ProxiedOptions& options, ProxiedResult& result) {
  constexpr std::size_t beyond = 20;
  const auto mapped = std::string(10, '\0') + "\xff\xff\xc0\0\x02\x63"s + std::string(16, '\1') + "\x12\x34\x01\xbb";
  const std::vector<std::string> spellings{line("192.0.2.99"), line("::ffff:192.0.2.99"), line("::FFFF:C000:263"),
                                           block(0x21, 0x11, "\xc0\0\x02\x63\xc6\x33\x64\x01\x12\x34\x01\xbb"s),
                                           block(0x21, 0x21, mapped)};
  std::vector<Wire> wires;
  std::size_t closed = 0;
  for (std::size_t at = 0; at < options.share + beyond; ++at) {
    auto& wire = wires.emplace_back(options.port, options.proxy_net, static_cast<std::uint8_t>(2 + at / 200));
    wire.send(spellings[at % spellings.size()] + live, patience);
  }
  for (auto& wire : wires) {
    std::string heard;
    if (wire.hear(heard, patience) == Wire::Heard::end) ++closed;
  }
  if (closed != beyond)
    result.wrong.push_back(fmt::format("{} of {} connections beyond a client's share were closed", closed, beyond));
  Wire other(options.port, options.proxy_net, 1);
  other.send(line("192.0.2.98") + live, patience);
  std::string heard;
  if (other.hear(heard, patience) != Wire::Heard::bytes)
    result.wrong.emplace_back("another client of the same proxy found no place");
}

// A clinic that goes on, on one connection for long and on new ones.
void work(const ProxiedOptions& options, const std::atomic<bool>& stopped, ProxiedResult& result) {
  while (!stopped) {
    Wire wire(options.port, options.proxy_net, 1);
    std::string bytes;
    for (std::size_t at = 1; at <= 20 && !stopped; ++at) {
      wire.send((at == 1 ? line("192.0.2.200") : "") + live, patience);
      const auto deadline = Clock::now() + patience;
      while (read_answers(bytes).answers.size() < at && Clock::now() < deadline)
        if (wire.hear(bytes, 200ms) == Wire::Heard::end) break;
      const auto stream = read_answers(bytes);
      ++result.asked;
      if (stream.answers.size() != at || stream.answers.back().status != 200)
        return result.wrong.push_back(fmt::format("a clinic behind the proxy was not served: {}", bytes));
      std::this_thread::sleep_for(10ms);
    }
  }
}

void take(ProxiedResult& into, ProxiedResult from) {
  into.cases += from.cases;
  into.telling += from.telling;
  into.mutated += from.mutated;
  into.asked += from.asked;
  into.hangs += from.hangs;
  for (auto& each : from.wrong) into.wrong.push_back("behind a proxy: " + std::move(each));
}

ProxiedResult spoil(const ProxiedOptions& options) {
  std::vector<std::string> sound;
  for (const auto& lies : {lines(), blocks()})
    for (const auto& lie : lies)
      if (lie.status == 200) sound.push_back(lie.sent);
  auto flooded =
      flood({.port = options.port, .requests = options.mutated, .seed = options.seed, .net = options.proxy_net},
            std::move(sound));
  ProxiedResult result;
  result.mutated = flooded.sent;
  result.hangs = flooded.hangs;
  result.wrong = std::move(flooded.wrong);
  if (flooded.sent < options.mutated) result.wrong.emplace_back("spoiled headers found no connection");
  if (flooded.answered == 0) result.wrong.emplace_back("of the spoiled headers none was sound enough for an answer");
  return result;
}

}  // namespace

ProxiedResult tell_lies(const ProxiedOptions& options) {
  ProxiedResult result;
  std::mutex mutex;
  std::vector<Lie> all;
  for (auto lies : {no_headers(), lines(), blocks()}) std::ranges::move(lies, std::back_inserter(all));
  result.cases = all.size();
  // Silence it closes too, and two headers are a fault anywhere.
  result.telling = static_cast<std::size_t>(std::ranges::count_if(
      all, [](const Lie& lie) { return lie.stays_open() || (lie.status == 0 && !lie.sent.empty()); }));
  // All at once: those that wait for a deadline wait together.
  std::vector<std::jthread> threads;
  threads.reserve(all.size());
  for (const auto& lie : all)
    threads.emplace_back([&] {
      bool hangs = false;
      const auto wrong = judge_one(lie, options, hangs);
      if (wrong.empty()) return;
      const std::lock_guard lock(mutex);
      result.wrong.push_back(fmt::format("{}: {}", lie.name, wrong));
      result.hangs += hangs ? 1 : 0;
    });
  threads.clear();
  return result;
}

ProxiedResult attack_proxied(const ProxiedOptions& options) {
  ProxiedResult clinic;
  ProxiedResult result;
  std::atomic<bool> stopped{false};
  {
    const std::jthread works([&] { work(options, stopped, clinic); });
    take(result, tell_lies(options));
    ProxiedResult crowded;
    crowd(options, crowded);
    take(result, std::move(crowded));
    take(result, spoil(options));
    stopped = true;
  }
  take(result, std::move(clinic));
  if (result.asked == 0) result.wrong.emplace_back("behind a proxy: the clinic asked nothing");
  return result;
}

}  // namespace titip::hostile
