// Negative control: a gateway whose store says "accepted" before the commit. kill -9 then loses what clinics were told
// is safe, and the checker must see it.
#include <chrono>
#include <thread>

#include "gateway/serve.h"

namespace titip::controls {
namespace {

using namespace storage;

// Forwards everything; an accept is answered at once and handed on a moment later, as a store without its fsync would.
class AcknowledgesEarly final : public Store {
 public:
  explicit AcknowledgesEarly(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  void accept(std::vector<NewSubmission> batch, Home& home, Done<std::vector<Verdict>> done) override {
    std::vector<Verdict> verdicts;
    for (const auto& each : batch) verdicts.push_back({VerdictKind::accepted, each.submission});
    home.post([done = std::move(done), verdicts = std::move(verdicts)]() mutable { done(std::move(verdicts)); });
    std::thread([this, batch = std::move(batch), &home]() mutable {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      store_->accept(std::move(batch), home, [](const auto&) {});
    }).detach();
  }
  void open_attempts(std::vector<OpenAttempt> batch, Home& home, Done<std::vector<Changed>> done) override {
    store_->open_attempts(std::move(batch), home, std::move(done));
  }
  void settle(std::vector<Settlement> batch, Home& home, Done<std::vector<Changed>> done) override {
    store_->settle(std::move(batch), home, std::move(done));
  }
  void transition(std::vector<Transition> batch, Home& home, Done<std::vector<Changed>> done) override {
    store_->transition(std::move(batch), home, std::move(done));
  }
  void lanes(std::string destination, Home& home, Done<std::vector<Lane>> done) override {
    store_->lanes(std::move(destination), home, std::move(done));
  }
  void next_due(std::vector<DueQuery> batch, Home& home, Done<std::vector<DueBatch>> done) override {
    store_->next_due(std::move(batch), home, std::move(done));
  }
  void subscribe(Home& home, std::function<void(const CommitNotice&)> heard) override {
    store_->subscribe(home, std::move(heard));
  }
  void load(std::vector<LoadRequest> batch, Home& home, Done<std::vector<std::optional<Loaded>>> done) override {
    store_->load(std::move(batch), home, std::move(done));
  }
  void put_objects(std::vector<PutObject> batch, Home& home, Done<std::vector<Applied>> done) override {
    store_->put_objects(std::move(batch), home, std::move(done));
  }
  void get_object(std::string kind, std::string name, Home& home, Done<std::optional<Object>> done) override {
    store_->get_object(std::move(kind), std::move(name), home, std::move(done));
  }
  void list_objects(std::string kind, Home& home, Done<std::vector<std::pair<std::string, Object>>> done) override {
    store_->list_objects(std::move(kind), home, std::move(done));
  }
  Counts counts() const override { return store_->counts(); }
  Health health() const override { return store_->health(); }
  void close() override {
    std::this_thread::sleep_for(std::chrono::seconds(1));  // what was put off must still find a store
    store_->close();
  }

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace
}  // namespace titip::controls

int main(int argc, char** argv) {
  titip::gateway::Seams seams;
  seams.store = [](auto store) { return std::make_unique<titip::controls::AcknowledgesEarly>(std::move(store)); };
  return titip::gateway::run(argc, argv, seams);
}
