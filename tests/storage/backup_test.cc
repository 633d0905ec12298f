// Backup and restore over RocksDB: while it serves, cut short, damaged, into the wrong place.
#include "storage/backup.h"

#include <fstream>
#include <iterator>
#include <tuple>

#include "storage/evidence.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

namespace fs = std::filesystem;

TEST(BackupManifest, SurvivesItsEncodingAndNothingElseDoes) {
  BackupManifest manifest;
  manifest.format = 2;
  manifest.mark = {12, 7, 3, at(noon_ms)};
  manifest.files = {{"000012.sst", 1234, std::string(64, 'a')}, {"CURRENT", 16, std::string(64, 'b')}};
  const std::string text = encode(manifest);
  ASSERT_TRUE(decode_manifest(text).has_value()) << decode_manifest(text).error();
  EXPECT_EQ(decode_manifest(text).value(), manifest);
  EXPECT_EQ(manifest.bytes(), 1250U);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(decode_manifest(damaged).has_value()) << "byte " << i;
    EXPECT_FALSE(decode_manifest(text.substr(0, i)).has_value()) << "cut at " << i;
  }
  EXPECT_FALSE(decode_manifest(text + "x").has_value());
  for (const char* name : {"../CURRENT", "a/b", ".hidden", ""}) {
    BackupManifest hostile = manifest;
    hostile.files[0].name = name;
    EXPECT_FALSE(decode_manifest(encode(hostile)).has_value()) << name;
  }
}

class Backup : public ::testing::Test {
 protected:
  StoreOptions options(const fs::path& where) {
    StoreOptions options;
    options.directory = where;
    options.now = [] { return at(noon_ms); };
    options.free_space_floor_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    return options;
  }
  static NewSubmission large(std::uint64_t number) {
    auto one = submission(number, std::to_string(number));
    one.payload.bytes.assign(2000, static_cast<char>('a' + number % 26));  // in a blob file
    return one;
  }
  // A store of 50, of which a backup was taken while it served; 10 more came after.
  void SetUp() override {
    auto store = open_rocks_store(options(live)).value();
    Caller caller(*store);
    for (std::uint64_t i = 1; i <= 50; ++i) caller.accept(large(i));
    const auto checkpoint = ask<Checkpoint>(
        caller.home, [] { return false; }, [&](auto done) { store->checkpoint(made, caller.home, std::move(done)); });
    ASSERT_TRUE(checkpoint.has_value());
    EXPECT_EQ(checkpoint->last_position, 50U);
    EXPECT_EQ(checkpoint->epoch, 1U);
    EXPECT_GT(checkpoint->bytes, 100'000U);
    for (std::uint64_t i = 51; i <= 60; ++i) caller.accept(large(i));
    store->close();
    const auto manifest = backups.finish(made, {});
    ASSERT_TRUE(manifest.has_value()) << manifest.error();
    EXPECT_EQ(manifest->mark.position, 50U);
    EXPECT_EQ(manifest->mark.epoch, 1U);
    EXPECT_EQ(manifest->mark.commit, 51U);
  }
  std::expected<Restored, std::string> restore(const OnProgress& progress = {}) {
    return backups.restore(made, target, at(noon_ms + 1000), progress);
  }
  void expect_restored() {
    auto store = open_rocks_store(options(target));
    ASSERT_TRUE(store.has_value()) << store.error();
    Caller caller(**store);
    EXPECT_EQ((*store)->health().last_position, 50U);
    for (std::uint64_t i = 1; i <= 50; ++i) {
      const auto loaded = caller.load(id_of(i));
      EXPECT_EQ(loaded.submission.state, State::unknown) << i;
      EXPECT_EQ(loaded.payload, large(i).payload) << i;
    }
    EXPECT_FALSE(caller.load({LoadRequest{id_of(51)}}).value().at(0).has_value());
    EXPECT_TRUE(caller.get_object(std::string(gate_kind), "pcare").value().has_value());
    EXPECT_EQ(caller.list_objects(std::string(gap_kind)).value().size(), 1U);
    EXPECT_EQ(caller.accept(submission(70, "new")).kind, VerdictKind::accepted);
    (*store)->close();
  }
  fs::path a_file_of(const fs::path& where, std::string_view extension) {
    for (const auto& entry : fs::directory_iterator(where)) {
      if (entry.path().extension() == extension) return entry.path();
    }
    ADD_FAILURE() << "no " << extension << " in " << where;
    return {};
  }

  Directory directory;
  const fs::path live = directory.path() / "live", made = directory.path() / "made", target = directory.path() / "to";
  const Backups backups;
};

TEST_F(Backup, IsCompleteAndComesBack) {
  std::vector<Progress> progress;
  const auto checked = backups.check(made, [&](Progress p) { progress.push_back(p); });
  ASSERT_TRUE(checked.has_value()) << checked.error();
  EXPECT_EQ(progress.front().done, 0U);
  EXPECT_EQ(progress.back().done, checked->bytes());
  EXPECT_EQ(progress.back().of, checked->bytes());
  for (const auto& entry : fs::directory_iterator(made)) {
    EXPECT_NE(entry.path().filename(), "LOG") << "looking leaves nothing behind";
    EXPECT_NE(entry.path().filename(), "NOTE");
  }
  const auto restored = restore();
  ASSERT_TRUE(restored.has_value()) << restored.error();
  EXPECT_EQ(restored->made_unknown, 50U);
  EXPECT_EQ(restored->gap.from.position, 50U);
  expect_restored();
  EXPECT_TRUE(backups.check(made, {}).has_value()) << "the backup is as it was";
}

TEST_F(Backup, IsNoStoreToOpen) {
  const auto opened = open_rocks_store(options(made));
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().find("is a backup"), std::string::npos) << opened.error();
  EXPECT_TRUE(backups.check(made, {}).has_value());
}

