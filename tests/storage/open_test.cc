// Opening: what is refused and how it is said, recovery of damaged remains, and what RocksDB's files give away.
#include <fstream>
#include <iterator>

#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/queue_store.h"
#include "storage/records.h"
#include "storage/sealing.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

StoreOptions options_for(const std::filesystem::path& directory, CountingProbes* probes = nullptr) {
  StoreOptions options;
  options.directory = directory;
  options.now = [] { return at(noon_ms); };
  options.free_space_floor_bytes = 0;
  options.probes = probes;
  options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
  return options;
}

TEST(Open, RefusalsAreSentences) {
  const Directory directory;
  std::ofstream(directory.path() / "file") << "not a directory";
  const auto in_a_file = open_rocks_store(options_for(directory.path() / "file" / "store"));
  ASSERT_FALSE(in_a_file.has_value());
  EXPECT_NE(in_a_file.error().find("data directory"), std::string::npos) << in_a_file.error();

  const auto first = open_rocks_store(options_for(directory.path() / "store"));
  ASSERT_TRUE(first.has_value());
  const auto second = open_rocks_store(options_for(directory.path() / "store"));
  ASSERT_FALSE(second.has_value()) << "one process at a time";
  EXPECT_NE(second.error().find("lock"), std::string::npos) << second.error();
  (*first)->close();
}

TEST(Open, ANewerFormatIsRefused) {
  const auto kv = std::make_shared<MemoryKv>();
  ASSERT_TRUE(
      kv->commit({{Family::info, std::string(keys::format), encode_format(format_version + 1)},
                  {Family::info, std::string(keys::epoch), encode({Family::info, keys::epoch}, std::uint64_t{4})}}));
  const auto refused = QueueStore::open(kv, options_for({}), Pumping::by_hand);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("format " + std::to_string(format_version + 1)), std::string::npos) << refused.error();
  EXPECT_EQ(decode_number({Family::info, keys::epoch}, *kv->get(Family::info, keys::epoch).value()), 4U)
      << "left as it was";
}

TEST(Open, DamagedFoundationsAreRefused) {
  struct Row {
    const char* name;
    KvWrite damage;
  };
  const Row rows[] = {
      {"format gone", {Family::info, std::string(keys::format), std::nullopt}},
      {"format rotten", {Family::info, std::string(keys::format), "x"}},
      {"epoch gone", {Family::info, std::string(keys::epoch), std::nullopt}},
      {"epoch rotten", {Family::info, std::string(keys::epoch), "x"}},
  };
  for (const Row& row : rows) {
    const auto kv = std::make_shared<MemoryKv>();
    {
      const auto store = QueueStore::open(kv, options_for({}), Pumping::by_hand).value();
      Caller(*store, [&] { return store->pump(); }).accept(submission(1));
    }
    ASSERT_TRUE(kv->commit({row.damage}));
    const auto refused = QueueStore::open(kv, options_for({}), Pumping::by_hand);
    ASSERT_FALSE(refused.has_value()) << row.name;
    EXPECT_NE(refused.error().find("backup"), std::string::npos) << row.name << ": " << refused.error();
  }
}

TEST(Open, ADamagedMarkStillMakesItsRecordUnknown) {
  const auto kv = std::make_shared<MemoryKv>();
  CountingProbes probes;
  {
    const auto store = QueueStore::open(kv, options_for({}), Pumping::by_hand).value();
    Caller caller(*store, [&] { return store->pump(); });
    for (std::uint64_t i = 1; i <= 3; ++i)
      caller.open_attempt(caller.accept(submission(i, std::to_string(i))).submission);
  }
  ASSERT_TRUE(kv->commit({{Family::open, keys::of(id_of(1)), "rot"}, {Family::meta, keys::of(id_of(2)), "rot"}}));
  const auto store = QueueStore::open(kv, options_for({}, &probes), Pumping::by_hand).value();
  Caller caller(*store, [&] { return store->pump(); });
  EXPECT_EQ(store->health().found_open_attempts, 3U);
  EXPECT_EQ(probes.corrupt_records, 1U) << "the record that cannot be read is told";
  EXPECT_EQ(caller.load(id_of(1)).submission.state, State::unknown);
  EXPECT_EQ(caller.load(id_of(3)).submission.state, State::unknown);
  EXPECT_EQ(caller.load({LoadRequest{id_of(2)}}).error(), Error::corrupt);
}

