#include "gateway/say.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "gateway/admin/words.h"
#include "gateway/exit_status.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using nlohmann::ordered_json;

std::string line_of(std::string_view name, std::string_view number, std::string_view more = {}) {
  return fmt::format("  {:<12}{:>12}{}{}\n", name, number, more.empty() ? "" : "  ", more);
}
std::string counted_line(std::string_view name, std::uint64_t number, std::string_view more = {}) {
  return line_of(name, words::grouped(number).own(), more);
}

void add_deadlines(std::string& text, const ordered_json& deadlines) {
  const auto number = [&](const char* key) { return deadlines.value(key, std::uint64_t{0}); };
  if (number("waiting") > 0) {
    const auto late = deadlines.find("will_miss");
    text += counted_line(
        words::tell("deadlines"), number("waiting"),
        words::tell("the next by {}; {}", deadlines.value("next_at", "?"),
                    late != deadlines.end() && late->is_number()
                        ? words::tell("{} will miss theirs", words::grouped(number("will_miss")))
                        : words::tell("nothing is being sent, so nobody can say how many will miss theirs")));
  }
  if (number("missed") > 0) text += counted_line(words::tell("missed"), number("missed"));
}

void add_destination(std::string& text, const ordered_json& each) {
  text += fmt::format("\n{}", each.value("destination", "?"));
  if (each.contains("upstream")) text += words::tell(" (circuit {})", each.value("upstream", "?"));
  text += '\n';
  const auto number = [&](const char* key) { return each.value(key, std::uint64_t{0}); };
  text += counted_line(words::tell("accepted"), number("accepted"));
  for (const auto* state : {"queued", "blocked", "in_flight", "deferred", "unknown", "held", "delivered", "rejected",
                            "cancelled", "expired"})
    if (number(state) > 0) text += counted_line(state, number(state));
  if (const auto deadlines = each.find("deadlines"); deadlines != each.end() && deadlines->is_object())
    add_deadlines(text, *deadlines);
  if (const auto difference = each.value("ledger_difference", std::int64_t{0}); difference != 0)
    text += line_of(words::tell("ledger"), std::to_string(difference), words::tell("a defect: run `titip verify`"));
  if (const auto drain = each.find("drain"); drain != each.end() && drain->is_object())
    text += words::tell("  its drain {}", own_of(*drain, "sentence", "?")) + "\n";
  const auto destination = each.value("destination", "?");
  const auto add_gate = [&](const std::string& what, const ordered_json& gate) {
    text += words::tell("  {} gated since {}: {}", what, gate.value("since", "?"), own_of(gate, "reason", "?")) + "\n";
    text += words::tell("  to send again: titip resume {} --reason …", what) + "\n";
  };
  if (const auto gate = each.find("gate"); gate != each.end() && gate->is_object()) add_gate(destination, *gate);
  if (const auto gates = each.find("gated_facilities"); gates != each.end() && gates->is_array())
    for (const auto& gate : *gates) add_gate(fmt::format("{}/{}", destination, gate.value("facility", "?")), gate);
}

}  // namespace

void say(std::string_view sentence) {
  fmt::print(stderr, "titip: {}\n", sentence);
}

std::string own_of(const ordered_json& document, const std::string& key, std::string_view otherwise,
                   words::Language language) {
  for (const auto& name : {language == words::Language::id ? key + "_id" : key, key})
    if (const auto found = document.find(name); found != document.end() && found->is_string())
      return found->get<std::string>();
  return std::string(otherwise);
}

int conclude(const admin::Ended& ended, Saying saying, bool on_stderr) {
  if (saying.json) {
    fmt::print(on_stderr ? stderr : stdout, "{}", admin::encode(admin::Answer(ended)));
  } else if (ended.trouble || on_stderr) {
    say(ended.sentence.own());
  } else {
    fmt::print("{}\n", ended.sentence.own());
  }
  // A full disk or a closed pipe must not pass for success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    say(words::tell("stdout takes nothing more; what was printed is not whole"));
    return exit_failed;
  }
  return exit_of(ended);
}

bool confirmed(std::string_view word, std::string_view question, Saying saying, bool stdin_is_free) {
  if (saying.yes) return true;
  if (!stdin_is_free || ::isatty(STDIN_FILENO) == 0) {
    say(words::tell("{} Nothing was done: say --yes to go on without being asked.", question));
    return false;
  }
  fmt::print(stderr, "titip: {} ", words::tell("{} Type {} to go on:", question, word));
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == word) return true;
  say(words::tell("Nothing was done."));
  return false;
}

std::string status_text(const admin::Ended& ended) {
  auto text = ended.sentence.own() + "\n";
  const auto document = ordered_json::parse(ended.result, nullptr, false);
  if (!document.is_object()) return text;
  try {
    // To whom nobody asked in Indonesian it is told all the same: the sentence is for everybody in the room.
    const auto both = document.find("sentence");
    if (words::spoken() != words::Language::id && both != document.end() && both->contains("id"))
      text = both->value("id", "") + "\n" + text;
    for (const auto& each : document.value("destinations", ordered_json::array())) add_destination(text, each);
    if (const auto upkeep = document.find("upkeep"); upkeep != document.end() && upkeep->is_object())
      text += "\n" +
              words::tell("`titip {}` runs since {}: {} of {} done.", upkeep->value("command", "?"),
                          upkeep->value("since", "?"), words::grouped(upkeep->value("done", std::uint64_t{0})),
                          words::grouped(upkeep->value("of", std::uint64_t{0}))) +
              "\n";
  } catch (const ordered_json::exception&) {
    return text + words::tell("(The numbers cannot be shown: gateway and command line are of different versions.)") +
           "\n";
  }
  return text;
}

}  // namespace titip::gateway
