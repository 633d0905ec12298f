#include "tests/hostile/judge.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "tests/hostile/answers.h"
#include "tests/hostile/wire.h"

namespace titip::hostile {
namespace {

using namespace std::chrono_literals;
constexpr auto patience = 8'000ms;  // longer than every deadline of the stage
constexpr auto pause = 150ms;
constexpr auto grace = 30ms;  // within which a second answer would have come
constexpr std::string_view another = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

struct Told {
  std::string wrong;
  bool hangs = false;
};

// Hears until there are so many answers, or the end.
Wire::Heard hear_answers(Wire& wire, std::string& bytes, const std::vector<std::size_t>& bodyless, std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (read_answers(bytes, bodyless).answers.size() < count) {
    const auto heard = wire.hear(bytes, 200ms);
    if (heard == Wire::Heard::end) return heard;
    if (std::chrono::steady_clock::now() > deadline) return Wire::Heard::nothing;
  }
  return Wire::Heard::bytes;
}

bool hear_the_end(Wire& wire, std::string& bytes) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline)
    if (wire.hear(bytes, 200ms) == Wire::Heard::end) return true;
  return false;
}

Told judge_one(const Case& one, std::uint16_t port) {
  Wire wire(port, 4, 1);
  if (!wire.open()) return {"no connection", true};
  std::string bytes;
  for (std::size_t at = 0; at < one.sent.size(); ++at) {
    if (at > 0) std::this_thread::sleep_for(pause);
    wire.send(one.sent[at], patience);
  }
  std::vector<std::size_t> bodyless;
  for (std::size_t at = 0; at < one.answers.size(); ++at)
    if (one.answers[at].bodyless) bodyless.push_back(at);

  const auto heard = hear_answers(wire, bytes, bodyless, one.answers.size());
  auto stream = read_answers(bytes, bodyless);
  if (!stream.wrong.empty()) return {stream.wrong};
  for (std::size_t at = 0; at < one.answers.size(); ++at) {
    const auto& owed = one.answers[at];
    if (at >= stream.answers.size())
      return {fmt::format("no answer where {} {} is owed", owed.status, owed.reason), heard == Wire::Heard::nothing};
    const auto& given = stream.answers[at];
    if (auto wrong = complaint(owed, given.head, given.status, given.body); !wrong.empty()) return {std::move(wrong)};
  }
  if (one.closed) {
    if (!hear_the_end(wire, bytes)) return {"the connection stays open", true};
    stream = read_answers(bytes, bodyless);
    if (!stream.wrong.empty()) return {stream.wrong};
    if (stream.answers.size() > one.answers.size() || !stream.rest.empty()) return {"more is said than is owed"};
    return {};
  }
  if (wire.hear(bytes, grace) == Wire::Heard::end) return {"the connection was closed"};
  if (read_answers(bytes, bodyless).answers.size() > one.answers.size()) return {"more is said than is owed"};
  wire.send(another, patience);
  hear_answers(wire, bytes, bodyless, one.answers.size() + 1);
  stream = read_answers(bytes, bodyless);
  if (stream.answers.size() != one.answers.size() + 1 || stream.answers.back().status != 200)
    return {"the connection does not serve the next request", true};
  return {};
}

}  // namespace

std::string complaint(const Verdict& owed, const std::string& head, int status, const std::string& body) {
  if (status != owed.status) return fmt::format("answered {} where {} {} is owed", status, owed.status, owed.reason);
  if (owed.reason.empty()) return {};
  if (!body.contains(fmt::format("/problems/{}\"", owed.reason)))
    return fmt::format("answered {} for another reason than {}: {}", status, owed.reason, body.substr(0, 120));
  if (!head.contains("\r\nconnection: close\r\n")) return "a fault is answered without closing";
  return {};
}

Findings judge(const std::vector<Case>& corpus, std::uint16_t port) {
  Findings findings;
  std::mutex mutex;
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (auto at = next++; at < corpus.size(); at = next++) {
        const auto told = judge_one(corpus[at], port);
        if (told.wrong.empty()) continue;
        const std::lock_guard lock(mutex);
        findings.wrong.push_back(fmt::format("{}: {}", corpus[at].name, told.wrong));
        findings.hangs += told.hangs ? 1 : 0;
      }
    });
  threads.clear();
  return findings;
}

}  // namespace titip::hostile
