// The reads of the door: handed to the reader pool, answered on the caller's Home; and what keeps the store in order,
// which is read first and then written.
#include <algorithm>
#include <utility>

#include "storage/audit.h"
#include "storage/call_of.h"
#include "storage/queue_store.h"
#include "storage/reads.h"

namespace titip::storage {

template <class T>
void QueueStore::ask(Home& home, Done<T> done, std::move_only_function<Result<T>(std::vector<Damage>&)> work_out) {
  // Shared by the work and the refusal: only one of them comes to pass.
  const auto answer = std::make_shared<Done<T>>(std::move(done));
  ReaderPool::Work work = [this, &home, answer, work_out = std::move(work_out)]() mutable {
    std::vector<Damage> damage;
    Result<T> result = work_out(damage);
    set_apart(std::move(damage));
    home.post([answer, result = std::move(result)]() mutable { (*answer)(std::move(result)); });
  };
  const auto taken = readers_.submit(work);
  if (taken == ReaderPool::Taken::yes) return;
  refuse(home, std::move(*answer), taken == ReaderPool::Taken::full ? Error::overloaded : Error::unavailable);
}

template <class T>
void QueueStore::read(Home& home, Done<T> done, std::move_only_function<Result<T>(Reading&)> work_out) {
  ask<T>(home, std::move(done), [this, work_out = std::move(work_out)](std::vector<Damage>& damage) mutable {
    const auto snapshot = kv_->snapshot();
    Reading reading(*snapshot);
    Result<T> result = work_out(reading);
    damage = reading.take_damage();
    return result;
  });
}

// Each on its own, so that one that cannot be set apart does not keep the others from it. Nobody waits for it: what is
// not set apart now is met again.
void QueueStore::set_apart(std::vector<Damage> damage) {
  for (Damage& each : damage) {
    std::vector<Damage> one;
    one.push_back(std::move(each));
    writer_.submit(call_of<Damage, SetApart>(std::move(one), InPlace::home(), [](const auto&) {}));
  }
}

void QueueStore::lanes(std::string destination, Home& home, Done<std::vector<Lane>> done) {
  ask<std::vector<Lane>>(home, std::move(done), [this, destination = std::move(destination)](std::vector<Damage>&) {
    return Result<std::vector<Lane>>(ledger_->lanes(destination));
  });
}

void QueueStore::next_due(std::vector<DueQuery> batch, Home& home, Done<std::vector<DueBatch>> done) {
  ask<std::vector<DueBatch>>(home, std::move(done), [this, batch = std::move(batch)](std::vector<Damage>& damage) {
    return reads::next_due(*kv_, live_, batch, damage);
  });
}

void QueueStore::load(std::vector<LoadRequest> batch, Home& home, Done<std::vector<std::optional<Loaded>>> done) {
  read<std::vector<std::optional<Loaded>>>(
      home, std::move(done), [batch = std::move(batch)](Reading& reading) { return reads::load(reading, batch); });
}

void QueueStore::get_object(std::string kind, std::string object_name, Home& home, Done<std::optional<Object>> done) {
  read<std::optional<Object>>(home, std::move(done),
                              [kind = std::move(kind), object_name = std::move(object_name)](Reading& reading) {
                                return reads::object(reading, kind, object_name);
                              });
}

void QueueStore::list_objects(std::string kind, std::string after, std::size_t limit, Home& home,
                              Done<std::vector<std::pair<std::string, Object>>> done) {
  read<std::vector<std::pair<std::string, Object>>>(
      home, std::move(done), [kind = std::move(kind), after = std::move(after), limit](Reading& reading) {
        return reads::objects(reading, kind, after, limit);
      });
}

void QueueStore::find(Find what, Home& home, Done<std::vector<Submission>> done) {
  read<std::vector<Submission>>(home, std::move(done), [what](Reading& reading) { return reads::find(reading, what); });
}

void QueueStore::scan(ScanQuery query, Home& home, Done<ScanPage> done) {
  read<ScanPage>(home, std::move(done),
                 [query = std::move(query)](Reading& reading) { return reads::scan(reading, query); });
}

void QueueStore::references(std::vector<Digest> asked, Home& home, Done<std::vector<std::optional<Reference>>> done) {
  if (asked.size() > reads::most_asked) return refuse(home, std::move(done), Error::overloaded);
  read<std::vector<std::optional<Reference>>>(home, std::move(done), [asked = std::move(asked)](Reading& reading) {
    return reads::references(reading, asked);
  });
}

void QueueStore::waiting(std::vector<SubmissionId> ids, Home& home, Done<std::vector<Waiting>> done) {
  if (ids.size() > reads::most_asked) return refuse(home, std::move(done), Error::overloaded);
  read<std::vector<Waiting>>(home, std::move(done),
                             [ids = std::move(ids)](Reading& reading) { return reads::waiting(reading, ids); });
}

void QueueStore::count(CountQuery query, Home& home, Done<std::vector<CountRow>> done) {
  read<std::vector<CountRow>>(home, std::move(done),
                              [query = std::move(query)](Reading& reading) { return reads::count(reading, query); });
}

void QueueStore::read_audit(std::uint64_t from_number, std::size_t limit, Home& home,
                            Done<std::vector<AuditLine>> done) {
  read<std::vector<AuditLine>>(home, std::move(done), [from_number, limit](Reading& reading) {
    return reads::audit(reading, from_number, limit);
  });
}

void QueueStore::append_audit(std::vector<std::string> lines, Home& home, Done<std::vector<AuditLine>> done) {
  const bool too_long =
      std::ranges::any_of(lines, [](const std::string& line) { return line.size() > longest_audit_line_bytes; });
  if (too_long || lines.size() > most_audit_lines) return refuse(home, std::move(done), Error::overloaded);
  writer_.submit(call_of(std::move(lines), home, std::move(done)));
}

void QueueStore::erase(std::vector<SubmissionId> ids, Home& home, Done<std::vector<Erased>> done) {
  if (ids.size() > reads::most_asked) return refuse(home, std::move(done), Error::overloaded);
  std::vector<EraseRecord> records;
  records.reserve(ids.size());
  for (const SubmissionId& id : ids) records.push_back({id});
  writer_.submit(call_of(std::move(records), home, std::move(done)));
}

void QueueStore::rewrap(std::vector<Rewrap> batch, Home& home, Done<std::vector<Applied>> done) {
  if (batch.size() > reads::most_asked) return refuse(home, std::move(done), Error::overloaded);
  writer_.submit(call_of(std::move(batch), home, std::move(done)));
}

void QueueStore::retain(Retain what, Home& home, Done<Retained> done) {
  if (what.keys_before) what.keys_before = std::min(*what.keys_before, now_() - shortest_key_life);
  if (const auto doubt = writer_.status().clock_doubt) {  // the writer would refuse each: spare it that
    if (doubt->since >= what.settled_before) what.settled_before = WallTime::min();
    if (what.keys_before && doubt->since >= *what.keys_before) what.keys_before.reset();
  }
  const auto answer = std::make_shared<Done<Retained>>(std::move(done));
  ReaderPool::Work work = [this, &home, answer, what] {
    auto snapshot = kv_->snapshot();
    Reading reading(*snapshot);
    auto candidates = retain_candidates(reading, what, key_pass_);
    snapshot.reset();
    set_apart(reading.take_damage());
    if (!candidates) return refuse(home, std::move(*answer), candidates.error());
    for (std::size_t i = 0; probes_ != nullptr && i < candidates->passed_over; ++i) probes_->failed("passed_over");
    carry_out(std::move(*candidates), [this](Call call) { writer_.submit(std::move(call)); }, home, std::move(*answer));
  };
  const auto taken = readers_.submit(work);
  if (taken == ReaderPool::Taken::yes) return;
  refuse(home, std::move(*answer), taken == ReaderPool::Taken::full ? Error::overloaded : Error::unavailable);
}

}  // namespace titip::storage
