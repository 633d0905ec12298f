#include "tests/storage/engines.h"

#include "storage/memory_kv.h"
#include "storage/queue_store.h"
#include "storage/rocks_kv.h"

namespace titip::storage {
namespace {

class MemoryEngine : public Engine {
 public:
  explicit MemoryEngine(Pumping pumping) : pumping_(pumping) {}
  std::unique_ptr<Store> open(StoreOptions options) override {
    auto store = QueueStore::open(kv_, std::move(options), pumping_);
    if (!store) throw std::runtime_error(store.error());
    return std::move(*store);
  }
  bool pump(Store& store) override { return dynamic_cast<MemoryStore&>(store).pump(); }
  std::shared_ptr<Kv> raw() override { return kv_; }

 private:
  std::shared_ptr<MemoryKv> kv_ = std::make_shared<MemoryKv>();
  Pumping pumping_;
};

class RocksEngine : public Engine {
 public:
  std::unique_ptr<Store> open(StoreOptions options) override {
    options.directory = directory_.path() / "store";
    auto store = open_rocks_store(std::move(options));
    if (!store) throw std::runtime_error(store.error());
    return std::move(*store);
  }
  std::shared_ptr<Kv> raw() override {
    auto kv = open_rocks_kv(directory_.path() / "store");
    if (!kv) throw std::runtime_error(kv.error());
    return std::move(*kv);
  }

 private:
  Directory directory_;
};

}  // namespace

const std::vector<EngineCase>& engines() {
  static const std::vector<EngineCase> all{
      {"memory_by_hand", [] { return std::make_unique<MemoryEngine>(Pumping::by_hand); }},
      {"memory_thread", [] { return std::make_unique<MemoryEngine>(Pumping::thread); }},
      {"rocksdb", [] { return std::make_unique<RocksEngine>(); }},
  };
  return all;
}

}  // namespace titip::storage
