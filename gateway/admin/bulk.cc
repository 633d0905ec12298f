#include "gateway/admin/bulk.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "gateway/admin/audit_subjects.h"
#include "gateway/admin/records.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::Submission;
using storage::SubmissionId;
using Objects = std::vector<std::pair<std::string, storage::Object>>;

constexpr std::size_t refused_at_once = 1'000;  // objects of them
constexpr std::size_t most_told = 1'000;        // records

storage::PutObject put(std::string_view kind, std::string name, std::optional<std::uint64_t> version,
                       std::string bytes) {
  return {std::string(kind), std::move(name), version, std::move(bytes)};
}

storage::Result<std::optional<storage::Object>> job_object(storage::Store& store) {
  storage::WaitingHome home;
  return home.ask<std::optional<storage::Object>>(
      [&](auto done) { store.get_object(std::string(bulk_kind), std::string(bulk_name), home, std::move(done)); });
}

storage::Result<Objects> refused_behind(const Doors& doors, const std::string& after) {
  storage::WaitingHome home;
  return home.ask<Objects>([&](auto done) {
    doors.store.list_objects(std::string(refused_kind), after, refused_at_once, home, std::move(done));
  });
}

// What the batch under way came to before the process ended: who is as the action leaves it, and who is still to do.
struct Recovered {
  std::uint64_t done = 0;
  std::uint64_t went_with = 0;
  std::vector<SubmissionId> damaged;
  std::vector<Submission> to_do;
};
storage::Result<Recovered> recover(const BulkJob& job, const Doors& doors) {
  const auto looked = load_each(job.pending, false, doors);
  if (!looked) return std::unexpected(looked.error());
  Recovered recovered;
  for (std::size_t at = 0; at < job.pending.size(); ++at) {
    const auto& [loaded, is_damaged] = looked->at(at);
    if (is_damaged) recovered.damaged.push_back(job.pending[at]);
    if (!loaded) continue;
    const auto& record = loaded->submission;
    if (!is_done(job.action, record, job.began)) {
      recovered.to_do.push_back(record);
    } else {
      ++(went_with_another(record) ? recovered.went_with : recovered.done);
    }
  }
  return recovered;
}

class Run {
 public:
  Run(KeptJob kept, const Doors& doors, Telling& telling, const BulkPace& pace)
      : job_(std::move(kept.job)), version_(kept.version), doors_(doors), telling_(telling), pace_(pace) {
    query_.filter = filter_of(job_.words);
    query_.filter.accepted_before = std::min(query_.filter.accepted_before.value_or(job_.began), job_.began);
    query_.after = job_.after;
    query_.limit = pace_.batch;
    query_.examine = pace_.examine;
  }

  Ended until_the_end() {
    if (!job_.pending.empty()) {
      const auto recovered = recover(job_, doors_);
      if (!recovered) return hindered(recovered.error());
      job_.done += recovered->done;
      job_.went_with += recovered->went_with;
      // Those that are not in the batch themselves are counted by nobody now.
      job_.went_with_is_least = job_.went_with_is_least || (job_.action == Command::cancel && recovered->done > 0);
      if (auto end = act_on(recovered->to_do, recovered->damaged)) return *end;
    }
    while (true) {
      const auto began = doors_.clock.steady();
      storage::WaitingHome home;
      const auto page =
          home.ask_patiently<storage::ScanPage>([&](auto done) { doors_.store.scan(query_, home, std::move(done)); });
      if (!page) return hindered(page.error());
      if (auto end = batch(*page)) return *end;
      if (!page->next) return ended();
      query_.after = page->next;
      if (!telling_.progress({job_.done + job_.refused, std::max(job_.of, job_.done + job_.refused)}))
        return stopped_early(
            words::said("{} of {} are done; it goes on when the gateway starts, or by `titip bulk resume`",
                        words::grouped(job_.done), words::grouped(job_.of)));
      rest(doors_.clock.steady() - began);
    }
  }

