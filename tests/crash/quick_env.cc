#include "tests/crash/quick_env.h"

#include <rocksdb/system_clock.h>

#include <algorithm>
#include <utility>

namespace titip::crash {
namespace {

constexpr int longest_sleep_us = 200;

class QuickClock : public rocksdb::SystemClockWrapper {
 public:
  QuickClock() : rocksdb::SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "QuickClock"; }
  void SleepForMicroseconds(int micros) override {
    rocksdb::SystemClockWrapper::SleepForMicroseconds(std::min(micros, longest_sleep_us));
  }
};

class QuickEnv : public rocksdb::EnvWrapper {
 public:
  explicit QuickEnv(const std::shared_ptr<rocksdb::FileSystem>& files)
      : rocksdb::EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<QuickClock>();
  }
  const char* Name() const override { return "QuickEnv"; }
  void SleepForMicroseconds(int micros) override { system_clock_->SleepForMicroseconds(micros); }
};

}  // namespace

std::shared_ptr<rocksdb::Env> quick_env(const std::shared_ptr<rocksdb::FileSystem>& files) {
  return std::make_shared<QuickEnv>(files);
}

}  // namespace titip::crash
