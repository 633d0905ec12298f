// Moves every keyed hash in the store on to a new index key. No gateway may run.

#include <nlohmann/json.hpp>

#include "gateway/commands.h"
#include "gateway/offline.h"
#include "gateway/say.h"
#include "metrics/words/said.h"

namespace titip::gateway {

using admin::Ended;
using nlohmann::ordered_json;

int run_reindex(const Config& config, const std::string& reason, bool dry_run, Saying saying) {
  if (const auto why = offline_hindrance(config, reason, dry_run, "keys reindex")) return conclude(*why, saying);
  const clock::SystemClock clock;
  const auto behind = is_behind(config, clock);
  if (!behind) return conclude(offline_failed(behind.error()), saying);
  if (dry_run) {
    Ended ended;
    ended.sentence =
        *behind ? words::said("The store would be brought up to the key file, which knows of a later reindex.")
                : words::said("A new index key would be made, and every keyed hash in the store moved on to it.");
    return conclude(ended, saying);
  }
  Progressing progressing;
  const auto report = reindex_store(config, !*behind, progressing);
  if (!report) return conclude(offline_failed(report.error()), saying);
  Ended ended;
  ended.partial = report->damaged > 0;
  ended.sentence =
      words::said("{} of {} moved on to index key {}. Make a new copy of {} and keep it elsewhere.",
                  words::counted(report->entries, words::text("entries")),
                  words::counted(report->records, words::text("records")), report->links, config.key_file.string());
  if (ended.partial)
    ended.sentence += words::said(" {} are damaged and were copied as they are: run `titip verify`.",
                                  words::grouped(report->damaged));
  ended.result = ordered_json{{"records", report->records},
                              {"entries", report->entries},
                              {"damaged", report->damaged},
                              {"links_before", report->links_before},
                              {"links", report->links}}
                     .dump();
  auto opened = Opened::open(config, clock, Opening::must_exist);
  if (!opened) return conclude(offline_failed(opened.error()), saying);
  if (const auto audited = audit_offline(*opened, "keys reindex", reason, ended.sentence); !audited)
    return conclude(offline_failed(audited.error()), saying);
  return conclude(ended, saying);
}

}  // namespace titip::gateway
