// The engines that keep the store's contract. A new one joins the suites by one line in engines.cc.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "storage/kv.h"
#include "tests/storage/support.h"

namespace titip::storage {

// One body of data; the store over it may be closed and opened again.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<Store> open(StoreOptions options) = 0;
  virtual bool pump(Store&) { return false; }
  // What lies below, to look into and to spoil. Only while no store is open over it.
  virtual std::shared_ptr<Kv> raw() = 0;
};

struct EngineCase {
  std::string name;
  std::function<std::unique_ptr<Engine>()> make;
  // So that a test's name is the same in every run.
  friend void PrintTo(const EngineCase& engine, std::ostream* out) { *out << engine.name; }
};
const std::vector<EngineCase>& engines();

class OnEveryEngine : public ::testing::TestWithParam<EngineCase> {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    if (store) store->close();
  }
  void open() {
    store = engine_->open(options());
    caller = std::make_unique<Caller>(*store, [this] { return engine_->pump(*store); });
  }
  void reopen() {
    store->close();
    store.reset();
    open();
  }
  // Closes the store, lets `change` loose on what lies below, and opens again.
  void reopen_after(const std::function<void(Kv&)>& change) {
    store->close();
    store.reset();
    {
      const auto kv = engine_->raw();
      change(*kv);
    }
    open();
  }
  bool pump() { return engine_->pump(*store); }
  StoreOptions options() {
    StoreOptions options;
    options.now = [this] { return now; };
    options.longest_pause = longest_pause;
    options.probes = &probes;
    options.free_space_floor_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    options.patrol_every = patrol_every;
    return options;
  }

  WallTime now = at(noon_ms);
  std::chrono::milliseconds longest_pause = std::chrono::days(36'500);  // most tests set their clock as they please
  std::chrono::milliseconds patrol_every{5'000};
  CountingProbes probes;
  std::unique_ptr<Store> store;
  std::unique_ptr<Caller> caller;

 private:
  std::unique_ptr<Engine> engine_ = GetParam().make();
};

}  // namespace titip::storage