TEST_F(Backup, WithoutAManifestIsNone) {
  fs::remove(made / manifest_name);
  EXPECT_NE(backups.check(made, {}).error().find("no complete backup"), std::string::npos);
  EXPECT_NE(restore().error().find("no complete backup"), std::string::npos);
  EXPECT_FALSE(fs::exists(target)) << "nothing was begun";
}

TEST_F(Backup, DamageIsFoundWhereverItIs) {
  for (const char* extension : {".sst", ".blob", ""}) {
    const fs::path file = extension[0] == '\0' ? made / "CURRENT" : a_file_of(made, extension);
    std::string bytes;
    {
      std::ifstream in(file, std::ios::binary);
      bytes = {std::istreambuf_iterator<char>(in), {}};
    }
    // Not in place: what is linked is the live store's file too.
    const auto put = [&](const std::string& content) {
      fs::remove(file);
      std::ofstream(file, std::ios::binary) << content;
    };
    std::string damaged = bytes + (bytes.empty() ? "x" : "");
    if (!bytes.empty()) damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    put(damaged);
    EXPECT_FALSE(backups.check(made, {}).has_value()) << file;
    put(bytes.substr(0, bytes.size() / 2) + (bytes.empty() ? "x" : ""));
    EXPECT_FALSE(backups.check(made, {}).has_value()) << file << " cut short";
    const auto refused = restore();
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().find("damaged"), std::string::npos) << refused.error();
    EXPECT_FALSE(open_rocks_store(options(target)).has_value()) << "half copied";
    put(bytes);
    fs::remove_all(target);
  }
  EXPECT_TRUE(backups.check(made, {}).has_value()) << "control: put right again";
}

