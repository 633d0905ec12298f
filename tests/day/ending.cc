#include "tests/day/ending.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace titip::day {
namespace {

// The gateway's contract (README.md), written once more: this program shares no code with it.
constexpr int fail_stop = 74;
constexpr int failed = 1;

// Whether its last line is a sentence for people that names this error.
bool ends_with_a_sentence(std::string_view words, std::string_view error) {
  while (words.ends_with('\n')) words.remove_suffix(1);
  const std::string_view last = words.substr(words.rfind('\n') + 1);
  const int number = error == "ENOSPC" ? ENOSPC : EIO;
  return last.starts_with("titip: ") && last.find(std::strerror(number)) != std::string_view::npos;
}

}  // namespace

std::string Ending::text() const {
  if (signal) return fmt::format("ended by signal {}", strsignal(*signal));
  return status ? fmt::format("ended with status {}", *status) : "runs";
}

std::string not_as_planned(const Ending& ending, const Planned& planned, bool serving, std::string_view words) {
  const auto say = [&](std::string_view why) {
    return fmt::format("the gateway {} by itself {}: {}", ending.text(), serving ? "while it served" : "at its start",
                       why);
  };
  switch (planned.how) {
    case Planned::How::nothing:
      return say("nothing had been injected into it");
    case Planned::How::call_kills:
      return ending.signal == SIGKILL ? std::string() : say(fmt::format("{} was to kill it", planned.call));
    case Planned::How::call_fails:
      break;
  }
  const bool says_why = words.find("store_failed") != std::string_view::npos;
  if (ending.status == fail_stop) return says_why ? std::string() : say("its log has no reason for the fail-stop");
  if (!serving && ending.status == failed) {
    if (ends_with_a_sentence(words, planned.error)) return {};
    return say(fmt::format("its last line is no sentence that says why ({} of {})", planned.error, planned.call));
  }
  return say(fmt::format("a failing {} ({}) ends it with status {} alone", planned.call, planned.error, fail_stop));
}

}  // namespace titip::day
