#include "gateway/say.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "gateway/admin/words.h"
#include "gateway/exit_status.h"

namespace titip::gateway {
namespace {

using nlohmann::ordered_json;

void add_deadlines(std::string& text, const ordered_json& deadlines) {
  const auto number = [&](const char* key) { return deadlines.value(key, std::uint64_t{0}); };
  if (number("waiting") > 0) {
    const auto late = deadlines.find("will_miss");
    text += fmt::format("  {:<12}{:>12}  the next by {}; {}\n", "deadlines", admin::grouped(number("waiting")),
                        deadlines.value("next_at", "?"),
                        late != deadlines.end() && late->is_number()
                            ? fmt::format("{} will miss theirs", admin::grouped(number("will_miss")))
                            : std::string("nothing is being sent, so nobody can say how many will miss theirs"));
  }
  if (number("missed") > 0) text += fmt::format("  {:<12}{:>12}\n", "missed", admin::grouped(number("missed")));
}

void add_destination(std::string& text, const ordered_json& each) {
  text += fmt::format("\n{}", each.value("destination", "?"));
  if (each.contains("upstream")) text += fmt::format(" (circuit {})", each.value("upstream", "?"));
  text += '\n';
  const auto number = [&](const char* key) { return each.value(key, std::uint64_t{0}); };
  text += fmt::format("  {:<12}{:>12}\n", "accepted", admin::grouped(number("accepted")));
  for (const auto* state : {"queued", "blocked", "in_flight", "deferred", "unknown", "held", "delivered", "rejected",
                            "cancelled", "expired"})
    if (number(state) > 0) text += fmt::format("  {:<12}{:>12}\n", state, admin::grouped(number(state)));
  if (const auto deadlines = each.find("deadlines"); deadlines != each.end() && deadlines->is_object())
    add_deadlines(text, *deadlines);
  if (const auto difference = each.value("ledger_difference", std::int64_t{0}); difference != 0)
    text += fmt::format("  {:<12}{:>12}  a defect: run `titip verify`\n", "ledger", difference);
  if (const auto drain = each.find("drain"); drain != each.end() && drain->is_object())
    text += fmt::format("  its drain {}\n", drain->value("sentence", "?"));
  const auto destination = each.value("destination", "?");
  const auto add_gate = [&](const std::string& what, const ordered_json& gate) {
    text += fmt::format("  {} gated since {}: {}\n  to send again: titip resume {} --reason …\n", what,
                        gate.value("since", "?"), gate.value("reason", "?"), what);
  };
  if (const auto gate = each.find("gate"); gate != each.end() && gate->is_object()) add_gate(destination, *gate);
  if (const auto gates = each.find("gated_facilities"); gates != each.end() && gates->is_array())
    for (const auto& gate : *gates) add_gate(fmt::format("{}/{}", destination, gate.value("facility", "?")), gate);
}

}  // namespace

void say(std::string_view sentence) {
  fmt::print(stderr, "titip: {}\n", sentence);
}

int conclude(const admin::Ended& ended, Saying saying, bool on_stderr) {
  if (saying.json) {
    fmt::print(on_stderr ? stderr : stdout, "{}", admin::encode(admin::Answer(ended)));
  } else if (ended.trouble || on_stderr) {
    say(ended.sentence);
  } else {
    fmt::print("{}\n", ended.sentence);
  }
  // A full disk or a closed pipe must not pass for success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    say("stdout takes nothing more; what was printed is not whole");
    return exit_failed;
  }
  return exit_of(ended);
}

bool confirmed(std::string_view word, std::string_view question, Saying saying, bool stdin_is_free) {
  if (saying.yes) return true;
  if (!stdin_is_free || ::isatty(STDIN_FILENO) == 0) {
    say(fmt::format("{} Nothing was done: say --yes to go on without being asked.", question));
    return false;
  }
  fmt::print(stderr, "titip: {} Type {} to go on: ", question, word);
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == word) return true;
  say("Nothing was done.");
  return false;
}

std::string status_text(const admin::Ended& ended) {
  auto text = ended.sentence + "\n";
  const auto document = ordered_json::parse(ended.result, nullptr, false);
  if (!document.is_object()) return text;
  try {
    if (const auto words = document.find("sentence"); words != document.end() && words->contains("id"))
      text = words->value("id", "") + "\n" + text;
    for (const auto& each : document.value("destinations", ordered_json::array())) add_destination(text, each);
    if (const auto upkeep = document.find("upkeep"); upkeep != document.end() && upkeep->is_object())
      text += fmt::format("\n`titip {}` runs since {}: {} of {} done.\n", upkeep->value("command", "?"),
                          upkeep->value("since", "?"), admin::grouped(upkeep->value("done", std::uint64_t{0})),
                          admin::grouped(upkeep->value("of", std::uint64_t{0})));
  } catch (const ordered_json::exception&) {
    return text + "(The numbers cannot be shown: gateway and command line are of different versions.)\n";
  }
  return text;
}

}  // namespace titip::gateway