// What is rotten in the store is rotten in its copy, whose checksums then say that all is well.
TEST_F(Backup, ACopyOfWhatIsRottenSaysSo) {
  EXPECT_EQ(backups.finish(made, {}).value().rot, "") << "control: a sound one";
  for (const char* extension : {".sst", ".blob"}) {
    const fs::path file = a_file_of(made, extension);
    std::string bytes;
    {
      std::ifstream in(file, std::ios::binary);
      bytes = {std::istreambuf_iterator<char>(in), {}};
    }
    std::string damaged = bytes;
    // In the first block, or the middle of a large value: what opening alone does not read.
    const std::size_t place = std::string_view(extension) == ".sst" ? 5 : damaged.size() / 2;
    damaged[place] = static_cast<char>(damaged[place] ^ 1);
    const auto put = [&](const std::string& content) {
      fs::remove(file);
      std::ofstream(file, std::ios::binary) << content;
    };
    put(damaged);
    const auto manifest = backups.finish(made, {});
    ASSERT_TRUE(manifest.has_value()) << manifest.error();
    EXPECT_NE(manifest->rot, "") << extension;
    EXPECT_TRUE(backups.check(made, {}).has_value()) << "which the manifest cannot tell";
    put(bytes);
  }
}

TEST_F(Backup, ACopyThatCannotBeMadeSaysWhy) {
  auto store = open_rocks_store(options(live)).value();
  Caller caller(*store);
  const auto failed = ask<Checkpoint>(
      caller.home, [] { return false; }, [&](auto done) { store->checkpoint(made, caller.home, std::move(done)); });
  EXPECT_EQ(failed.error(), Error::unavailable);
  EXPECT_NE(store->health().why_no_checkpoint.find("exists"), std::string::npos) << store->health().why_no_checkpoint;
  const auto again = ask<Checkpoint>(
      caller.home, [] { return false; },
      [&](auto done) { store->checkpoint(directory.path() / "another", caller.home, std::move(done)); });
  EXPECT_TRUE(again.has_value());
  EXPECT_EQ(store->health().why_no_checkpoint, "");
  store->close();
}

TEST_F(Backup, AFileThatIsMissingIsFound) {
  fs::remove(a_file_of(made, ".sst"));
  EXPECT_NE(backups.check(made, {}).error().find("cannot be used"), std::string::npos);
  EXPECT_FALSE(restore().has_value());
}

TEST_F(Backup, ADirectoryThatIsNotEmptyIsNotTouched) {
  fs::create_directory(target);
  std::ofstream(target / "something") << "mine";
  EXPECT_NE(restore().error().find("not empty"), std::string::npos);
  EXPECT_NE(backups.restore(made, live, at(noon_ms), {}).error().find("not empty"), std::string::npos);
  fs::remove(target / "something");
  EXPECT_TRUE(restore().has_value()) << "an empty one will do";
  EXPECT_NE(restore().error().find("not empty"), std::string::npos) << "nor one that was restored";
}

struct Interrupted : std::runtime_error {
  Interrupted() : runtime_error("cut short") {}
};

// The store that is replaced had come to position 60 in its third life.
TEST_F(Backup, TheGapEndsWhereTheReplacedStoreEnded) {
  for (int lives = 0; lives < 2; ++lives) open_rocks_store(options(live)).value()->close();
  const auto lost = backups.look_at_lost(live, made);
  ASSERT_TRUE(lost.has_value());
  EXPECT_TRUE(lost->goes_on);
  EXPECT_EQ(lost->reach.epoch, 3U);
  const auto at_end = [&](Progress p) {
    if (p.done != 0 && p.of != 50) throw Interrupted();  // while it copies
  };
  EXPECT_THROW(std::ignore = backups.restore(made, target, at(noon_ms + 1000), at_end, lost), Interrupted);
  // The second run has nothing but what the first one wrote down.
  const auto restored = restore();
  ASSERT_TRUE(restored.has_value()) << restored.error();
  ASSERT_TRUE(restored->gap.until.has_value());
  EXPECT_NE(restored->gap.text().english().find("10 accepted submissions (positions 51 to 60)"), std::string::npos)
      << restored->gap.text().english();
  EXPECT_EQ(restored->epoch, 4U) << "above every epoch the lost one ever had";
  expect_restored();
}