 private:
  // Nothing: go on.
  std::optional<Ended> batch(const storage::ScanPage& page) {
    if (page.items.empty() && page.damaged == 0) return std::nullopt;
    job_.pending = page.damaged_ids;
    for (const auto& record : page.items) job_.pending.push_back(record.id);
    for (const auto& id : job_.pending) job_.after = std::max(job_.after.value_or(id), id);
    if (page.next) job_.after = page.next;
    job_.passed_over += page.damaged - page.damaged_ids.size();
    if (job_.hash_before) job_.hash_before = rolled(*job_.hash_before, page.items, doors_);
    if (auto end = keep()) return end;
    return act_on(page.items, page.damaged_ids);
  }

  // Whether what is damaged belongs here nobody knows: it is refused, so that somebody looks.
  std::optional<Ended> act_on(const std::vector<Submission>& records, const std::vector<SubmissionId>& damaged) {
    std::vector<Acted> acted;
    if (!records.empty()) {
      auto came = act({job_.action}, records, doors_);
      if (!came) return hindered(came.error());
      acted = *std::move(came);
    }
    if (job_.hash_after) {
      const auto now = load_each(job_.pending, false, doors_);
      if (!now) return hindered(now.error());
      std::vector<Submission> those;
      for (const auto& each : *now)
        if (each.loaded) those.push_back(each.loaded->submission);
      job_.hash_after = rolled(*job_.hash_after, those, doors_);
    }
    for (const auto& id : damaged) acted.push_back({id, "damaged"});
    for (const auto& each : acted) {
      job_.went_with += each.cancelled.size();
      if (!each.went_with_another) ++(each.refused.empty() ? job_.done : job_.refused);
    }
    refused_ = encode_refused(acted);
    // Kept together with the beginning of the next batch; those refused are counted there too, so at once.
    job_.pending.clear();
    ++job_.batches;
    return refused_.empty() ? std::nullopt : keep();
  }

  std::optional<Ended> keep() {
    const auto refused = std::exchange(refused_, {});
    const auto kept = keep_job(job_, version_, refused, doors_);
    if (!kept) return hindered(kept.error());
    if (!*kept) return stopped(refused);
    version_ = **kept;
    return std::nullopt;
  }

  // Somebody else changed it: to stop it is all they may do. What was counted here since is kept; the batch that was
  // about to begin is still to do.
  Ended stopped(const std::string& refused) {
    const auto other = read_job(doors_);
    if (!other) return other.error();
    if (!*other || (*other)->job.began != job_.began)
      return in_trouble(Trouble::failed, words::said("The job was taken away meanwhile."));
    job_.state = BulkJob::State::stopped;
    const auto kept = keep_job(job_, (*other)->version, refused, doors_);
    if (!kept) return hindered(kept.error());
    auto told = tell_job(job_, doors_);
    told.partial = true;
    return told;
  }

  Ended ended() {
    job_.state = BulkJob::State::done;
    if (auto end = keep()) return *end;
    return tell_job(job_, doors_);
  }

  Ended hindered(storage::Error error) const {
    auto ended = store_trouble(error);
    ended.sentence += words::said(" {} of {} are done; `titip bulk resume` goes on.", words::grouped(job_.done),
                                  words::grouped(job_.of));
    return ended;
  }

  // Clinics first.
  void rest(std::chrono::nanoseconds took) const {
    std::this_thread::sleep_for(std::max<std::chrono::nanoseconds>(
        pace_.rest, std::min<std::chrono::nanoseconds>(2 * took, std::chrono::seconds(1))));
    while (doors_.store.health().writer_queue >= pace_.writer_is_busy && telling_.goes_on())
      std::this_thread::sleep_for(pace_.busy_rest);
  }

  BulkJob job_;
  std::uint64_t version_;
  std::string refused_;
  const Doors& doors_;
  Telling& telling_;
  const BulkPace pace_;
  storage::ScanQuery query_;
};

}  // namespace

bool has_unfinished_job(storage::Store& store) {
  const auto object = job_object(store);
  const auto job = object && *object ? decode_bulk_job((*object)->bytes) : std::nullopt;
  return job && job->state == BulkJob::State::running;
}

std::expected<std::optional<KeptJob>, Ended> read_job(const Doors& doors) {
  const auto object = job_object(doors.store);
  if (!object) return std::unexpected(store_trouble(object.error()));
  if (!*object) return std::nullopt;
  auto job = decode_bulk_job((*object)->bytes);
  if (!job)
    return std::unexpected(in_trouble(
        Trouble::failed, words::said("The bulk job in the store cannot be read; it is of another version of Titip.")));
  return KeptJob{std::move(*job), (*object)->version};
}

