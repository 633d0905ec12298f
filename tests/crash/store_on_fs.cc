#include "tests/crash/store_on_fs.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "storage/backup.h"
#include "storage/evidence.h"
#include "storage/rocks_kv.h"
#include "tests/crash/intents.h"
#include "tests/crash/quick_env.h"
#include "tests/crash/spoiled_kv.h"

namespace titip::crash {
namespace {

constexpr std::array<std::string_view, 5> spoiled_names{"none", "sync_off", "disk_lies", "index_outside_the_batch",
                                                        "acknowledges_before_the_commit"};

class EmptyDirectory {
 public:
  EmptyDirectory() : path_((std::filesystem::temp_directory_path() / "titip-on-fs-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) != nullptr) return;
    std::perror(path_.c_str());
    std::exit(2);
  }
  EmptyDirectory(const EmptyDirectory&) = delete;
  EmptyDirectory& operator=(const EmptyDirectory&) = delete;
  ~EmptyDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

std::optional<Spoiled> spoiled_named(std::string_view name) {
  const auto found = std::ranges::find(spoiled_names, name);
  if (found == spoiled_names.end()) return std::nullopt;
  return static_cast<Spoiled>(found - spoiled_names.begin());
}

std::string_view name(Spoiled spoiled) {
  return spoiled_names[static_cast<std::size_t>(spoiled)];
}

storage::RocksSetup setup_on(const std::shared_ptr<PowerLossFs>& fs) {
  storage::RocksSetup setup;
  setup.env = quick_env(fs);
  setup.log_ahead_bytes = 16U << 10U;  // so that a short run makes room several times
  return setup;
}

std::filesystem::path store_directory() {
  static const EmptyDirectory directory;
  return directory.path();
}

StoreOnFs open_on(const std::shared_ptr<PowerLossFs>& fs, const OnFs& how) {
  storage::RocksSetup setup = setup_on(fs);
  if (how.buffer_bytes != 0) {
    setup.write_buffer_bytes = how.buffer_bytes;
    setup.blob_file_bytes = 64U << 10U;
  }
  setup.sync = how.spoiled != Spoiled::sync_off;
  if (auto refusal = storage::not_to_be_opened(how.directory, setup); !refusal.empty()) return {nullptr, refusal};
  auto kv = storage::open_rocks_kv(how.directory, setup, storage::Evidence::must_hold);
  if (!kv) return {nullptr, kv.error()};
  std::shared_ptr<storage::Kv> engine(std::move(*kv));
  if (how.spoiled == Spoiled::index_outside_the_batch) engine = std::make_shared<IndexOutsideTheBatch>(engine);
  if (how.spoiled == Spoiled::acknowledges_before_the_commit) {
    engine = std::make_shared<AcknowledgesBeforeTheCommit>(engine);
  }
  storage::StoreOptions options;
  options.directory = how.directory;
  options.group_submissions = 16;
  options.free_space_floor_bytes = 0;
  options.ballast_bytes = 0;
  options.now = [] { return storage::WallTime(std::chrono::milliseconds(morning_ms + 3'600'000)); };
  options.on_fatal = [](const std::string&) {};
  auto store = storage::QueueStore::open(std::move(engine), std::move(options), storage::Pumping::by_hand);
  if (!store) return {nullptr, store.error()};
  return {std::move(*store), {}};
}

void note_that_all_is_well(const std::shared_ptr<PowerLossFs>& fs) {
  auto kv = storage::open_rocks_kv(store_directory(), setup_on(fs));
  if (!kv) return;
  const auto sequence = storage::CommitSequence::load(**kv);
  const auto reach = sequence ? storage::found_reach(**kv, *sequence) : std::unexpected(sequence.error());
  if (reach) [[maybe_unused]]
    const auto noted = (*kv)->note(storage::encode(*reach));
  (*kv)->close();
}

}  // namespace titip::crash
