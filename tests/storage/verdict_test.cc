// The verdict table, cell by cell.
#include "storage/verdict.h"

#include <gtest/gtest.h>

#include "tests/storage/support.h"

namespace titip::storage {
namespace {

const Digest body_a = digest("a");
const Digest body_b = digest("b");
const Digest body_c = digest("c");
const SubmissionId by_key = id_of(100);
const Bound first{id_of(1), body_a};
const Bound second{id_of(2), body_b};

enum class Key { absent, fresh, known_same, known_other };

struct Row {
  const char* name;
  Key key;
  std::vector<Bound> chain;
  Digest fingerprint;
  OnConflict on_conflict;
  Decision expected;
};

Decision accepted() {
  return {};
}
Decision correction() {
  return {VerdictKind::accepted, std::nullopt, true, false};
}
Decision replayed(SubmissionId id, bool bind = false) {
  return {VerdictKind::replayed, id, false, bind};
}
Decision key_reused() {
  return {VerdictKind::key_reused, by_key, false, false};
}
Decision conflict(SubmissionId id) {
  return {VerdictKind::conflict, id, false, false};
}

constexpr auto refuse_it = OnConflict::refuse;
constexpr auto behind = OnConflict::queue_behind;

std::vector<Bound> long_chain() {
  std::vector<Bound> chain;
  for (std::uint64_t i = 0; i < longest_natural_chain; ++i) chain.push_back({id_of(i), digest(std::to_string(i))});
  return chain;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> table{
      {"no key, natural unknown", Key::absent, {}, body_a, refuse_it, accepted()},
      {"new key, natural unknown", Key::fresh, {}, body_a, refuse_it, accepted()},
      {"no key, natural unknown, queue behind", Key::absent, {}, body_a, behind, accepted()},
      {"new key, natural unknown, queue behind", Key::fresh, {}, body_a, behind, accepted()},

      {"no key, same body", Key::absent, {first}, body_a, refuse_it, replayed(first.id)},
      {"new key, same body: bound", Key::fresh, {first}, body_a, refuse_it, replayed(first.id, true)},
      {"no key, same body, queue behind", Key::absent, {first}, body_a, behind, replayed(first.id)},
      {"new key, same body, queue behind: bound", Key::fresh, {first}, body_a, behind, replayed(first.id, true)},

      {"no key, other body", Key::absent, {first}, body_b, refuse_it, conflict(first.id)},
      {"new key, other body", Key::fresh, {first}, body_b, refuse_it, conflict(first.id)},
      {"no key, other body, queue behind", Key::absent, {first}, body_b, behind, correction()},
      {"new key, other body, queue behind", Key::fresh, {first}, body_b, behind, correction()},

      {"no key, body of the last member", Key::absent, {first, second}, body_b, behind, replayed(second.id)},
      {"new key, body of the last member", Key::fresh, {first, second}, body_b, behind, replayed(second.id, true)},
      {"no key, body of an earlier member", Key::absent, {first, second}, body_a, behind, replayed(first.id)},
      {"no key, body of an earlier member, refuse",
       Key::absent,
       {first, second},
       body_a,
       refuse_it,
       replayed(first.id)},
      {"new key, body of an earlier member", Key::fresh, {first, second}, body_a, behind, correction()},
      {"new key, body of an earlier member, refuse",
       Key::fresh,
       {first, second},
       body_a,
       refuse_it,
       conflict(second.id)},
      {"no key, the latest of two earlier members",
       Key::absent,
       {first, {id_of(3), body_a}, second},
       body_a,
       behind,
       replayed(id_of(3))},
      {"a third body names the last member", Key::absent, {first, second}, body_c, refuse_it, conflict(second.id)},
      {"a third body, queue behind", Key::absent, {first, second}, body_c, behind, correction()},
      {"a chain that is too long", Key::fresh, long_chain(), body_c, behind,
       conflict(id_of(longest_natural_chain - 1))},

      {"known key, same body, natural unknown", Key::known_same, {}, body_a, refuse_it, replayed(by_key)},
      {"known key, same body, natural same", Key::known_same, {first}, body_a, refuse_it, replayed(by_key)},
      {"known key, same body, natural other", Key::known_same, {second}, body_a, refuse_it, replayed(by_key)},
      {"known key, same body, natural other, behind", Key::known_same, {second}, body_a, behind, replayed(by_key)},
      {"known key, other body, natural unknown", Key::known_other, {}, body_a, refuse_it, key_reused()},
      {"known key, other body, natural same", Key::known_other, {first}, body_a, refuse_it, key_reused()},
      {"known key, other body, natural other", Key::known_other, {second}, body_a, refuse_it, key_reused()},
      {"known key, other body, natural other, behind", Key::known_other, {second}, body_a, behind, key_reused()},
  };
  return table;
}

// An edited repetition of a record that was rejected or expired: whoever has taken the natural key since, has it.
TEST(Verdict, AReplacementNeverStandsBehindOrForWhoCameSince) {
  for (const OnConflict on_conflict : {refuse_it, behind}) {
    for (const Digest& body : {body_a, body_b, body_c}) {
      for (const bool has_key : {false, true}) {
        Question question;
        question.has_idempotency_key = has_key;
        const std::vector<Bound> chain{first, second};
        question.chain = chain;
        question.fingerprint = body;
        question.on_conflict = on_conflict;
        question.replaces = question.taken_since = true;
        EXPECT_TRUE(decide(question) == conflict(second.id));
        question.chain = {};
        EXPECT_TRUE(decide(question) == accepted()) << "nobody has";
        question.known = Bound{by_key, body};
        question.has_idempotency_key = true;
        EXPECT_TRUE(decide(question) == replayed(by_key)) << "sent a second time";
      }
    }
  }
}

// Behind those who were there before what it replaces it is a correction, and never a late repeat of one of them.
TEST(Verdict, AReplacementStandsBehindThoseOfBefore) {
  const std::vector<Bound> chain{first, second};
  for (const bool has_key : {false, true}) {
    Question question;
    question.has_idempotency_key = has_key;
    question.chain = chain;
    question.replaces = true;
    for (const Digest& body : {body_a, body_c}) {
      question.fingerprint = body;
      question.on_conflict = behind;
      EXPECT_TRUE(decide(question) == correction());
      question.on_conflict = refuse_it;
      EXPECT_TRUE(decide(question) == conflict(second.id));
    }
    question.fingerprint = body_b;
    EXPECT_TRUE(decide(question) == replayed(second.id, has_key)) << "that is what stands there";
  }
}

TEST(Verdict, EveryCell) {
  for (const Row& row : rows()) {
    Question question;
    question.has_idempotency_key = row.key != Key::absent;
    if (row.key == Key::known_same) question.known = Bound{by_key, row.fingerprint};
    if (row.key == Key::known_other) question.known = Bound{by_key, digest("quite another body")};
    question.chain = row.chain;
    question.fingerprint = row.fingerprint;
    question.on_conflict = row.on_conflict;
    const Decision decision = decide(question);
    EXPECT_EQ(decision.kind, row.expected.kind) << row.name;
    EXPECT_TRUE(decision == row.expected) << row.name;
  }
}

}  // namespace
}  // namespace titip::storage
