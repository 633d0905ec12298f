// A store that hands every call on to the one behind it: fakes and negative controls override what they spoil.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace titip::storage {

class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store& behind) : behind_(behind) {}

  void accept(std::vector<NewSubmission> batch, Home& home, Done<std::vector<Verdict>> done) override {
    behind_.accept(std::move(batch), home, std::move(done));
  }
  void open_attempts(std::vector<OpenAttempt> batch, Home& home, Done<std::vector<Changed>> done) override {
    behind_.open_attempts(std::move(batch), home, std::move(done));
  }
  void settle(std::vector<Settlement> batch, Home& home, Done<std::vector<Changed>> done) override {
    behind_.settle(std::move(batch), home, std::move(done));
  }
  void transition(std::vector<Transition> batch, Home& home, Done<std::vector<Changed>> done) override {
    behind_.transition(std::move(batch), home, std::move(done));
  }
  void read_back(std::vector<ReadBack> batch, Home& home, Done<std::vector<Changed>> done) override {
    behind_.read_back(std::move(batch), home, std::move(done));
  }
  void claim(Shards wanted, Home& home, Done<Lease> done) override { behind_.claim(wanted, home, std::move(done)); }
  void renew(Lease lease, Home& home, Done<Lease> done) override { behind_.renew(lease, home, std::move(done)); }
  void lanes(std::string destination, Home& home, Done<std::vector<Lane>> done) override {
    behind_.lanes(std::move(destination), home, std::move(done));
  }
  void next_due(std::vector<DueQuery> batch, Home& home, Done<std::vector<DueBatch>> done) override {
    behind_.next_due(std::move(batch), home, std::move(done));
  }
  void subscribe(std::string destination, Home& home, std::function<void(const CommitNotice&)> heard) override {
    behind_.subscribe(std::move(destination), home, std::move(heard));
  }
  void load(std::vector<LoadRequest> batch, Home& home, Done<std::vector<std::optional<Loaded>>> done) override {
    behind_.load(std::move(batch), home, std::move(done));
  }
  WatchId watch(SubmissionId id, Home& home, Done<std::optional<Submission>> done) override {
    return behind_.watch(id, home, std::move(done));
  }
  void forget(WatchId watch) override { behind_.forget(watch); }
  void find(Find what, Home& home, Done<std::vector<Submission>> done) override {
    behind_.find(what, home, std::move(done));
  }
  void scan(ScanQuery query, Home& home, Done<ScanPage> done) override {
    behind_.scan(std::move(query), home, std::move(done));
  }
  void references(std::vector<Digest> keys, Home& home, Done<std::vector<std::optional<Reference>>> done) override {
    behind_.references(std::move(keys), home, std::move(done));
  }
  void waiting(std::vector<SubmissionId> ids, Home& home, Done<std::vector<Waiting>> done) override {
    behind_.waiting(std::move(ids), home, std::move(done));
  }
  void count(CountQuery query, Home& home, Done<std::vector<CountRow>> done) override {
    behind_.count(std::move(query), home, std::move(done));
  }
  void put_objects(std::vector<PutObject> batch, Home& home, Done<std::vector<Applied>> done) override {
    behind_.put_objects(std::move(batch), home, std::move(done));
  }
  void get_object(std::string kind, std::string object_name, Home& home, Done<std::optional<Object>> done) override {
    behind_.get_object(std::move(kind), std::move(object_name), home, std::move(done));
  }
  void list_objects(std::string kind, std::string after, std::size_t limit, Home& home,
                    Done<std::vector<std::pair<std::string, Object>>> done) override {
    behind_.list_objects(std::move(kind), std::move(after), limit, home, std::move(done));
  }
  void append_audit(std::vector<std::string> lines, Home& home, Done<std::vector<AuditLine>> done) override {
    behind_.append_audit(std::move(lines), home, std::move(done));
  }
  void read_audit(std::uint64_t from_number, std::size_t limit, Home& home,
                  Done<std::vector<AuditLine>> done) override {
    behind_.read_audit(from_number, limit, home, std::move(done));
  }
  void retain(Retain what, Home& home, Done<Retained> done) override { behind_.retain(what, home, std::move(done)); }
  void erase(std::vector<SubmissionId> ids, Home& home, Done<std::vector<Erased>> done) override {
    behind_.erase(std::move(ids), home, std::move(done));
  }
  void rewrap(std::vector<Rewrap> batch, Home& home, Done<std::vector<Applied>> done) override {
    behind_.rewrap(std::move(batch), home, std::move(done));
  }
  void verify(std::function<void(Progress)> progress, Home& home, Done<VerifyReport> done) override {
    behind_.verify(std::move(progress), home, std::move(done));
  }
  void checkpoint(std::filesystem::path directory, Home& home, Done<Checkpoint> done) override {
    behind_.checkpoint(std::move(directory), home, std::move(done));
  }
  Counts counts() const override { return behind_.counts(); }
  std::uint64_t pending_of(std::string_view facility) const override { return behind_.pending_of(facility); }
  Health health() const override { return behind_.health(); }
  void close() override { behind_.close(); }

 private:
  Store& behind_;
};

template <class T>
void answer_error(Home& home, Done<T> done, Error error) {
  home.post([done = std::move(done), error]() mutable { done(std::unexpected(error)); });
}

}  // namespace titip::storage
