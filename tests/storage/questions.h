// The reads and the upkeep of the door, one call at a time, answers awaited.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/storage/engines.h"

namespace titip::storage {

class Questions {
 public:
  explicit Questions(
      Store& store, std::function<bool()> pump = [] { return false; })
      : store_(store), pump_(std::move(pump)) {}

  Result<std::vector<DueBatch>> next_due(std::vector<DueQuery> batch) {
    return put<std::vector<DueBatch>>([&](auto done) { store_.next_due(std::move(batch), home, std::move(done)); });
  }
  Result<std::vector<Submission>> find(Find what) {
    return put<std::vector<Submission>>([&](auto done) { store_.find(what, home, std::move(done)); });
  }
  Result<ScanPage> scan(ScanQuery query) {
    return put<ScanPage>([&](auto done) { store_.scan(std::move(query), home, std::move(done)); });
  }
  Result<std::vector<std::optional<Reference>>> references(std::vector<Digest> keys) {
    return put<std::vector<std::optional<Reference>>>(
        [&](auto done) { store_.references(std::move(keys), home, std::move(done)); });
  }
  Result<std::vector<Waiting>> waiting(std::vector<SubmissionId> ids) {
    return put<std::vector<Waiting>>([&](auto done) { store_.waiting(std::move(ids), home, std::move(done)); });
  }
  Result<std::vector<CountRow>> count(CountQuery query) {
    return put<std::vector<CountRow>>([&](auto done) { store_.count(std::move(query), home, std::move(done)); });
  }
  Result<std::vector<AuditLine>> append_audit(std::vector<std::string> lines) {
    return put<std::vector<AuditLine>>(
        [&](auto done) { store_.append_audit(std::move(lines), home, std::move(done)); });
  }
  Result<std::vector<AuditLine>> read_audit(std::uint64_t from, std::size_t limit = 1000) {
    return put<std::vector<AuditLine>>([&](auto done) { store_.read_audit(from, limit, home, std::move(done)); });
  }
  Result<Retained> retain(Retain what) {
    return put<Retained>([&](auto done) { store_.retain(what, home, std::move(done)); });
  }
  Result<std::vector<Erased>> erase(std::vector<SubmissionId> ids) {
    return put<std::vector<Erased>>([&](auto done) { store_.erase(std::move(ids), home, std::move(done)); });
  }
  Result<std::vector<Applied>> rewrap(std::vector<Rewrap> batch) {
    return put<std::vector<Applied>>([&](auto done) { store_.rewrap(std::move(batch), home, std::move(done)); });
  }
  Result<VerifyReport> verify() {
    return put<VerifyReport>([&](auto done) { store_.verify([](Progress) {}, home, std::move(done)); });
  }
  TestHome home;

 private:
  template <class T, class Ask>
  Result<T> put(Ask call) {
    return ask<T>(home, pump_, std::move(call));
  }
  Store& store_;
  std::function<bool()> pump_;
};

// On every engine, with all of its questions. Whatever a test did, the store's books are in order afterwards; where it
// spoiled some of the bytes, only what it names in `may_differ`.
class Asking : public OnEveryEngine {
 protected:
  void TearDown() override {
    if (store->health().writable) {
      const auto report = q().verify();
      ASSERT_TRUE(report.has_value());
      for (const auto& problem : report->problems) {
        EXPECT_TRUE(may_differ.contains(problem.kind)) << problem.kind << " " << problem.examples.at(0);
      }
    }
    OnEveryEngine::TearDown();
  }
  std::set<std::string> may_differ;  // kinds of VerifyReport::Problem

  Questions q() {
    return Questions(*store, [this] { return pump(); });
  }
  Submission now_of(std::uint64_t number) { return caller->load(id_of(number)).submission; }
  void accept(std::vector<NewSubmission> batch) {
    const auto verdicts = caller->accept(std::move(batch));
    ASSERT_TRUE(verdicts.has_value()) << name(verdicts.error());
    for (const Verdict& verdict : *verdicts) ASSERT_EQ(verdict.kind, VerdictKind::accepted);
  }
  // Sent, and what came of it.
  void settle_as(std::uint64_t number, Event event, std::optional<WallTime> due_at = {}) {
    const Submission record = now_of(number);
    ASSERT_EQ(caller->open_attempt(record).applied, Applied::yes);
    Settlement made = settlement(record, event, 1);
    made.due_at = due_at;
    ASSERT_EQ(caller->settle(std::move(made)).applied, Applied::yes);
  }
  void change(std::uint64_t number, Event event, std::optional<WallTime> due_at = {}) {
    Transition made = transition_of(now_of(number), event);
    made.due_at = due_at;
    ASSERT_EQ(caller->transition(made).applied, Applied::yes);
  }
};

inline std::vector<SubmissionId> ids_of(const std::vector<Submission>& records) {
  std::vector<SubmissionId> ids;
  for (const Submission& record : records) ids.push_back(record.id);
  return ids;
}
inline std::vector<SubmissionId> ids_of(const DueBatch& batch) {
  std::vector<SubmissionId> ids;
  for (const Due& due : batch.items) ids.push_back(due.submission.id);
  return ids;
}
using Ids = std::vector<SubmissionId>;

}  // namespace titip::storage
