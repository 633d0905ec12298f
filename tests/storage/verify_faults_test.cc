// One thing spoiled is found by the whole look at the store, and called by its name.
#include <gtest/gtest.h>

#include "storage/verify.h"
#include "tests/storage/spoiled.h"

namespace titip::storage {
namespace {

using keys::CountsKind;

VerifyReport look_at(const KvReader& kv) {
  const auto report = verify(kv, {}, {});
  EXPECT_TRUE(report.has_value());
  return report.value_or(VerifyReport{});
}

std::string text(const VerifyReport& report) {
  std::string all;
  for (const auto& problem : report.problems) {
    all += problem.kind + " x" + std::to_string(problem.times) + " " + problem.examples.front() + "; ";
  }
  return all;
}

struct Fault {
  const char* name;
  std::function<void(Spoiled&)> spoil;
  const char* word;
};

void count_up(Spoiled& s, CountsKind kind) {
  const std::string key = s.first(Family::counts, keys::counts_prefix(kind));
  s.change<std::uint64_t>(Family::counts, key, decode_number, [](std::uint64_t& number) { ++number; });
}

std::vector<Fault> faults_of_counts() {
  return {
      {"a destination has accepted one more",
       [](Spoiled& s) {
         s.change<DestinationCounts>(Family::counts, keys::destination_counts("pcare"), decode_counts,
                                     [](DestinationCounts& counts) { ++counts.accepted; });
       },
       "count_differs"},
      {"a destination has one in another state",
       [](Spoiled& s) {
         s.change<DestinationCounts>(Family::counts, keys::destination_counts("pcare"), decode_counts,
                                     [](DestinationCounts& counts) {
                                       --counts.by_state[static_cast<std::size_t>(State::delivered)];
                                       ++counts.by_state[static_cast<std::size_t>(State::rejected)];
                                     });
       },
       "count_differs"},
      {"a destination has a byte less pending",
       [](Spoiled& s) {
         s.change<DestinationCounts>(Family::counts, keys::destination_counts("pcare"), decode_counts,
                                     [](DestinationCounts& counts) { --counts.payload_bytes_pending; });
       },
       "count_differs"},
      {"a destination has one set apart that is not",
       [](Spoiled& s) {
         s.change<DestinationCounts>(Family::counts, keys::destination_counts("pcare"), decode_counts,
                                     [](DestinationCounts& counts) { ++counts.quarantined; });
       },
       "count_differs"},
      {"the counts of a destination are gone",
       [](Spoiled& s) { s.erase(Family::counts, keys::destination_counts("pcare")); }, "count_differs"},
      {"a lane has one more due", [](Spoiled& s) { count_up(s, CountsKind::lane); }, "count_differs"},
      {"a minute has accepted one more", [](Spoiled& s) { count_up(s, CountsKind::accepted); }, "count_differs"},
      {"a minute has one more pending", [](Spoiled& s) { count_up(s, CountsKind::pending); }, "count_differs"},
      {"one more needs attention", [](Spoiled& s) { count_up(s, CountsKind::attention); }, "count_differs"},
      {"a deadline has one more pending", [](Spoiled& s) { count_up(s, CountsKind::deadline); }, "count_differs"},
      {"a deadline that nobody has is counted",
       [](Spoiled& s) { s.write(Family::counts, keys::deadline_pending("pcare", 5), std::uint64_t{1}); },
       "count_differs"},
      {"a minute's pending are gone",
       [](Spoiled& s) { s.erase(Family::counts, s.first(Family::counts, keys::counts_prefix(CountsKind::pending))); },
       "count_differs"},
      {"a minute nobody was accepted in has counts",
       [](Spoiled& s) { s.write(Family::counts, keys::minute_accepted("pcare", 5), std::uint64_t{1}); },
       "count_differs"},
      {"a day has one for another reason",
       [](Spoiled& s) {
         const std::string key = s.first(Family::counts, keys::counts_prefix(CountsKind::fine));
         s.change<std::vector<FineCount>>(Family::counts, key, decode_fine_counts,
                                          [](std::vector<FineCount>& counts) { counts[0].outcome_rule += "x"; });
       },
       "count_differs"},
      {"a day before all others has counts",
       [](Spoiled& s) {
         s.write(Family::counts, keys::fine_counts({"pcare", "clinic 1"}, 3),
                 std::vector<FineCount>{{State::queued, "", 1}});
       },
       "count_differs"},
      {"a record is gone", [](Spoiled& s) { s.erase(Family::meta, meta_of(s.in(State::delivered))); },
       "record_missing"},
      {"the last position went back",
       [](Spoiled& s) { s.write(Family::info, std::string(keys::last_position), std::uint64_t{3}); },
       "position_differs"},
  };
}

std::vector<Fault> faults_of_lines() {
  return {
      {"a due entry is gone", [](Spoiled& s) { s.erase(Family::due, s.due_key()); }, "due_missing"},
      {"a record is due twice",
       [](Spoiled& s) {
         const std::string key = s.due_key();
         const auto parsed = *keys::parse_due(key);
         s.write(Family::due, keys::due(parsed.lane, DueClass::send, parsed.time + std::chrono::hours(1), 9),
                 s.read(Family::due, key, decode_due));
       },
       "due_stray"},
      {"a due entry tells another due time",
       [](Spoiled& s) {
         s.change<DueEntry>(Family::due, s.due_key(), decode_due,
                            [](DueEntry& entry) { entry.due_at += std::chrono::hours(1); });
       },
       "due_stray"},
      {"a delivered record stands in a line",
       [](Spoiled& s) {
         const auto done = s.in(State::delivered);
         s.write(Family::chain, keys::chain(done.ordering_key, done.position), done.id);
       },
       "chain_stray"},
      {"a place in a line is gone", [](Spoiled& s) { s.erase(Family::chain, s.first(Family::chain)); },
       "chain_missing"},
      {"a head is gone", [](Spoiled& s) { s.erase(Family::head, s.long_line()); }, "head_missing"},
      {"a head is a record that is done",
       [](Spoiled& s) {
         const auto done = s.in(State::delivered);
         s.change<Head>(Family::head, s.long_line(), decode_head, [&](Head& head) {
           head.id = done.id;
           head.position = done.position;
         });
       },
       "head_differs"},
      {"a head nobody stands behind",
       [](Spoiled& s) {
         s.write(Family::head, keys::of(digest("nobody")), Head{.position = 1, .id = id_of(77'777), .front = {}});
       },
       "head_stray"},
      {"a line has one more than it has",
       [](Spoiled& s) { s.change<Head>(Family::head, s.long_line(), decode_head, [](Head& head) { ++head.count; }); },
       "head_differs"},
      {"a line says it has one",
       [](Spoiled& s) { s.change<Head>(Family::head, s.long_line(), decode_head, [](Head& h) { h.count = 1; }); },
       "head_differs"},
      {"nobody may go though somebody may",
       [](Spoiled& s) {
         const auto front = s.read(Family::due, s.due_key(), decode_due).id;
         const auto record = s.one([&](const Submission& each) { return each.id == front; });
         s.change<Head>(Family::head, keys::of(record.ordering_key), decode_head, [](Head& head) {
           head.front.reset();
           head.front_position = 0;
         });
       },
       "front_differs"},
      {"a record that is done may go",
       [](Spoiled& s) {
         const auto done = s.in(State::delivered);
         s.change<Head>(Family::head, s.long_line(), decode_head, [&](Head& head) {
           head.front = done.id;
           head.front_position = done.position;
         });
       },
       "front_differs"},
  };
}

std::vector<Fault> faults_of_entries() {
  return {
      {"a payload is gone", [](Spoiled& s) { s.erase(Family::payload, meta_of(s.in(State::queued))); },
       "payload_missing"},
      {"a payload without its record",
       [](Spoiled& s) { s.write(Family::payload, keys::of(id_of(77'777)), Sealed{"x"}); }, "payload_stray"},
      {"the payload of an erased record is back",
       [](Spoiled& s) {
         const auto erased = s.one([](const Submission& each) { return each.content_erased; });
         s.write(Family::payload, meta_of(erased), Sealed{"x"});
       },
       "payload_stray"},
      {"a reply without its record", [](Spoiled& s) { s.write(Family::reply, keys::of(id_of(77'777)), Sealed{"x"}); },
       "reply_stray"},
      {"an open mark is gone", [](Spoiled& s) { s.erase(Family::open, meta_of(s.in(State::in_flight))); },
       "open_missing"},
      {"a queued record has an open mark",
       [](Spoiled& s) { s.write(Family::open, meta_of(s.in(State::queued)), Attempt{}); }, "open_stray"},
      {"the last line of a timeline is gone",
       [](Spoiled& s) {
         const auto record = s.one([&](const Submission& each) {
           const auto lines = s.read(Family::meta, meta_of(each), decode_record).lines;
           return lines > 0 && is_terminal(each.state) && !each.content_erased;
         });
         const auto lines = s.read(Family::meta, meta_of(record), decode_record).lines;
         s.erase(Family::attempt, keys::attempt(record.id, lines));
       },
       "attempt_missing"},
      {"a timeline has a line from nowhere",
       [](Spoiled& s) { s.write(Family::attempt, keys::attempt(s.in(State::delivered).id, 999), Attempt{}); },
       "attempt_stray"},
      {"a person has lost a record", [](Spoiled& s) { s.erase(Family::person, s.first(Family::person)); },
       "person_missing"},
      {"a person has another's record",
       [](Spoiled& s) { s.write(Family::person, keys::person(digest("nobody"), s.in(State::delivered).id), Mark{}); },
       "person_stray"},
      {"what needs attention is not shown", [](Spoiled& s) { s.erase(Family::attention, s.first(Family::attention)); },
       "attention_missing"},
      {"what is done needs attention",
       [](Spoiled& s) {
         const auto done = s.in(State::delivered);
         s.write(Family::attention, keys::attention({done.destination, done.facility}, done.id), Mark{});
       },
       "attention_stray"},
      {"a waiter is gone", [](Spoiled& s) { s.erase(Family::waiter, s.first(Family::waiter)); }, "waiter_missing"},
      {"one waits that is done",
       [](Spoiled& s) {
         const auto done = s.in(State::delivered);
         s.write(Family::waiter, keys::waiter(digest("nobody"), done.position), done.id);
       },
       "waiter_stray"},
  };
}

std::vector<Fault> faults_of_keys() {
  return {
      {"an idempotency key stands for nobody",
       [](Spoiled& s) { s.write(Family::idempotency, s.first(Family::idempotency), id_of(77'777)); },
       "idempotency_stray"},
      {"a natural key has forgotten a record",
       [](Spoiled& s) {
         const auto record =
             s.one([](const Submission& each) { return !is_terminal(each.state) && each.natural_key.has_value(); });
         s.change<std::vector<SubmissionId>>(Family::natural, keys::of(*record.natural_key), decode_ids,
                                             [&](std::vector<SubmissionId>& ids) { std::erase(ids, record.id); });
       },
       "natural_missing"},
      {"a natural key stands for another's record",
       [](Spoiled& s) {
         s.write(Family::natural, keys::of(digest("nobody")), std::vector<SubmissionId>{s.in(State::delivered).id});
       },
       "natural_stray"},
      {"a requirement has lost its provider",
       [](Spoiled& s) {
         s.change<Requirement>(Family::requirement, s.pending_provider(), decode_requirement,
                               [](Requirement& each) { each.providers.clear(); });
       },
       "requirement_missing"},
      {"a requirement has a provider that is done",
       [](Spoiled& s) {
         const auto done = s.in(State::cancelled);
         s.change<Requirement>(Family::requirement, s.pending_provider(), decode_requirement,
                               [&](Requirement& each) { each.providers.push_back(done.id); });
       },
       "requirement_stray"},
      {"a requirement failed though somebody may meet it",
       [](Spoiled& s) {
         s.change<Requirement>(Family::requirement, s.pending_provider(), decode_requirement,
                               [](Requirement& each) { each.standing = Requirement::Standing::failed; });
       },
       "requirement_differs"},
      {"a blocked record waits for nothing",
       [](Spoiled& s) {
         for (const Digest& key : s.in(State::blocked).requirements) {
           s.erase(Family::requirement, keys::of(key));
         }
       },
       "requirement_differs"},
      {"a replaced record does not say by whom",
       [](Spoiled& s) {
         const auto by = s.one([](const Submission& each) { return each.replaces.has_value(); });
         s.change<Record>(Family::meta, keys::of(*by.replaces), decode_record,
                          [](Record& record) { record.submission.replaced_by.reset(); });
       },
       "replaced_differs"},
      {"the audit log has lost a line", [](Spoiled& s) { s.erase(Family::audit, keys::audit(2)); }, "audit_broken"},
      {"the audit log has lost its end",
       [](Spoiled& s) {
         std::uint64_t last = 0;
         while (s.kv().get(Family::audit, keys::audit(last + 1)).value()) ++last;
         s.erase(Family::audit, keys::audit(last));
       },
       "audit_broken"},
      {"a line of the audit log was edited",
       [](Spoiled& s) {
         s.change<AuditLine>(Family::audit, keys::audit(2), decode_audit,
                             [](AuditLine& line) { line.bytes = "nobody looked"; });
       },
       "audit_broken"},
  };
}

std::vector<Fault> faults_of_bytes() {
  std::vector<Fault> faults;
  for (const Family family :
       {Family::meta, Family::payload, Family::chain, Family::head, Family::due, Family::attempt, Family::requirement,
        Family::natural, Family::person, Family::counts, Family::audit, Family::info}) {
    faults.push_back({family_names[static_cast<std::size_t>(family)].data(),
                      [family](Spoiled& s) { flip(s, family, s.first(family)); }, "damaged"});
  }
  faults.push_back({"two records in each other's place",
                    [](Spoiled& s) {
                      const std::string one = meta_of(s.in(State::delivered)), other = meta_of(s.in(State::queued));
                      const std::string value = s.get(Family::meta, one);
                      s.put(Family::meta, one, s.get(Family::meta, other));
                      s.put(Family::meta, other, value);
                    },
                    "damaged"});
  return faults;
}

struct FaultGroup {
  const char* name;
  std::vector<Fault> (*faults)();
  friend void PrintTo(const FaultGroup& group, std::ostream* out) { *out << group.name; }
};

class VerifyFaults : public ::testing::TestWithParam<FaultGroup> {};

TEST_P(VerifyFaults, IsFoundAndCalledByItsName) {
  for (const Fault& fault : GetParam().faults()) {
    Spoiled spoiled;
    ASSERT_TRUE(look_at(spoiled.kv()).sound());
    fault.spoil(spoiled);
    const auto report = look_at(spoiled.kv());
    const auto found = std::ranges::find(report.problems, fault.word, &VerifyReport::Problem::kind);
    ASSERT_NE(found, report.problems.end()) << fault.name << ": " << text(report);
    EXPECT_GE(found->times, 1U) << fault.name;
    EXPECT_FALSE(found->examples.empty()) << fault.name;
    EXPECT_LE(found->examples.size(), 5U) << fault.name;
  }
}
INSTANTIATE_TEST_SUITE_P(Verify, VerifyFaults,
                         ::testing::Values(FaultGroup{"counts", faults_of_counts}, FaultGroup{"lines", faults_of_lines},
                                           FaultGroup{"entries", faults_of_entries}, FaultGroup{"keys", faults_of_keys},
                                           FaultGroup{"bytes", faults_of_bytes}),
                         [](const auto& group) { return std::string(group.param.name); });

}  // namespace
}  // namespace titip::storage
