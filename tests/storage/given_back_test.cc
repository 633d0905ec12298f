// A drained store on a healthy disk gives the space of what it erased back by itself, also when the process ended
// before it came to that.
#include <thread>

#include "storage/queue_store.h"
#include "storage/rocks_kv_setup.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::uint64_t mib = 1U << 20U;
constexpr std::size_t batch_size = 100, batches = 15, body_bytes = 64'000;

class GivenBack : public ::testing::TestWithParam<bool> {
 protected:
  GivenBack() {
    setup.wal_bytes = 8 * mib;
    setup.blob_file_bytes = 4 * mib;
  }
  void open() {
    StoreOptions options;
    options.directory = directory.path() / "store";
    options.now = [] { return at(noon_ms); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    options.free_space_floor_bytes = mib;
    options.ballast_bytes = mib;
    options.retain_delivered = std::chrono::milliseconds(0);
    auto opened = open_rocks_store(std::move(options), setup);
    ASSERT_TRUE(opened.has_value()) << opened.error();
    store = std::move(*opened);
    caller = std::make_unique<Caller>(*store);
  }
  void close() {
    store->close();
    caller.reset();
    store.reset();
  }
  static std::string body(std::uint64_t number) {
    std::string bytes;
    for (std::uint64_t state = number; bytes.size() < body_bytes;) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      bytes.push_back(static_cast<char>(state >> 56U));
    }
    return bytes;
  }
  void accept(std::uint64_t first) {
    std::vector<NewSubmission> made;
    for (std::uint64_t number = first; number < first + batch_size; ++number) {
      made.push_back(submission(number, std::to_string(number)));
      made.back().payload.bytes = body(number);
    }
    ASSERT_TRUE(caller->accept(std::move(made)).has_value());
  }
  void deliver(std::uint64_t first) {
    std::vector<OpenAttempt> opened;
    std::vector<Settlement> settled;
    for (std::uint64_t number = first; number < first + batch_size; ++number) {
      const auto record = caller->load(id_of(number)).submission;
      opened.push_back({record.id, record.version, {}, 0});
      settled.push_back(settlement(record, Event::delivered, 1));
    }
    ASSERT_TRUE(caller->open_attempts(std::move(opened)).has_value());
    const auto changed = caller->settle(std::move(settled));
    ASSERT_TRUE(changed.has_value());
    for (const Changed& each : *changed) ASSERT_EQ(each.state, State::delivered);
  }
  std::uint64_t bytes_of_data() const {
    std::uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory.path() / "store")) {
      const auto kind = file.path().extension();
      std::error_code gone;
      const auto size = file.file_size(gone);
      if (!gone && (kind == ".blob" || kind == ".sst" || kind == ".log")) bytes += size;
    }
    return bytes;
  }

  Directory directory;
  RocksSetup setup;
  std::unique_ptr<Store> store;
  std::unique_ptr<Caller> caller;
};

TEST_P(GivenBack, ByItself) {
  const bool ends_before = GetParam();
  open();
  caller->accept(submission(1'000'000, "who stays"));
  for (std::size_t i = 0; i < batches; ++i) accept(1 + i * batch_size);
  for (std::size_t i = 0; i < batches; ++i) deliver(1 + i * batch_size);
  if (ends_before) {
    close();
    open();
  }
  EXPECT_GT(bytes_of_data(), batches * batch_size * body_bytes / 2) << "nothing to give back: this test shows nothing";
  std::uint64_t left = 0;
  for (int i = 0; i < 600; ++i) {
    left = bytes_of_data();
    if (left < 8 * mib) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_LT(left, 8 * mib);
  EXPECT_EQ(caller->load(id_of(1'000'000)).payload, submission(1'000'000, "who stays").payload);
  close();
}

INSTANTIATE_TEST_SUITE_P(Drained, GivenBack, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "AndOpenedAgain" : "AndServing"; });

}  // namespace
}  // namespace titip::storage
