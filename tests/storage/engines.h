// The engines that keep the store's contract. A new one joins the suites by one line in engines.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/storage/support.h"

namespace titip::storage {

// One body of data; the store over it may be closed and opened again.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<Store> open(StoreOptions options) = 0;
  virtual bool pump(Store&) { return false; }
};

struct EngineCase {
  std::string name;
  std::function<std::unique_ptr<Engine>()> make;
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
  StoreOptions options() {
    StoreOptions options;
    options.now = [this] { return now; };
    options.probes = &probes;
    options.free_space_floor_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    return options;
  }

  WallTime now = at(noon_ms);
  CountingProbes probes;
  std::unique_ptr<Store> store;
  std::unique_ptr<Caller> caller;

 private:
  std::unique_ptr<Engine> engine_ = GetParam().make();
};

}  // namespace titip::storage
