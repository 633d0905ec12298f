// Destroys what is kept of people: counted first, then for good.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "gateway/admin/people.h"
#include "gateway/admin/upkeep.h"
#include "gateway/admin/words.h"
#include "metrics/words/said.h"
#include "storage/erasure_list.h"
#include "storage/persons.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::State;

ordered_json ids_of(const std::vector<storage::SubmissionId>& ids) {
  auto list = ordered_json::array();
  for (const auto& id : ids) list.push_back(id.text());
  return list;
}

// What there is of the people, before anything is touched.
struct Seen {
  std::uint64_t records = 0;
  std::uint64_t waiting = 0;    // would be cancelled
  std::uint64_t under_way = 0;  // would be erased once settled
  storage::LeftOut left_out;    // damaged: would stay
};

bool is_under_way(const storage::Submission& record) {
  return record.state == State::in_flight || record.state == State::unknown ||
         (record.state == State::held && record.hold_reason == storage::HoldReason::unknown);
}

storage::Result<void> look(storage::Store& store, const storage::Digest& person, Seen& seen) {
  storage::WaitingHome home;
  storage::Find find{.by = storage::Find::By::person, .key = person};
  while (true) {
    const auto page =
        home.ask<std::vector<storage::Submission>>([&](auto done) { store.find(find, home, std::move(done)); });
    if (!page) return std::unexpected(page.error());
    if (page->empty()) break;
    for (const auto& record : *page) {
      ++seen.records;
      if (is_under_way(record)) {
        ++seen.under_way;
      } else if (!storage::is_terminal(record.state)) {
        ++seen.waiting;
      }
    }
    find.after_position = page->back().position;
  }
  find = {.by = storage::Find::By::damaged_of_person, .key = person, .limit = storage::most_named};
  const auto damaged =
      home.ask<std::vector<storage::Submission>>([&](auto done) { store.find(find, home, std::move(done)); });
  if (!damaged && damaged.error() != storage::Error::corrupt) return std::unexpected(damaged.error());
  if (!damaged) seen.left_out.perhaps_more = true;
  if (damaged)
    for (const auto& each : *damaged) seen.left_out.add(each.id);
  return {};
}

Ended foresee(const Doors& doors, Telling& telling, const std::vector<storage::Digest>& people) {
  Seen seen;
  for (std::size_t at = 0; at < people.size(); ++at) {
    if (const auto looked = look(doors.store, people[at], seen); !looked) return store_trouble(looked.error());
    if (!telling.progress({at + 1, people.size()})) return stopped_early(words::said("nothing was changed"));
  }
  if (seen.records == 0 && !seen.left_out.any())
    return in_trouble(Trouble::not_found,
                      words::said("Nothing is kept of {}.", words::counted(people.size(), words::text("people"))));
  Ended ended;
  ended.sentence = words::said("{} of {}: what is in them would be destroyed.",
                               words::counted(seen.records, words::text("records")), people_words(people.size()));
  if (seen.waiting == 1) ended.sentence += words::said(" 1 of them has not been sent yet and would be cancelled.");
  if (seen.waiting > 1)
    ended.sentence +=
        words::said(" {} of them have not been sent yet and would be cancelled.", words::grouped(seen.waiting));
  if (seen.under_way == 1)
    ended.sentence += words::said(" 1 of them is under way and would go once the outcome is known.");
  if (seen.under_way > 1)
    ended.sentence += words::said(" {} of them are under way and would go once the outcome is known.",
                                  words::grouped(seen.under_way));
  ended.sentence += left_out_text(seen.left_out);
  ended.result = ordered_json{{"people", people.size()},         {"records", seen.records},
                              {"would_cancel", seen.waiting},    {"would_wait", seen.under_way},
                              {"left_out", seen.left_out.count}, {"left_out_ids", ids_of(seen.left_out.ids)}}
                     .dump();
  return ended;
}

