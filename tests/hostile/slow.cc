#include "tests/hostile/slow.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "tests/hostile/answers.h"
#include "tests/hostile/wire.h"

namespace titip::hostile {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr auto drip = 250ms;
constexpr auto slow_for = 9s;  // longer than every deadline of the stage, with the half second they are looked at in
constexpr auto most_wait_at_the_door = 1500ms;
constexpr std::size_t of_one_address = 200;

std::vector<Wire> open_many(std::uint16_t port, std::uint8_t net, std::size_t count, bool small_window = false) {
  std::vector<Wire> wires;
  wires.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    wires.emplace_back(port, net, static_cast<std::uint8_t>(1 + i / of_one_address), small_window);
  return wires;
}

std::size_t still_open(std::vector<Wire>& wires) {
  std::size_t open = 0;
  for (auto& wire : wires) {
    std::string heard;
    auto last = Wire::Heard::bytes;
    while (last == Wire::Heard::bytes) last = wire.try_hear(heard);
    open += wire.open() && last != Wire::Heard::end ? 1U : 0U;
  }
  return open;
}

void crowd(const SlowOptions& options, SlowResult& result) {
  auto wires = open_many(options.port, 6, of_one_address);
  for (std::size_t i = of_one_address; i < options.share + 20; ++i) wires.emplace_back(options.port, 6, 1);
  result.beyond_share = 20;
  // The gateway may have other things to do first; before the header's deadline, which closes all of them.
  const auto deadline = Clock::now() + most_wait_at_the_door;
  while (result.turned_away < result.beyond_share && Clock::now() < deadline) {
    std::this_thread::sleep_for(100ms);
    result.turned_away = wires.size() - still_open(wires);
  }
}

// Bodies of one address that never end, more of them than its share: it is refused, and another's large body is not.
void hoard(const SlowOptions& options, std::vector<Wire>& wires, SlowResult& result) {
  const std::string chunk(16'000, 'a');
  for (auto& wire : wires) wire.try_send("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n");
  const auto deadline = Clock::now() + most_wait_at_the_door;
  while (result.hoarders_refused == 0 && Clock::now() < deadline) {
    for (auto& wire : wires) {
      std::string heard;
      wire.try_send(chunk);
      if (wire.try_hear(heard) == Wire::Heard::bytes && heard.starts_with("HTTP/1.1 503 ")) ++result.hoarders_refused;
    }
    std::this_thread::sleep_for(20ms);
  }
  Wire other(options.port, 12, 1);
  std::string heard;
  other.send("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'b'), 2s);
  while (!heard.contains("\r\n\r\n") && other.hear(heard, 2s) == Wire::Heard::bytes) {
  }
  if (!heard.starts_with("HTTP/1.1 405 "))
    result.wrong.push_back("a large body beside a hoarder was not taken: " + heard.substr(0, heard.find('\r')));
  if (result.hoarders_refused == 0) result.wrong.emplace_back("an address held more bodies than its share");
}

void ask_too_fast(const SlowOptions& options, SlowResult& result) {
  Wire wire(options.port, 7, 1);
  std::string all;
  for (int i = 0; i < 600; ++i) all += "GET /v1/submissions?limit=1 HTTP/1.1\r\nHost: a\r\nx-kdppk: P0003\r\n\r\n";
  std::string heard;
  std::jthread says([&] { wire.send(all, 10s); });
  const auto deadline = Clock::now() + 10s;
  while (read_answers(heard).answers.size() < 600 && Clock::now() < deadline)
    if (wire.hear(heard, 200ms) == Wire::Heard::end) break;
  const auto stream = read_answers(heard);
  if (!stream.wrong.empty() || stream.answers.size() != 600)
    result.wrong.push_back(
        fmt::format("asked too fast: {} answers to 600 requests; {}", stream.answers.size(), stream.wrong));
  for (const auto& answer : stream.answers) {
    if (answer.status == 200) continue;
    const bool whole = answer.status == 429 && answer.head.contains("\r\nretry-after: ") &&
                       answer.head.contains("\r\nratelimit: ") && answer.head.contains("\r\nratelimit-policy: ");
    if (whole) ++result.throttled;
    if (!whole) result.wrong.push_back(fmt::format("asked too fast: answered {}\n{}", answer.status, answer.head));
  }
}

}  // namespace

SlowResult be_slow(const SlowOptions& options) {
  SlowResult result;
  auto idle = open_many(options.port, 5, options.idle);
  auto headers = open_many(options.port, 8, options.of_each_kind);
  auto bodies = open_many(options.port, 9, options.of_each_kind);
  auto readers = open_many(options.port, 10, options.of_each_kind, true);
  auto hoarders = open_many(options.port, 11, options.hoarders);
  std::string many_reads;
  for (int i = 0; i < 400; ++i) many_reads += "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n";
  for (auto& wire : headers) wire.try_send("GET /livez HTTP/1.1\r\nHost: a\r\nX-A: ");
  for (auto& wire : bodies) wire.try_send("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  for (auto& wire : readers) wire.try_send(many_reads);
  std::this_thread::sleep_for(200ms);
  result.idle = static_cast<std::size_t>(options.connections());
  const auto until = Clock::now() + slow_for;
  crowd(options, result);
  hoard(options, hoarders, result);
  ask_too_fast(options, result);
  while (Clock::now() < until) {
    for (auto* wires : {&headers, &bodies})
      for (auto& wire : *wires) wire.try_send("a");
    std::this_thread::sleep_for(drip);
  }
  result.left_open = still_open(idle) + still_open(headers) + still_open(bodies) + still_open(hoarders);
  // A reader that takes nothing hears no end either: the gateway's own count must tell.
  const auto count = static_cast<std::size_t>(options.connections());
  if (count > of_one_address / 4) result.left_open += count;
  return result;
}

}  // namespace titip::hostile
