// Holds, releases, requeues and cancels: one record by its id, or all that a filter fits, as a job.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/bulk.h"
#include "gateway/admin/count_records.h"
#include "gateway/admin/records.h"
#include "gateway/admin/upkeep.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

words::Text participle(Command action) {
  switch (action) {
    case Command::hold:
      return words::text("held");
    case Command::release:
      return words::text("released");
    case Command::requeue:
      return words::text("sent again");
    default:
      return words::text("cancelled");
  }
}

// How many could go with what is cancelled: as many as wait for another record, or are held for one. Which of them need
// these is not counted.
std::uint64_t might_go_with(const Doors& doors) {
  std::uint64_t sum = 0;
  for (const auto& [name, each] : doors.store.counts().destinations)
    sum += each.by_state[static_cast<std::size_t>(storage::State::blocked)] +
           each.by_state[static_cast<std::size_t>(storage::State::held)];
  return sum;
}

words::Said going_with(std::uint64_t at_most) {
  return at_most == 0 ? words::said(" No other record would go with it.")
                      : words::said(" Whatever needs it would go with it: not counted before; {} at most.",
                                    words::counted(at_most, words::text("records")));
}

Ended one(const Request& request, const Doors& doors) {
  const Acting acting{request.command, request.not_landed};
  const auto loaded =
      load_record(request.queue.id, doors, {.id = {}, .payload = false, .reply = false, .attempts = false});
  if (!loaded) return loaded.error();
  const auto& record = loaded->submission;
  auto refused = refusal_of(acting, *loaded, doors);
  Acted acted{record.id, refused};
  if (refused.empty() && !request.dry_run) {
    const auto all = act(acting, {record}, doors);
    if (!all) return store_trouble(all.error());
    acted = all->front();
  }
  ordered_json result{{"id", record.id.text()}, {"was", storage::name(record.state)}};
  if (acted.other) result["other"] = acted.other->text();
  if (!acted.refused.empty()) {
    result["refused"] = acted.refused;
    auto ended = in_trouble(Trouble::failed, words::said("{} cannot be {}: {}.", record.id.text(),
                                                         participle(request.command), refusal_words(acted.refused)));
    ended.result = result.dump();
    return ended;
  }
  auto sentence = request.dry_run ? words::said("{} would be {}", record.id.text(), participle(request.command))
                                  : words::said("{} is {}", record.id.text(), participle(request.command));
  if (acted.other) sentence += words::said(", as {}", acted.other->text());
  for (const auto& each : acted.cancelled) result["cancelled"].push_back(each.text());
  if (!acted.cancelled.empty())
    sentence +=
        words::said("; {} that needed it went with it", words::counted(acted.cancelled.size(), words::text("records")));
  sentence += ".";
  if (request.command == Command::cancel && request.dry_run) {
    const bool others_need_it = !record.provides.empty() || !record.references.empty();
    const auto at_most = others_need_it ? might_go_with(doors) : 0;
    result["goes_with_at_most"] = at_most;
    sentence += going_with(at_most);
  }
  return {{}, false, std::move(sentence), result.dump()};
}

Ended preview(const Request& request, const CountedRecords& count, const Doors& doors) {
  ordered_json result{{"count", count.records}, {"from_counts", count.from_counts}, {"dry_run", true}};
  auto sentence = words::said("{} fit: {}. What may be {} would be; the others are listed.",
                              words::counted(count.records, words::text("records")), phrase(request.queue),
                              participle(request.command));
  if (request.command == Command::cancel) {
    const auto at_most = might_go_with(doors);
    result["goes_with_at_most"] = at_most;
    sentence += going_with(at_most);
  }
  return {{}, false, std::move(sentence), result.dump()};
}

// Where no state is named those are meant that it can be done to.
QueueWords meant_by(const Request& request) {
  using enum storage::State;
  auto words = request.queue;
  if (!words.states.empty()) return words;
  switch (request.command) {
    case Command::requeue:
      words.states = {rejected, expired};
      break;
    case Command::release:
      words.states = {held};
      break;
    case Command::cancel:
      words.states = {queued, deferred, blocked, held};
      break;
    default:
      words.states = {queued, deferred, blocked};
  }
  return words;
}

Ended many(Request request, const Doors& doors, Telling& telling) {
  request.queue = meant_by(request);
  const auto kept = read_job(doors);
  if (!kept) return kept.error();
  if (*kept && (*kept)->job.state == BulkJob::State::running && !request.dry_run)
    return in_trouble(
        Trouble::busy,
        words::said("Another bulk action is not done: {} `titip bulk resume` goes on with it, `titip bulk "
                    "stop` gives it up.",
                    tell_job((*kept)->job, doors).sentence));
  const auto count = count_records(request.queue, doors, telling);
  if (!count) return store_trouble(count.error());
  if (count->stopped) return stopped_early(words::said("nothing was changed"));
  if (count->records == 0) {
    auto nobody = in_trouble(Trouble::not_found, words::said("There are no {}.", phrase(request.queue)));
    nobody.result = ordered_json{{"count", 0}}.dump();
    return nobody;
  }
  if (request.dry_run) return preview(request, *count, doors);
  if (const auto forgotten = forget_refused(doors); !forgotten) return store_trouble(forgotten.error());
  BulkJob job;
  job.action = request.command;
  job.words = request.queue;
  job.reason = request.reason;
  job.by = telling.who();
  job.began = doors.clock.wall();
  job.of = count->records;
  const auto version = keep_job(job, *kept ? (*kept)->version : 0, {}, doors);
  if (!version) return store_trouble(version.error());
  if (!*version) return in_trouble(Trouble::busy, words::said("Somebody else began a bulk action at the same moment."));
  return run_job({std::move(job), **version}, doors, telling);
}

Ended bulk_once(const Request& request, const Doors& doors, Telling& telling) {
  const auto kept = read_job(doors);
  if (!kept) return kept.error();
  if (!*kept) return in_trouble(Trouble::not_found, words::said("No bulk action was ever begun here."));
  auto job = (*kept)->job;
  if (request.command == Command::bulk_status) return tell_job(job, doors, request.after);
  if (job.state == BulkJob::State::done || (request.only_finish && job.state != BulkJob::State::running))
    return in_trouble(Trouble::not_found,
                      words::said("There is nothing to go on with: {}", tell_job(job, doors).sentence));
  const bool stops = request.command == Command::bulk_stop;
  job.state = stops ? BulkJob::State::stopped : BulkJob::State::running;
  const auto version = keep_job(job, (*kept)->version, {}, doors);
  if (!version) return store_trouble(version.error());
  if (!*version) return in_trouble(Trouble::busy, words::said("It went on at the same moment. Try again."));
  if (stops) return tell_job(job, doors);
  return run_job({std::move(job), **version}, doors, telling);
}

}  // namespace

Ended act_on_records(const Request& request, const Doors& doors, Telling& telling) {
  return request.queue.id.empty() ? many(request, doors, telling) : one(request, doors);
}

Ended bulk(const Request& request, const Doors& doors, Telling& telling) {
  constexpr int most_tries = 100;  // whoever runs it changes it many times a second
  for (int tries = 1;; ++tries) {
    auto ended = bulk_once(request, doors, telling);
    if (ended.trouble != Trouble::busy || request.command != Command::bulk_stop || tries == most_tries) return ended;
  }
}

}  // namespace titip::admin
