#include "tests/crash/sync_point.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>

// As in test_util/sync_point.h of RocksDB 7.8, as far as we use it. Its only member is a pointer; we never make one.
namespace rocksdb {
class SyncPoint {
 public:
  static SyncPoint* GetInstance();
  void SetCallBack(const std::string& point, const std::function<void(void*)>& callback);
  void EnableProcessing();
};
}  // namespace rocksdb

namespace titip::crash {

void kill_at_sync_point(const std::string& name, std::uint64_t nth) {
  static std::atomic<std::uint64_t> passed = 0;
  const std::string line = "hit " + name + "\n";
  rocksdb::SyncPoint::GetInstance()->SetCallBack(name, [line, nth](void*) {
    if (++passed != nth) return;
    [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
    ::kill(::getpid(), SIGKILL);
  });
  rocksdb::SyncPoint::GetInstance()->EnableProcessing();
}

}  // namespace titip::crash
