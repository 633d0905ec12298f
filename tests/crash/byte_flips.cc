// Rot: bytes change in every kind of file a store has, and in the key file. The store refuses to open, or says of what
// it cannot read that it is damaged, or nothing came of it; what it serves is what was given, and nothing acknowledged
// is silently gone.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "storage/sealing.h"
#include "tests/crash/inspection.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/rot.h"
#include "tests/crash/sound_store.h"
#include "tests/crash/store_on_fs.h"
#include "tests/crash/workload.h"

namespace titip::crash {
namespace {

constexpr std::array kinds{FileKind::wal,     FileKind::table,   FileKind::blob, FileKind::manifest,
                           FileKind::current, FileKind::options, FileKind::note};
constexpr std::size_t kind_of_the_key_file = kinds.size();
constexpr std::uint64_t flips_of_one_store = 64;

struct Flip {
  std::string path;
  std::size_t offset = 0;
  std::string text() const { return fmt::format("{} at {}", path.substr(path.rfind('/') + 1), offset); }
};

// One bit, one byte, or a sector of zeros.
void damage(std::string& bytes, std::size_t offset, sampler::Random& dice) {
  const std::uint32_t die = dice.below(3);
  if (die == 0) {
    bytes[offset] = static_cast<char>(bytes[offset] ^ static_cast<char>(1U << dice.below(8)));
  } else if (die == 1) {
    bytes[offset] = static_cast<char>(bytes[offset] ^ static_cast<char>(1 + dice.below(255)));
  } else {
    const std::size_t length = std::min(sector_bytes, bytes.size() - offset);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), length, '\0');
  }
}

std::optional<Flip> flip(Image& image, FileKind kind, sampler::Random& dice) {
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : image.files) {
    if (kind_of(path) == kind && !bytes.empty()) paths.push_back(path);
  }
  if (paths.empty()) return std::nullopt;
  Flip made{paths[dice.below(static_cast<std::uint32_t>(paths.size()))], 0};
  std::string& bytes = image.files[made.path];
  // The note is two slots with much room behind them; it is their beginnings that say something.
  made.offset = dice.below(static_cast<std::uint32_t>(bytes.size()));
  if (kind == FileKind::note) made.offset = made.offset / 4096 * 4096 + dice.below(100);
  damage(bytes, std::min(made.offset, bytes.size() - 1), dice);
  return made;
}

Came judge(const SoundStore& sound, Image image, RotRound& round) {
  History history = sound.history;
  auto fs = std::make_shared<PowerLossFs>(Disk{.image = std::move(image), .cut = {}, .seed = round.seed});
  const auto [store, why_not] = open_on(fs, {.buffer_bytes = sound.buffer_bytes});
  if (!store) return Came::refused;
  round.opened();
  Door door(*store, [&s = *store] { return s.pump(); });
  Inspection inspection(door, history, Inspection::When::restarted);
  auto all = inspection.run();
  bool told = inspection.unreadable();
  for (const Finding& each : all) told = told || each.kind == Finding::Kind::damaged;
  // Where something is damaged, sums and indexes cannot come out even; but what is served must be right, and what is
  // gone must be said to be gone.
  std::erase_if(all, [&](const Finding& each) {
    return each.kind == Finding::Kind::damaged || (told && each.kind == Finding::Kind::broken);
  });
  // It works on, and hands nothing wrong out to be sent.
  if (!told && all.empty()) {
    inspection.settle_doubts(history);
    Workload workload(door, history, history.brief(), round.seed);
    for (int steps = 0; steps < 5 && workload.step();) ++steps;
    for (Finding& each : history.take_findings()) {
      told = told || each.kind == Finding::Kind::damaged;
      if (each.kind == Finding::Kind::corrupt_served) all.push_back(std::move(each));
    }
  }
  store->close();
  round.findings = std::move(all);
  if (!round.findings.empty()) return Came::wrong;
  return told ? Came::told : Came::harmless;
}

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// The key file: what was sealed opens with it, or it is refused.
Came flip_key_file(sampler::Random& dice, std::vector<Finding>& findings, std::string& what) {
  const std::filesystem::path path = store_directory() / "keys";
  const storage::SubmissionId id = storage::SubmissionId::make(storage::WallTime{});
  Came came = Came::refused;
  {
    const auto sealer = storage::Sealer::open(path, true);
    if (!sealer) {
      findings.push_back({Finding::Kind::broken, sealer.error()});
      return Came::wrong;
    }
    const auto key = sealer->new_data_key(id);
    const auto sealed = sealer->seal(key.key, id, "payload", "words");
    std::string bytes = read_whole(path);
    const std::size_t offset = dice.below(static_cast<std::uint32_t>(bytes.size()));
    what = fmt::format("key file at {}", offset);
    damage(bytes, offset, dice);
    std::ofstream(path, std::ios::binary) << bytes;
    if (const auto damaged = storage::Sealer::open(path, false)) {
      const auto again = damaged->unwrap(id, key.wrapped);
      const bool right = again && damaged->open(*again, id, "payload", sealed) == "words" &&
                         damaged->keyed_hash("d", {"x"}) == sealer->keyed_hash("d", {"x"});
      came = right ? Came::harmless : Came::wrong;
      if (!right) findings.push_back({Finding::Kind::broken, "a damaged key file is taken for another key"});
    }
  }
  std::filesystem::remove(path);
  return came;
}

// One flip of the sound store, or of a key file.
Came flip_once(const SoundStore& sound, RotRound& round) {
  sampler::Random dice(round.seed, 23);
  const std::size_t kind = round.seed % (kinds.size() + 1);
  if (kind == kind_of_the_key_file) return flip_key_file(dice, round.findings, round.what);
  Image image = sound.image;
  const auto flipped = flip(image, kinds[kind], dice);
  if (!flipped) {
    round.findings.push_back({Finding::Kind::broken, "there is no such file to damage"});
    return Came::wrong;
  }
  round.what = flipped->text();
  return judge(sound, std::move(image), round);
}

}  // namespace

int run_byte_flips(const ProcessCrashes& wanted) {
  std::optional<SoundStore> sound;
  std::uint64_t of_store = 0;
  return run_rot("byte_flips", wanted, [&](RotRound& round) {
    if (const std::uint64_t store_seed = round.seed / flips_of_one_store + 1; store_seed != of_store) {
      of_store = store_seed;
      sound = SoundStore::make(store_seed);
      if (sound) round.acknowledged(sound->history.acknowledged());
    }
    if (sound) return flip_once(*sound, round);
    round.findings.push_back({Finding::Kind::broken, "the sound store could not be made"});
    return Came::wrong;
  });
}

}  // namespace titip::crash
