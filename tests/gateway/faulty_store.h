// A store with a fault that the test chooses; otherwise the one behind it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace titip::tests {

class FaultyStore final : public storage::Store {
 public:
  explicit FaultyStore(storage::Store& behind) : behind_(behind) {}

  std::optional<storage::Error> accept_error;  // the answer to every accept
  std::optional<storage::Error> load_error;    // to every load
  std::optional<storage::Error> open_error;    // to every open_attempts
  std::optional<storage::Error> object_error;  // to every get_object
  std::optional<storage::Health> health_now;   // what health() says

  void accept(std::vector<storage::NewSubmission> batch, storage::Home& home,
              storage::Done<std::vector<storage::Verdict>> done) override {
    if (accept_error) return fail(home, std::move(done), *accept_error);
    behind_.accept(std::move(batch), home, std::move(done));
  }
  void open_attempts(std::vector<storage::OpenAttempt> batch, storage::Home& home,
                     storage::Done<std::vector<storage::Changed>> done) override {
    if (open_error) return fail(home, std::move(done), *open_error);
    behind_.open_attempts(std::move(batch), home, std::move(done));
  }
  void settle(std::vector<storage::Settlement> batch, storage::Home& home,
              storage::Done<std::vector<storage::Changed>> done) override {
    behind_.settle(std::move(batch), home, std::move(done));
  }
  void transition(std::vector<storage::Transition> batch, storage::Home& home,
                  storage::Done<std::vector<storage::Changed>> done) override {
    behind_.transition(std::move(batch), home, std::move(done));
  }
  void lanes(std::string destination, storage::Home& home, storage::Done<std::vector<storage::Lane>> done) override {
    behind_.lanes(std::move(destination), home, std::move(done));
  }
  void next_due(std::vector<storage::DueQuery> batch, storage::Home& home,
                storage::Done<std::vector<storage::DueBatch>> done) override {
    behind_.next_due(std::move(batch), home, std::move(done));
  }
  void subscribe(storage::Home& home, std::function<void(const storage::CommitNotice&)> heard) override {
    behind_.subscribe(home, std::move(heard));
  }
  void load(std::vector<storage::LoadRequest> batch, storage::Home& home,
            storage::Done<std::vector<std::optional<storage::Loaded>>> done) override {
    if (load_error) return fail(home, std::move(done), *load_error);
    behind_.load(std::move(batch), home, std::move(done));
  }
  void put_objects(std::vector<storage::PutObject> batch, storage::Home& home,
                   storage::Done<std::vector<storage::Applied>> done) override {
    behind_.put_objects(std::move(batch), home, std::move(done));
  }
  void get_object(std::string kind, std::string object_name, storage::Home& home,
                  storage::Done<std::optional<storage::Object>> done) override {
    if (object_error) return fail(home, std::move(done), *object_error);
    behind_.get_object(std::move(kind), std::move(object_name), home, std::move(done));
  }
  void list_objects(std::string kind, storage::Home& home,
                    storage::Done<std::vector<std::pair<std::string, storage::Object>>> done) override {
    behind_.list_objects(std::move(kind), home, std::move(done));
  }
  storage::Counts counts() const override { return behind_.counts(); }
  storage::Health health() const override { return health_now.value_or(behind_.health()); }
  void close() override { behind_.close(); }

 private:
  template <class T>
  static void fail(storage::Home& home, storage::Done<T> done, storage::Error error) {
    home.post([done = std::move(done), error]() mutable { done(std::unexpected(error)); });
  }

  storage::Store& behind_;
};

}  // namespace titip::tests