// A disk that does not answer when a record is asked for.
class RecordsDoNotAnswer : public MemoryKv {
 public:
  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    if (fails && family == Family::meta) return std::unexpected(io_error());
    return MemoryKv::get(family, key);
  }
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override {
    if (fails && family == Family::meta) return std::unexpected(io_error());
    return MemoryKv::multi_get(family, keys);
  }
  bool fails = false;

 private:
  static KvError io_error() { return {KvError::Kind::failed, "input/output error"}; }
};

TEST(Open, ADiskThatDoesNotAnswerLeavesNoAttemptInFlight) {
  const auto kv = std::make_shared<RecordsDoNotAnswer>();
  {
    const auto store = QueueStore::open(kv, options_for({}), Pumping::by_hand).value();
    Caller caller(*store, [&] { return store->pump(); });
    caller.open_attempt(caller.accept(submission(1)).submission);
  }
  kv->fails = true;
  const auto refused = QueueStore::open(kv, options_for({}), Pumping::by_hand);
  ASSERT_FALSE(refused.has_value()) << "it would stay in flight for as long as this process lives";
  EXPECT_NE(refused.error().find("see to the disk"), std::string::npos) << refused.error();
  EXPECT_FALSE(refused.error().needs_a_person()) << "it may answer next time";
  kv->fails = false;
  CountingProbes probes;
  const auto store = QueueStore::open(kv, options_for({}, &probes), Pumping::by_hand).value();
  Caller caller(*store, [&] { return store->pump(); });
  EXPECT_EQ(caller.load(id_of(1)).submission.state, State::unknown);
  EXPECT_EQ(probes.corrupt_records, 0U);
}

TEST(Open, ManyOpenAttemptsAreAllFound) {
  const auto kv = std::make_shared<MemoryKv>();
  constexpr std::uint64_t many = 1000;  // more than one recovery batch
  {
    const auto store = QueueStore::open(kv, options_for({}), Pumping::by_hand).value();
    Caller caller(*store, [&] { return store->pump(); });
    std::vector<NewSubmission> batch;
    for (std::uint64_t i = 0; i < many; ++i) batch.push_back(submission(i, std::to_string(i)));
    std::vector<OpenAttempt> opens;
    for (const auto& verdict : caller.accept(std::move(batch)).value()) opens.push_back({verdict.submission.id, 1, {}});
    caller.open_attempts(std::move(opens));
  }
  const auto store = QueueStore::open(kv, options_for({}), Pumping::by_hand).value();
  EXPECT_EQ(store->health().found_open_attempts, many);
  EXPECT_EQ(store->counts().destinations.at("pcare").by_state[static_cast<std::size_t>(State::unknown)], many);
}

TEST(Open, NoFileOfTheStoreHoldsPlaintext) {
  const Directory directory;
  const std::string canary = "3175000000000001 Canary Person";
  const Sealer sealer = Sealer::open(directory.path() / "key", true).value();
  {
    const auto store = open_rocks_store(options_for(directory.path() / "store")).value();
    Caller caller(*store);
    for (std::uint64_t i = 1; i <= 50; ++i) {
      auto one = submission(i, "x");
      const NewDataKey key = sealer.new_data_key(one.submission.id);
      one.submission.wrapped_key = key.wrapped;
      one.submission.ordering_key = sealer.keyed_hash("ordering", {canary});
      one.payload = sealer.seal(key.key, one.submission.id, "payload", canary);
      caller.accept(one);
    }
    store->close();
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path() / "store")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("3175000000000001"), std::string::npos) << entry.path();
    EXPECT_EQ(bytes.find("Canary"), std::string::npos) << entry.path();
  }
  EXPECT_GT(files, 3U);
}

}  // namespace
}  // namespace titip::storage
