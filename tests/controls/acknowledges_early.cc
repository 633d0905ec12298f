// Negative control: a gateway whose store says "accepted" before the commit. kill -9 then loses what clinics were told
// is safe, and the checker must see it.
#include <chrono>
#include <thread>

#include "gateway/serve.h"
#include "tests/storage/forwarding_store.h"

namespace titip::controls {
namespace {

using namespace storage;

// An accept is answered at once and handed on a moment later, as a store without its fsync would.
class AcknowledgesEarly final : public ForwardingStore {
 public:
  explicit AcknowledgesEarly(std::unique_ptr<Store> store) : ForwardingStore(*store), store_(std::move(store)) {}

  void accept(std::vector<NewSubmission> batch, Home& home, Done<std::vector<Verdict>> done) override {
    std::vector<Verdict> verdicts;
    for (const auto& each : batch) verdicts.push_back({VerdictKind::accepted, each.submission, {}});
    home.post([done = std::move(done), verdicts = std::move(verdicts)]() mutable { done(std::move(verdicts)); });
    std::thread([this, batch = std::move(batch), &home]() mutable {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      store_->accept(std::move(batch), home, [](const auto&) {});
    }).detach();
  }
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