storage::Result<std::optional<std::uint64_t>> keep_job(const BulkJob& job, std::uint64_t version,
                                                       const std::string& refused, const Doors& doors) {
  std::vector<storage::PutObject> batch{put(bulk_kind, std::string(bulk_name), version, encode(job))};
  if (!refused.empty()) batch.push_back(put(refused_kind, fmt::format("{:012}", job.batches), std::nullopt, refused));
  storage::WaitingHome home;
  const auto applied = home.ask_patiently<std::vector<storage::Applied>>(
      [&](auto done) { doors.store.put_objects(batch, home, std::move(done)); });
  if (!applied) return std::unexpected(applied.error());
  if (applied->front() != storage::Applied::yes) return std::nullopt;
  return version + 1;
}

storage::Result<void> forget_refused(const Doors& doors) {
  while (true) {
    const auto objects = refused_behind(doors, {});
    if (!objects) return std::unexpected(objects.error());
    if (objects->empty()) return {};
    std::vector<storage::PutObject> batch;
    for (const auto& [name, object] : *objects) batch.push_back(put(refused_kind, name, std::nullopt, {}));
    storage::WaitingHome home;
    const auto applied = home.ask_patiently<std::vector<storage::Applied>>(
        [&](auto done) { doors.store.put_objects(batch, home, std::move(done)); });
    if (!applied) return std::unexpected(applied.error());
  }
}

Ended run_job(KeptJob kept, const Doors& doors, Telling& telling, const BulkPace& pace) {
  return Run(std::move(kept), doors, telling, pace).until_the_end();
}

Ended tell_job(const BulkJob& job, const Doors& doors, const std::string& after) {
  auto refused = ordered_json::array();
  std::string next;
  if (job.refused > 0) {
    const auto objects = refused_behind(doors, after);
    if (!objects) return store_trouble(objects.error());
    for (const auto& [name, object] : *objects) {
      auto batch = ordered_json::parse(object.bytes, nullptr, false);
      if (!batch.is_array()) continue;
      for (auto& each : batch) {
        const auto sentence = refusal_words(each.value("why", ""));
        each["sentence"] = sentence.english();
        each["sentence_id"] = sentence.in(words::Language::id);
        refused.push_back(std::move(each));
      }
      if (refused.size() < most_told) continue;
      next = name;
      break;
    }
    if (next.empty() && objects->size() == refused_at_once) next = objects->back().first;
  }
  Ended ended;
  ended.partial = job.refused > 0 || job.passed_over > 0;
  ended.sentence = words::said("{} of {}: {} done", name(job.action), phrase(job.words), words::grouped(job.done));
  if (job.refused > 0) ended.sentence += words::said(", {} refused", words::grouped(job.refused));
  if (job.went_with_is_least) {
    ended.sentence += words::said(", at least {} that needed them went with them", words::grouped(job.went_with));
  } else if (job.went_with > 0) {
    ended.sentence += words::said(", {} that needed them went with them", words::grouped(job.went_with));
  }
  if (job.passed_over > 0)
    ended.sentence += words::said(", {} places passed over where damage hides which records these are",
                                  words::grouped(job.passed_over));
  ended.sentence += job.state == BulkJob::State::done ? words::verbatim(".")
                    : job.state == BulkJob::State::running
                        ? words::said(" of {} so far; it goes on.", words::grouped(job.of))
                        : words::said(" of {} so far; it was stopped.", words::grouped(job.of));
  ordered_json result{{"action", name(job.action)},
                      {"records", words_json(job.words)},
                      {"state", name(job.state)},
                      {"began", clock::rfc3339(job.began)},
                      {"reason", job.reason},
                      {"of", job.of},
                      {"done", job.done},
                      {"refused_count", job.refused},
                      {"went_with", job.went_with},
                      {"went_with_is_least", job.went_with_is_least},
                      {"passed_over", job.passed_over},
                      {"refused", std::move(refused)}};
  if (!next.empty()) result["next"] = next;
  ended.result = result.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return ended;
}

}  // namespace titip::admin