// Positions 51 to 60 of the lost store are not those of this one.
TEST_F(Backup, AStoreThatWasPutBackSinceSaysNothingOfTheGap) {
  ASSERT_TRUE(restore().has_value());
  {
    auto store = open_rocks_store(options(target)).value();
    Caller caller(*store);
    for (std::uint64_t i = 81; i <= 90; ++i) caller.accept(large(i));
    store->close();
  }
  const auto lost = backups.look_at_lost(target, made);
  ASSERT_TRUE(lost.has_value());
  EXPECT_FALSE(lost->goes_on);
  const auto restored = backups.restore(made, directory.path() / "again", at(noon_ms + 2000), {}, lost);
  ASSERT_TRUE(restored.has_value()) << restored.error();
  EXPECT_FALSE(restored->gap.until.has_value());
  EXPECT_EQ(restored->epoch, lost->reach.epoch + 1);
  EXPECT_FALSE(backups.look_at_lost(directory.path() / "nothing", made).has_value());
}

TEST_F(Backup, ARestoreCutShortWhileCopyingIsBegunAnew) {
  EXPECT_THROW(std::ignore = restore([](Progress p) {
                 if (p.done != 0) throw Interrupted();
               }),
               Interrupted);
  const auto refused = open_rocks_store(options(target));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("not finished"), std::string::npos) << refused.error();
  // What it copied need not be whole.
  fs::resize_file(a_file_of(target, ".sst").empty() ? target / "CURRENT" : a_file_of(target, ".sst"), 3);
  ASSERT_TRUE(restore().has_value());
  expect_restored();
}

TEST_F(Backup, ARestoreCutShortWhileMarkingGoesOn) {
  EXPECT_THROW(std::ignore = restore([&](Progress p) {
                 if (p.of == 50 && p.done == 50) throw Interrupted();  // records, not bytes
               }),
               Interrupted);
  EXPECT_FALSE(open_rocks_store(options(target)).has_value());
  ASSERT_TRUE(restore().has_value());
  expect_restored();
}

TEST_F(Backup, AnotherBackupDoesNotMixWithWhatWasLeft) {
  EXPECT_THROW(std::ignore = restore([](Progress p) {
                 if (p.done != 0) throw Interrupted();
               }),
               Interrupted);
  const fs::path other = directory.path() / "other";
  {
    auto kv = open_rocks_kv(live).value();
    ASSERT_TRUE(kv->checkpoint(other).has_value());
    kv->close();
  }
  ASSERT_TRUE(backups.finish(other, {}).has_value());
  const auto refused = backups.restore(other, target, at(noon_ms), {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("another backup"), std::string::npos) << refused.error();
}

TEST_F(Backup, AStoreTakenAsItIsServesAgain) {
  // The live one lost its note.
  fs::remove(live / "NOTE");
  ASSERT_FALSE(open_rocks_store(options(live)).has_value());
  const auto restored = restore_as_it_is(live, at(noon_ms + 5), {});
  ASSERT_TRUE(restored.has_value()) << restored.error();
  EXPECT_EQ(restored->made_unknown, 60U);
  const auto store = open_rocks_store(options(live));
  ASSERT_TRUE(store.has_value()) << store.error();
  EXPECT_EQ((*store)->health().last_position, 60U);
  (*store)->close();
  EXPECT_NE(restore_as_it_is(directory.path() / "nothing", at(noon_ms), {}).error().find("no store"),
            std::string::npos);
  EXPECT_NE(restore_as_it_is(made, at(noon_ms), {}).error().find("is a backup"), std::string::npos);
}

TEST_F(Backup, ACheckpointIntoADirectoryThatExistsIsRefused) {
  auto kv = open_rocks_kv(live).value();
  EXPECT_FALSE(kv->checkpoint(made).has_value());
  kv->close();
}

}  // namespace
}  // namespace titip::storage