struct Sum {
  storage::ErasureReport report;
  void add(const storage::ErasureReport& other) {
    report.persons += other.persons;
    report.records += other.records;
    report.erased += other.erased;
    report.cancelled_count += other.cancelled_count;
    report.when_settled_count += other.when_settled_count;
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(report.cancelled, other.cancelled);
    append(report.when_settled, other.when_settled);
    report.left_out.add(other.left_out);
  }
};

Ended said(const storage::ErasureReport& report) {
  Ended ended;
  ended.partial = report.when_settled_count > 0 || report.left_out.any();
  ended.sentence =
      words::said("{} destroyed", words::counted(report.erased + report.cancelled_count, words::text("records")));
  if (report.cancelled_count > 0)
    ended.sentence +=
        words::said(", {} of them cancelled before they were sent", words::grouped(report.cancelled_count));
  ended.sentence += ".";
  if (report.when_settled_count > 0)
    ended.sentence += words::said(" {} under way: destroyed by itself as soon as the outcome is known.",
                                  words::counted(report.when_settled_count, words::text("records")));
  ended.sentence += left_out_text(report.left_out);
  ended.result = ordered_json{{"people", report.persons},
                              {"records", report.records},
                              {"erased", report.erased},
                              {"cancelled", report.cancelled_count},
                              {"when_settled", report.when_settled_count},
                              {"cancelled_ids", ids_of(report.cancelled)},
                              {"when_settled_ids", ids_of(report.when_settled)},
                              {"left_out", report.left_out.count},
                              {"left_out_ids", ids_of(report.left_out.ids)}}
                     .dump();
  return ended;
}

// Stores that restores moved aside, whole: nothing is ever erased from them.
void name_stores_aside(const std::filesystem::path& data_directory, Ended& ended) {
  std::error_code error;
  auto kept = ordered_json::array();
  for (std::filesystem::directory_iterator each(data_directory, error), end; !error && each != end;
       each.increment(error)) {
    const auto name = each->path().filename().string();
    if (name.starts_with("store.before-") && name != "store.before-reindex") kept.push_back(each->path().string());
  }
  if (kept.empty()) return;
  ended.partial = !ended.trouble;
  ended.sentence += words::said(
      " What a restore moved aside still holds them: delete {} as soon as the store in its place serves and its gap is "
      "dealt with.",
      kept.size() == 1 ? words::verbatim(kept.front().get<std::string>())
                       : words::said("{}/store.before-* ({} directories)", data_directory.string(), kept.size()));
  auto result = ended.result.empty() ? ordered_json::object() : ordered_json::parse(ended.result);
  result["kept_aside"] = std::move(kept);
  ended.result = result.dump();
}

}  // namespace

Ended erase(const Request& request, const Doors& doors, Telling& telling) {
  const auto people = people_of(request, doors.sealer);
  if (request.dry_run) return foresee(doors, telling, people);
  const auto list = storage::erasure_list_path(doors.key_file);
  storage::WaitingHome home;
  Sum sum;
  for (std::size_t at = 0; at < people.size(); ++at) {
    const auto report =
        storage::erase_person(doors.store, doors.sealer, home, list, people[at], doors.clock.wall(), telling.who());
    if (!report)
      return in_trouble(Trouble::failed, words::said("After {} of {} people: {}.", at, people.size(), report.error()));
    sum.add(*report);
    if (!telling.progress({at + 1, people.size()}) && at + 1 < people.size())
      return stopped_early(words::said("{} of {} people are done", at + 1, people.size()));
  }
  auto ended = sum.report.records > 0 || sum.report.left_out.any()
                   ? said(sum.report)
                   : in_trouble(Trouble::not_found,
                                people.size() == 1
                                    ? words::said("Nothing is kept of this person. They stand on the list that is "
                                                  "applied after a restore.")
                                    : words::said("Nothing is kept of these people. They stand on the list that is "
                                                  "applied after a restore."));
  name_stores_aside(doors.data_directory, ended);
  return ended;
}

}  // namespace titip::admin
