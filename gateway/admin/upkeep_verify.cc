// Compares every count, index and reference of the store with the records themselves.

#include <nlohmann/json.hpp>

#include "gateway/admin/upkeep.h"
#include "metrics/words/said.h"
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

words::Said list_of(const storage::VerifyReport& report) {
  words::Said text;
  for (const auto& problem : report.problems) {
    if (!text.empty()) text += "; ";
    const auto times = words::grouped(problem.times);
    text += problem.examples.empty()
                ? words::said("{} ({} times)", problem.kind, times)
                : words::said("{} ({} times, first {})", problem.kind, times, problem.examples.front());
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
  const auto counted = words::said("{} submissions looked at, {} pending", words::grouped(report->submissions),
                                   words::grouped(report->pending));
  Ended ended;
  ended.result = document_of(*report).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (report->sound()) {
    ended.sentence = words::said("The store is sound: {}.", counted);
  } else {
    ended.trouble = Trouble::failed;
    ended.sentence =
        words::said("The store is NOT sound: {}. {}. Keep a copy of the data directory before anything else.",
                    list_of(*report), counted);
  }
  if (report->quarantined > 0)
    ended.sentence +=
        words::said(" {} damaged records are in quarantine, with their bytes.", words::grouped(report->quarantined));
  return ended;
}

}  // namespace titip::admin
