// The disk with a cache must lose what it may lose, and nothing else: each row over many dice.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/platter.h"

namespace titip::crash {
namespace {

// What may be found of a file after a power cut; "-": no such file.
struct Row {
  const char* name;
  const char* file;
  std::function<void(Platter&)> work;
  std::set<std::string> outcomes;
};

constexpr const char* absent = "-";

Image with_a_directory() {
  Image image;
  image.directories.insert("/d");
  image.files["/d/old"] = "old";
  return image;
}

void write_synced(Platter& disk, const char* path, const char* bytes) {
  const auto file = disk.create(path);
  disk.append(*file, bytes);
  disk.sync(*file);
}

TEST(Platter, APowerCutTakesWhatWasNotSyncedAndNothingElse) {
  const std::string sector(sector_bytes, 'a');
  const std::vector<Row> table{
      {"what lay there stays", "/d/old", [](Platter&) {}, {"old"}},
      {"synced, name too",
       "/d/f",
       [](Platter& disk) {
         write_synced(disk, "/d/f", "xy");
         disk.sync_names(disk.find("/d"));
       },
       {"xy"}},
      {"synced, name not", "/d/f", [](Platter& disk) { write_synced(disk, "/d/f", "xy"); }, {absent, "xy"}},
      {"name synced, bytes not",
       "/d/f",
       [](Platter& disk) {
         disk.append(*disk.create("/d/f"), "xy");
         disk.sync_names(disk.find("/d"));
       },
       {"", "x", "xy"}},
      {"an end that was not synced",
       "/d/old",
       [](Platter& disk) { disk.append(*disk.find("/d/old"), "+n"); },
       {"old", "old+", "old+n"}},
      {"removed, directory not synced", "/d/old", [](Platter& disk) { disk.remove("/d/old"); }, {absent, "old"}},
      {"removed, directory synced",
       "/d/old",
       [](Platter& disk) {
         disk.remove("/d/old");
         disk.sync_names(disk.find("/d"));
       },
       {absent}},
      {"renamed over it, not synced",
       "/d/old",
       [](Platter& disk) {
         write_synced(disk, "/d/t", "new");
         disk.sync_names(disk.find("/d"));
         disk.rename("/d/t", "/d/old");
       },
       {"old", "new"}},
      {"renamed over it, synced",
       "/d/old",
       [](Platter& disk) {
         write_synced(disk, "/d/t", "new");
         disk.rename("/d/t", "/d/old");
         disk.sync_names(disk.find("/d"));
       },
       {"new"}},
      {"written over, not synced",
       "/d/old",
       [](Platter& disk) { disk.write(*disk.find("/d/old"), 0, "NEW"); },
       {"old", "NEW"}},
      {"truncated, not synced", "/d/old", [](Platter& disk) { disk.truncate(*disk.find("/d/old"), 0); }, {"old"}},
      {"a directory renamed with what it holds",
       "/e/f",
       [](Platter& disk) {
         disk.make_directory("/t");
         write_synced(disk, "/t/f", "xy");
         disk.sync_names(disk.find("/t"));
         disk.rename("/t", "/e");
         disk.sync_names(disk.find("/"));
       },
       {"xy"}},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.name);
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      Platter disk(with_a_directory());
      row.work(disk);
      sampler::Random dice(seed);
      Losses losses;
      const Image left = disk.after_power_cut(dice, losses);
      const auto found = left.files.find(row.file);
      seen.insert(found == left.files.end() ? absent : found->second);
    }
    EXPECT_EQ(seen, row.outcomes);
  }
}

TEST(Platter, ALogMayKeepSomeOfItsSectorsAndHaveZerosForTheOthers) {
  bool scattered = false;
  for (std::uint64_t seed = 1; seed <= 300 && !scattered; ++seed) {
    Platter disk(with_a_directory());
    const auto log = disk.create("/d/000007.log");
    disk.append(*log, std::string(4 * sector_bytes, 'a'));
    disk.sync(*log);
    disk.append(*log, std::string(4 * sector_bytes, 'b'));
    disk.sync_names(disk.find("/d"));
    sampler::Random dice(seed);
    Losses losses;
    const std::string bytes = disk.after_power_cut(dice, losses).files.at("/d/000007.log");
    ASSERT_EQ(bytes.substr(0, 4 * sector_bytes), std::string(4 * sector_bytes, 'a')) << "what was synced is touched";
    const std::size_t hole = bytes.find('\0');
    scattered = hole != std::string::npos && bytes.find('b', hole) != std::string::npos;
  }
  EXPECT_TRUE(scattered);
}

}  // namespace
}  // namespace titip::crash
