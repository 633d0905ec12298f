// What no crash does and people and disks do: a file of the store is gone, or the first record of a young store's log
// cannot be read. RocksDB alone would take some of these for a new store or an empty log. Started twice: each time the
// store is refused, and then every file that was left is still there and no log has another byte; or it is whole.
#include <fmt/format.h>

#include <array>

#include "tests/crash/inspection.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/rot.h"
#include "tests/crash/sound_store.h"
#include "tests/crash/store_on_fs.h"

namespace titip::crash {
namespace {

constexpr unsigned starts = 2;
constexpr std::size_t log_header_bytes = 7;  // of RocksDB's log: checksum, length (2, little endian), type

struct Case {
  bool young;  // a store of one life with the sizes that are shipped: all it holds is in its log
  FileKind kind;
  bool removed;  // otherwise a bit or byte of the first record is another
};
constexpr std::array cases{
    Case{true, FileKind::current, true},  Case{true, FileKind::manifest, true},  Case{true, FileKind::wal, true},
    Case{true, FileKind::note, true},     Case{true, FileKind::wal, false},      Case{true, FileKind::wal, false},
    Case{false, FileKind::current, true}, Case{false, FileKind::manifest, true}, Case{false, FileKind::table, true},
    Case{false, FileKind::blob, true},    Case{false, FileKind::wal, true},      Case{false, FileKind::note, true},
    Case{true, FileKind::wal, false}};

// Of some length: an empty log says nothing, and is missed by nobody.
std::vector<std::string> files_of(const Image& image, FileKind kind) {
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : image.files) {
    if (kind_of(path) == kind && !bytes.empty()) paths.push_back(path);
  }
  return paths;
}

// False: there is no such file.
bool damage(Image& image, const Case& what, sampler::Random& dice, std::string& told) {
  const auto paths = files_of(image, what.kind);
  if (paths.empty()) return false;
  const std::string path = what.removed ? paths[dice.below(static_cast<std::uint32_t>(paths.size()))] : paths.front();
  const std::string file = path.substr(path.rfind('/') + 1);
  const char* store = what.young ? "a young store" : "an older store";
  if (what.removed) {
    image.files.erase(path);
    told = fmt::format("{} without {}", store, file);
    return true;
  }
  std::string& bytes = image.files[path];
  if (bytes.size() <= log_header_bytes) return false;
  const auto byte_at = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])); };
  const std::size_t record = log_header_bytes + byte_at(4) + byte_at(5) * 256;
  const std::size_t at = dice.below(static_cast<std::uint32_t>(std::min(record, bytes.size())));
  const std::uint32_t change = dice.chance(0.5) ? 1U << dice.below(8) : 1 + dice.below(255);
  bytes[at] = static_cast<char>(byte_at(at) ^ change);
  told = fmt::format("{} whose {} has another byte {}, in its first record of {}", store, file, at, record);
  return true;
}

// After a start that was refused.
void compare(const Image& before, const Image& after, const std::string& start, std::vector<Finding>& findings) {
  for (const auto& [path, bytes] : before.files) {
    const std::string file = path.substr(path.rfind('/') + 1);
    const auto still = after.files.find(path);
    if (still == after.files.end()) {
      findings.push_back({Finding::Kind::lost, fmt::format("{} was refused, and took {} away", start, file)});
    } else if (kind_of(path) == FileKind::wal && still->second != bytes) {
      findings.push_back({Finding::Kind::lost, fmt::format("{} was refused, and changed {}", start, file)});
    }
  }
}

Came start_twice(const SoundStore& sound, Image image, RotRound& round) {
  History history = sound.history;
  bool refused = false;
  for (unsigned i = 1; i <= starts && round.findings.empty(); ++i) {
    const std::string start = fmt::format("start {}", i);
    const auto fs = std::make_shared<PowerLossFs>(Disk{.image = image, .cut = {}, .seed = round.seed * starts + i - 1});
    const auto [store, why_not] = open_on(fs, {.buffer_bytes = sound.buffer_bytes});
    if (!store) {
      refused = true;
      Image after = fs->as_it_is();
      compare(image, after, start, round.findings);
      image = std::move(after);
      continue;
    }
    round.opened();
    Door door(*store, [&s = *store] { return s.pump(); });
    Inspection inspection(door, history, Inspection::When::restarted);
    for (Finding& each : inspection.run()) {
      round.findings.push_back({each.kind, fmt::format("{} is taken, and {}", start, each.what)});
    }
    if (inspection.unreadable()) {
      round.findings.push_back({Finding::Kind::lost, start + " is taken, and the store cannot be read whole"});
    }
    if (round.findings.empty()) inspection.settle_doubts(history);
    store->close();
    image = fs->as_it_is();
  }
  if (!round.findings.empty()) return Came::wrong;
  return refused ? Came::refused : Came::harmless;
}

Came lose_one(RotRound& round) {
  sampler::Random dice(round.seed, 41);
  const Case& what = cases[round.seed % cases.size()];
  const std::uint64_t store_seed = round.seed / cases.size() + 1;
  const auto sound = what.young ? SoundStore::young(store_seed) : SoundStore::make(store_seed);
  if (!sound) {
    round.findings.push_back({Finding::Kind::broken, "no sound store could be made"});
    return Came::wrong;
  }
  round.acknowledged(sound->history.acknowledged());
  Image image = sound->image;
  if (!damage(image, what, dice, round.what)) {
    round.findings.push_back(
        {Finding::Kind::broken, fmt::format("there is no {} file to lose or to damage", name(what.kind))});
    return Came::wrong;
  }
  return start_twice(*sound, std::move(image), round);
}

}  // namespace

int run_lost_files(const ProcessCrashes& wanted) {
  return run_rot("lost_files", wanted, lose_one);
}

}  // namespace titip::crash
