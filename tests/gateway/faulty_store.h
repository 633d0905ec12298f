// A store with a fault that the test chooses; otherwise the one behind it.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/storage/forwarding_store.h"

namespace titip::tests {

class FaultyStore final : public storage::ForwardingStore {
 public:
  explicit FaultyStore(storage::Store& behind) : ForwardingStore(behind) {}

  std::optional<storage::Error> accept_error;      // the answer to every accept
  std::optional<storage::Error> load_error;        // to every load
  std::optional<storage::Error> references_error;  // to every references
  std::optional<storage::Error> open_error;        // to every open_attempts
  std::optional<storage::Error> settle_error;      // to every settle
  std::optional<storage::Error> claim_error;       // to every claim
  std::uint64_t claims_too_high = 0;               // so much is the epoch of a lease beyond the store's
  std::optional<storage::Error> object_error;      // to every get_object
  std::optional<storage::Error> put_error;         // to every put_objects
  std::optional<storage::Health> health_now;       // what health() says
  std::size_t due_queries = 0;                     // that were asked
  std::size_t most_due_wanted = 0;                 // by one of them
  std::size_t due_read = 0;                        // records that were answered to them
  bool holds_opens = false;                        // no open_attempts is answered until let_opens_go()
  std::size_t scans = 0;
  std::size_t lists = 0;  // of objects

  void accept(std::vector<storage::NewSubmission> batch, storage::Home& home,
              storage::Done<std::vector<storage::Verdict>> done) override {
    if (accept_error) return answer_error(home, std::move(done), *accept_error);
    ForwardingStore::accept(std::move(batch), home, std::move(done));
  }
  void open_attempts(std::vector<storage::OpenAttempt> batch, storage::Home& home,
                     storage::Done<std::vector<storage::Changed>> done) override {
    if (open_error) return answer_error(home, std::move(done), *open_error);
    if (!holds_opens) return ForwardingStore::open_attempts(std::move(batch), home, std::move(done));
    held_opens_.emplace_back([this, batch = std::move(batch), &home, done = std::move(done)]() mutable {
      ForwardingStore::open_attempts(std::move(batch), home, std::move(done));
    });
  }
  void let_opens_go() {
    holds_opens = false;
    for (auto& each : std::exchange(held_opens_, {})) each();
  }
  void settle(std::vector<storage::Settlement> batch, storage::Home& home,
              storage::Done<std::vector<storage::Changed>> done) override {
    if (settle_error) return answer_error(home, std::move(done), *settle_error);
    ForwardingStore::settle(std::move(batch), home, std::move(done));
  }
  void claim(storage::Shards wanted, storage::Home& home, storage::Done<storage::Lease> done) override {
    if (claim_error) return answer_error(home, std::move(done), *claim_error);
    ForwardingStore::claim(wanted, home, [done = std::move(done), too_high = claims_too_high](auto lease) mutable {
      if (lease) lease->epoch += too_high;
      done(std::move(lease));
    });
  }
  void load(std::vector<storage::LoadRequest> batch, storage::Home& home,
            storage::Done<std::vector<std::optional<storage::Loaded>>> done) override {
    if (load_error) return answer_error(home, std::move(done), *load_error);
    ForwardingStore::load(std::move(batch), home, std::move(done));
  }
  void references(std::vector<storage::Digest> keys, storage::Home& home,
                  storage::Done<std::vector<std::optional<storage::Reference>>> done) override {
    if (references_error) return answer_error(home, std::move(done), *references_error);
    ForwardingStore::references(std::move(keys), home, std::move(done));
  }
  void get_object(std::string kind, std::string object_name, storage::Home& home,
                  storage::Done<std::optional<storage::Object>> done) override {
    if (object_error) return answer_error(home, std::move(done), *object_error);
    ForwardingStore::get_object(std::move(kind), std::move(object_name), home, std::move(done));
  }
  void next_due(std::vector<storage::DueQuery> batch, storage::Home& home,
                storage::Done<std::vector<storage::DueBatch>> done) override {
    due_queries += batch.size();
    for (const storage::DueQuery& query : batch) most_due_wanted = std::max(most_due_wanted, query.limit);
    ForwardingStore::next_due(std::move(batch), home, [this, done = std::move(done)](auto batches) mutable {
      if (batches) {
        for (const storage::DueBatch& each : *batches) due_read += each.items.size();
      }
      done(std::move(batches));
    });
  }
  void scan(storage::ScanQuery query, storage::Home& home, storage::Done<storage::ScanPage> done) override {
    ++scans;
    ForwardingStore::scan(std::move(query), home, std::move(done));
  }
  void list_objects(std::string kind, std::string after, std::size_t limit, storage::Home& home,
                    storage::Done<std::vector<std::pair<std::string, storage::Object>>> done) override {
    ++lists;
    ForwardingStore::list_objects(std::move(kind), std::move(after), limit, home, std::move(done));
  }
  void put_objects(std::vector<storage::PutObject> batch, storage::Home& home,
                   storage::Done<std::vector<storage::Applied>> done) override {
    if (put_error) return answer_error(home, std::move(done), *put_error);
    ForwardingStore::put_objects(std::move(batch), home, std::move(done));
  }
  storage::Health health() const override { return health_now.value_or(ForwardingStore::health()); }

 private:
  std::vector<std::move_only_function<void()>> held_opens_;
};

}  // namespace titip::tests
