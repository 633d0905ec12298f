#include "tests/storage/invariants.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage {
namespace {

using Rows = std::map<std::string, std::string>;
using Standing = Requirement::Standing;

bool waits(const Submission& s) {
  return s.state == State::blocked || (s.state == State::held && s.hold_reason == HoldReason::requirement);
}
bool is_sent(const Submission& s) {
  return s.state == State::queued || s.state == State::deferred;
}
bool may_go(const Submission& s) {
  return is_sent(s) || s.state == State::unknown || s.state == State::in_flight;
}
bool has(const auto& list, const auto& value) {
  return std::ranges::find(list, value) != list.end();
}

class Inspection {
 public:
  explicit Inspection(const KvReader& kv) {
    for (std::size_t i = 0; i < family_count; ++i) {
      const auto family = static_cast<Family>(i);
      const auto read = kv.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
        rows_[family].emplace(key, value);
        return true;
      });
      if (!read) say("family " + std::string(family_names[i]) + " cannot be read");
    }
    records_ = all<Record>(Family::meta, decode_record);
    for (const auto& [key, record] : records_) {
      if (!is_terminal(record.submission.state)) lines_[record.submission.ordering_key].push_back(&record.submission);
    }
    for (auto& [key, line] : lines_) std::ranges::sort(line, {}, &Submission::position);
    requirements_ = all<Requirement>(Family::requirement, decode_requirement);
  }

  std::vector<std::string> run() {
    lines();
    due();
    requirements();
    waiters();
    marks();
    natural_keys();
    return std::move(found_);
  }

 private:
  void say(std::string what) { found_.push_back(std::move(what)); }

  template <class T>
  std::map<std::string, T> all(Family family, Decode<T> decode) {
    std::map<std::string, T> found;
    for (const auto& [key, bytes] : rows_[family]) {
      auto value = decode({family, key}, bytes);
      if (value) {
        found.emplace(key, std::move(*value));
      } else {
        say("a row of " + std::string(family_names[static_cast<std::size_t>(family)]) + " does not decode");
      }
    }
    return found;
  }

  // Exactly these keys, whatever they hold.
  void expect_keys(Family family, const std::set<std::string>& expected) {
    const std::string where(family_names[static_cast<std::size_t>(family)]);
    for (const auto& [key, bytes] : rows_[family]) {
      if (!expected.contains(key)) say(where + ": a row too many");
    }
    for (const auto& key : expected) {
      if (!rows_[family].contains(key)) say(where + ": a row is missing");
    }
  }

  const Submission* record(const SubmissionId& id) const {
    const auto found = records_.find(keys::of(id));
    return found == records_.end() ? nullptr : &found->second.submission;
  }

  void lines() {
    const auto heads = all<Head>(Family::head, decode_head);
    if (heads.size() != lines_.size()) say("there are more or fewer heads than lines");
    std::set<std::string> chain;
    for (const auto& [key, line] : lines_) {
      const auto at = heads.find(keys::of(key));
      if (at == heads.end()) {
        say("a line has no head");
        continue;
      }
      const Head& head = at->second;
      const Submission& first = *line.front();
      if (head.id != first.id || head.position != first.position) say("the head is not the first of its line");
      if (head.count != line.size()) say("the head's count is wrong");
      if (head.tail < line.back()->position) say("the head's tail is too low");
      for (const Submission* each : line) {
        if (head.newest < each->accepted_at) say("somebody in the line is newer than its newest");
        if (each == &first) continue;
        const auto row = rows_[Family::chain].find(keys::chain(key, each->position));
        if (row != rows_[Family::chain].end() && decode_id({Family::chain, row->first}, row->second) != each->id) {
          say("the chain names another record");
        }
        chain.insert(keys::chain(key, each->position));
      }
      front(head, line);
    }
    expect_keys(Family::chain, chain);
  }

  void front(const Head& head, const std::vector<const Submission*>& line) {
    const Submission* front = head.front ? record(*head.front) : nullptr;
    if (head.front && (front == nullptr || !has(line, front) || front->position != head.front_position)) {
      return say("the front does not stand in its line");
    }
    for (const Submission* each : line) {
      if (each->state == State::in_flight && each != front) say("a record is in flight and not the front");
    }
    const bool stays = front != nullptr && (front->state == State::in_flight || front->state == State::unknown);
    if (!stays && front != front_of(line)) say("another one is the front");
  }

  const Submission* front_of(const std::vector<const Submission*>& line) {
    const Submission& head = *line.front();
    if (!waits(head)) return may_go(head) ? &head : nullptr;
    std::set<const Submission*> needed{&head};
    for (std::size_t before = 0; before != needed.size();) {
      before = needed.size();
      for (const Submission* each : line) {
        if (std::ranges::any_of(needed, [&](const Submission* who) { return waits(*who) && needs(*who, *each); })) {
          needed.insert(each);
        }
      }
    }
    for (const Submission* each : line) {
      if (needed.contains(each) && may_go(*each)) return each;
    }
    return nullptr;
  }

  bool needs(const Submission& who, const Submission& whom) const {
    return std::ranges::any_of(who.requirements, [&](const Digest& key) {
      const auto at = requirements_.find(keys::of(key));
      return at != requirements_.end() && at->second.standing != Standing::met && has(at->second.providers, whom.id);
    });
  }

  void due() {
    std::map<std::string, DueEntry> expected;
    std::map<std::string, std::uint64_t> in_lane;
    const auto stands = [&](const Submission& s, DueClass due_class, WallTime time) {
      expected.emplace(keys::due({s.destination, s.facility}, due_class, time, s.position),
                       DueEntry{s.id, *s.due_at, s.accepted_at, shard_of(s.ordering_key)});
    };
    for (const auto& [key, head] : all<Head>(Family::head, decode_head)) {
      const Submission* front = head.front ? record(*head.front) : nullptr;
      if (front == nullptr || !front->due_at) continue;
      ++in_lane[keys::lane_count({front->destination, front->facility})];
      stands(*front, front->state == State::unknown ? DueClass::probe : DueClass::send, *front->due_at);
      if (is_sent(*front) && head.newest > front->accepted_at) stands(*front, DueClass::fresh, head.newest);
      if (is_sent(*front) && front->deadline) stands(*front, DueClass::deadline, *front->deadline);
    }
    for (const auto& [key, record] : records_) {
      const Submission& s = record.submission;
      if (s.state != State::delivered || !s.due_at) continue;
      ++in_lane[keys::lane_count({s.destination, s.facility})];
      stands(s, DueClass::read_back, *s.due_at);
    }
    if (all<DueEntry>(Family::due, decode_due) != expected) say("the due index is not what the fronts say");
    std::map<std::string, std::uint64_t> counted;
    for (const auto& [key, bytes] : rows_[Family::counts]) {
      const auto parsed = keys::parse_counts(key);
      if (!parsed || parsed->kind != keys::CountsKind::lane) continue;
      counted[key] = decode_number({Family::counts, key}, bytes).value_or(0);
    }
    if (counted != in_lane) say("the lanes' counts are wrong");
  }

  void requirements() {
    std::map<std::string, std::set<SubmissionId>> providers;
    for (const auto& [key, record] : records_) {
      const Submission& s = record.submission;
      const bool is_pending = !is_terminal(s.state);
      const bool reads_back = s.state == State::delivered && s.due_at;
      for (const Digest& each : s.provides) {
        if (is_pending) providers[keys::of(each)].insert(s.id);
      }
      for (const Digest& each : s.references) {
        const auto at = requirements_.find(keys::of(each));
        const bool known = at != requirements_.end() && at->second.standing == Standing::met;
        if (is_pending || (reads_back && !known)) providers[keys::of(each)].insert(s.id);
        if (at != requirements_.end() && !at->second.is_reference) say("a reference is not marked as one");
      }
    }
    for (const auto& [key, ids] : providers) {
      if (!requirements_.contains(key)) say("a requirement that is provided is not there");
    }
    for (const auto& [key, each] : requirements_) {
      const auto expected = providers.find(key);
      const std::set<SubmissionId> is(each.providers.begin(), each.providers.end());
      if (is.size() != each.providers.size()) say("a provider stands there twice");
      if (is != (expected == providers.end() ? std::set<SubmissionId>{} : expected->second))
        say("the providers differ");
      if (each.standing == Standing::pending && is.empty()) say("a requirement is pending and nobody provides it");
      const bool ended = each.standing == Standing::failed || each.standing == Standing::cancelled;
      if (ended && !is.empty()) say("a requirement ended though somebody provides it");
      if (each.standing == Standing::pending) continue;
      if (!each.origin || record(*each.origin) == nullptr) say("a requirement has no origin");
      if (each.standing == Standing::met && each.origin && record(*each.origin)->state != State::delivered) {
        say("a requirement is met by somebody who was not delivered");
      }
    }
  }

  void waiters() {
    std::set<std::string> expected;
    for (const auto& [key, record] : records_) {
      const Submission& s = record.submission;
      bool failed = false;
      bool pending = false;
      for (const Digest& each : s.requirements) {
        const auto at = requirements_.find(keys::of(each));
        if (at == requirements_.end() || at->second.standing == Standing::met) continue;
        (at->second.standing == Standing::pending ? pending : failed) = true;
      }
      if (s.state == State::blocked && (failed || !pending)) say("a blocked record has nothing to wait for");
      if (!waits(s)) continue;
      if (s.state == State::held && !failed) say("a record is held for a requirement that did not fail");
      for (const Digest& each : s.requirements) {
        expected.insert(keys::waiter(each, s.position));
        const auto row = rows_[Family::waiter].find(keys::waiter(each, s.position));
        if (row != rows_[Family::waiter].end() && decode_id({Family::waiter, row->first}, row->second) != s.id) {
          say("a waiter's row names another record");
        }
      }
    }
    expect_keys(Family::waiter, expected);
  }

  void marks() {
    std::set<std::string> open;
    std::set<std::string> persons;
    std::set<std::string> attention;
    std::set<std::string> payloads;
    std::set<std::uint64_t> positions;
    for (const auto& [key, record] : records_) {
      const Submission& s = record.submission;
      positions.insert(s.position);
      if (s.state == State::in_flight) open.insert(key);
      if (s.person) persons.insert(keys::person(*s.person, s.id));
      const bool went_wrong = (s.state == State::rejected || s.state == State::expired) && !s.replaced_by;
      if (s.state == State::held || went_wrong) attention.insert(keys::attention({s.destination, s.facility}, s.id));
      if (!s.content_erased) payloads.insert(key);
    }
    expect_keys(Family::open, open);
    expect_keys(Family::person, persons);
    expect_keys(Family::attention, attention);
    expect_keys(Family::payload, payloads);
    if (!positions.empty() && (*positions.begin() != 1 || *positions.rbegin() != records_.size())) {
      say("positions are not dense");
    }
  }

  // Somebody was delivered who says that this one, delivered before, is undone.
  bool may_be_taken_back(const Submission& s) const {
    return std::ranges::any_of(records_, [&](const auto& each) {
      const Submission& by = each.second.submission;
      return s.state == State::delivered && by.state == State::delivered && by.position > s.position && by.takes_back &&
             (has(s.provides, *by.takes_back) || has(s.references, *by.takes_back));
    });
  }

  void natural_keys() {
    std::map<std::string, std::vector<SubmissionId>> chains =
        all<std::vector<SubmissionId>>(Family::natural, decode_ids);
    std::set<SubmissionId> bound;
    for (const auto& [key, ids] : chains) {
      if (ids.empty()) say("an empty chain was kept");
      std::uint64_t last = 0;
      for (const SubmissionId& id : ids) {
        const Submission* s = record(id);
        if (s == nullptr || !s->natural_key || keys::of(*s->natural_key) != key) {
          say("a natural key names a record that does not name it");
          continue;
        }
        if (s->position <= last) say("a chain is not in the order of acceptance");
        last = s->position;
        bound.insert(id);
      }
    }
    for (const auto& [key, record] : records_) {
      const Submission& s = record.submission;
      const bool given_up = s.state == State::expired || s.state == State::cancelled;
      const bool left = s.state == State::rejected || s.replaced_by || (given_up && !may_have_landed(s));
      const bool must_be_bound = s.natural_key && !left && !bound.contains(s.id);
      if (must_be_bound && !may_be_taken_back(s)) say("a record has lost its natural key");
      if (left && bound.contains(s.id)) say("a record that ended still holds its natural key");
    }
    for (const auto& [key, id] : all<SubmissionId>(Family::idempotency, decode_id)) {
      if (record(id) == nullptr) say("an idempotency key names nobody");
    }
  }

  std::map<Family, Rows> rows_;
  std::map<std::string, Record> records_;
  std::map<Digest, std::vector<const Submission*>> lines_;
  std::map<std::string, Requirement> requirements_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> broken_invariants(const KvReader& kv) {
  return Inspection(kv).run();
}

}  // namespace titip::storage
