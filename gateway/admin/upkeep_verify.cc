// Compares every count, index and reference of the store with the records themselves.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gateway/admin/upkeep.h"
#include "gateway/admin/words.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

nlohmann::ordered_json document_of(const storage::VerifyReport& report) {
  auto problems = nlohmann::ordered_json::array();
  for (const auto& problem : report.problems)
    problems.push_back({{"kind", problem.kind}, {"times", problem.times}, {"examples", problem.examples}});
  return {{"submissions", report.submissions},
          {"pending", report.pending},
          {"quarantined", report.quarantined},
          {"sound", report.sound()},
          {"problems", std::move(problems)}};
}

std::string list_of(const storage::VerifyReport& report) {
  std::string text;
  for (const auto& problem : report.problems) {
    text += fmt::format("{}{} ({} times", text.empty() ? "" : "; ", problem.kind, grouped(problem.times));
    if (!problem.examples.empty()) text += ", first " + problem.examples.front();
    text += ")";
  }
  return text;
}

}  // namespace

Ended verify(const Doors& doors, Telling& telling) {
  storage::WaitingHome home;
  const auto report = home.ask<storage::VerifyReport>([&](auto done) {
    doors.store.verify([&telling](storage::Progress progress) { telling.progress(progress); }, home, std::move(done));
  });
  if (!report) return store_trouble(report.error());
  const auto counted =
      fmt::format("{} submissions looked at, {} pending", grouped(report->submissions), grouped(report->pending));
  Ended ended;
  ended.result = document_of(*report).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (report->sound()) {
    ended.sentence = fmt::format("The store is sound: {}.", counted);
  } else {
    ended.trouble = Trouble::failed;
    ended.sentence =
        fmt::format("The store is NOT sound: {}. {}. Keep a copy of the data directory before anything else.",
                    list_of(*report), counted);
  }
  if (report->quarantined > 0)
    ended.sentence +=
        fmt::format(" {} damaged records are in quarantine, with their bytes.", grouped(report->quarantined));
  return ended;
}

}  // namespace titip::admin
