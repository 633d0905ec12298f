// Rotates the key that wraps every record's own.

#include <nlohmann/json.hpp>

#include "gateway/admin/upkeep.h"
#include "metrics/words/said.h"
#include "storage/key_rotation.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

ordered_json document_of(const storage::RotationReport& report) {
  return {{"finished", report.finished},         {"began", report.began},
          {"current_key", report.current_key},   {"dropped", report.dropped},
          {"rewrapped", report.rewrapped},       {"passes", report.passes},
          {"damaged", report.damaged},           {"lost", report.lost},
          {"why_not", report.why_not.english()}, {"why_not_id", report.why_not.in(words::Language::id)}};
}

}  // namespace

Ended rotate_keys(const Request& request, const Doors& doors, Telling& telling) {
  if (request.dry_run) {
    std::uint64_t records = 0;
    for (const auto& [name, counts] : doors.store.counts().destinations)
      for (const auto count : counts.by_state) records += count;
    return {{},
            false,
            words::said("Key {} wraps now. A new one would be made and the keys of {} wrapped under it.",
                        doors.sealer.current_key_id(), words::counted(records, words::text("records"))),
            ordered_json{{"current_key", doors.sealer.current_key_id()}, {"records", records}}.dump()};
  }
  storage::WaitingHome home;
  storage::RotationOptions options;
  options.only_finish = request.only_finish;
  options.forget_damaged = request.forget_damaged;
  options.forget_lost = request.forget_lost;
  options.told = [&telling](const storage::RotationProgress& progress) {
    return telling.progress({progress.looked_at, progress.of});
  };
  const auto report = storage::rotate_keys(doors.key_file, doors.sealer, doors.store, home, options);
  if (!report) return in_trouble(Trouble::failed, report.error() + ".");
  Ended ended;
  ended.result = document_of(*report).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  if (report->finished) {
    ended.sentence = words::said(
        "Key {} wraps everything now: {} rewrapped, {} gone. Make a new copy of {} and keep it "
        "elsewhere; keep the old one for as long as you keep backups from before.",
        report->current_key, words::counted(report->rewrapped, words::text("keys")),
        words::counted(report->dropped.size(), words::text("old keys")), doors.key_file.string());
  } else {
    ended.partial = true;
    ended.sentence = words::said("Not finished: {}. The old keys stay until it is.", report->why_not);
  }
  if (report->lost > 0) {
    ended.partial = true;
    ended.sentence += words::said(
        " {} under keys that are not in {} and cannot be read until such a key turns up: titip restore --as-it-is "
        "--old-key-file FILE adds it. Otherwise who sent them must send them again.",
        report->lost == 1 ? words::said("1 record or log-in is")
                          : words::said("{} records or log-ins are", words::grouped(report->lost)),
        doors.key_file.string());
  }
  return ended;
}

}  // namespace titip::admin
