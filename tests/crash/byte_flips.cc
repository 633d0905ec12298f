// Rot: bytes change in every kind of file a store has, and in the key file. The store refuses to open, or says of what
// it cannot read that it is damaged, or nothing came of it; what it serves is what was given, and nothing acknowledged
// is silently gone.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "storage/sealing.h"
#include "tests/crash/inspection.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/report.h"
#include "tests/crash/sound_store.h"
#include "tests/crash/store_on_fs.h"
#include "tests/crash/workload.h"

namespace titip::crash {
namespace {

// What one flip came to. `refused`: the store did not open; `told`: it named what is damaged; `aborted`: RocksDB's own
// assertion ended the process.
enum class Came : std::uint8_t { harmless, refused, told, aborted, wrong };
constexpr std::array<std::string_view, 5> names{"harmless", "refused", "told", "aborted", "wrong"};

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

Came judge(const SoundStore& sound, Image image, std::uint64_t seed, std::vector<Finding>& findings) {
  History history = sound.history;
  auto fs = std::make_shared<PowerLossFs>(Disk{.image = std::move(image), .cut = {}, .seed = seed});
  const auto [store, why_not] = open_on(fs, {.buffer_bytes = sound.buffer_bytes});
  if (!store) return Came::refused;
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
    Workload workload(door, history, history.brief(), seed);
    for (int steps = 0; steps < 5 && workload.step();) ++steps;
    for (Finding& each : history.take_findings()) {
      told = told || each.kind == Finding::Kind::damaged;
      if (each.kind == Finding::Kind::corrupt_served) all.push_back(std::move(each));
    }
  }
  store->close();
  findings = std::move(all);
  if (!findings.empty()) return Came::wrong;
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

struct Line {
  std::uint64_t round = 0;
  std::size_t kind = 0;
  Came came = Came::harmless;
};

// One flip of the sound store, or of a key file.
Came flip_once(const SoundStore& sound, std::uint64_t seed, std::vector<Finding>& findings, std::string& what) {
  sampler::Random dice(seed, 23);
  const std::size_t kind = seed % (kinds.size() + 1);
  if (kind == kind_of_the_key_file) return flip_key_file(dice, findings, what);
  Image image = sound.image;
  const auto flipped = flip(image, kinds[kind], dice);
  if (!flipped) {
    findings.push_back({Finding::Kind::broken, "there is no such file to damage"});
    return Came::wrong;
  }
  what = flipped->text();
  return judge(sound, std::move(image), seed, findings);
}

// In a child: the flips from `first` on, a line each before and after.
[[noreturn]] void flip_from(const ProcessCrashes& wanted, std::uint64_t first, int out) {
  const auto say = [out](const std::string& line) { return ::write(out, line.data(), line.size()) > 0; };
  std::optional<SoundStore> sound;
  std::uint64_t of_store = 0;
  for (std::uint64_t round = first; round < wanted.rounds; ++round) {
    const std::uint64_t seed = wanted.first_seed + round;
    if (const std::uint64_t store_seed = seed / flips_of_one_store + 1; store_seed != of_store) {
      of_store = store_seed;
      sound = SoundStore::make(store_seed);
      if (!sound) {
        say("x the sound store could not be made\n");
        ::_exit(2);
      }
      say(fmt::format("k {}\n", sound->history.acknowledged()));
    }
    say(fmt::format("b {}\n", round));
    std::vector<Finding> findings;
    std::string what;
    const Came came = flip_once(*sound, seed, findings, what);
    if (wanted.tell || came == Came::wrong) {
      fmt::print("seed {}: {}: {}\n", seed, what, names[static_cast<std::size_t>(came)]);
    }
    for (std::size_t i = 0; i < findings.size() && i < 5; ++i) {
      fmt::print("  {}: {}\n", name(findings[i].kind), findings[i].what);
    }
    std::fflush(stdout);
    const std::size_t lost = count(findings, Finding::Kind::lost);
    const std::size_t served = count(findings, Finding::Kind::corrupt_served);
    say(fmt::format("e {} {} {} {}\n", static_cast<unsigned>(came), lost, served, findings.size() - lost - served));
  }
  say("d\n");
  std::error_code ignored;
  std::filesystem::remove_all(store_directory(), ignored);
  ::_exit(0);
}

class Flipping {
 public:
  explicit Flipping(const ProcessCrashes& wanted) : wanted_(wanted) { report_.kind = "byte_flips"; }
  int run();

 private:
  bool run_child();  // false: it could not work at all
  void take(const std::string& line);

  const ProcessCrashes wanted_;
  Report report_;
  std::array<std::uint64_t, names.size()> came_{};
  std::uint64_t next_ = 0;
  bool open_ = false;  // a flip was begun and has not ended
  bool done_ = false;
  std::string broken_;
};

void Flipping::take(const std::string& text) {
  std::istringstream line(text.substr(1));
  std::uint64_t number = 0, lost = 0, served = 0, other = 0;
  switch (text.front()) {
    case 'k':
      line >> number;
      report_.acknowledged += number;
      break;
    case 'b':
      line >> next_;
      open_ = true;
      break;
    case 'e':
      line >> number >> lost >> served >> other;
      ++came_[std::min<std::uint64_t>(number, names.size() - 1)];
      report_.lost += lost;
      report_.corrupt_served += served;
      report_.broken += other;
      ++report_.rounds;
      ++next_;
      open_ = false;
      if (number == static_cast<std::uint64_t>(Came::wrong)) {
        fmt::print("NOT KEPT: byte_flips seed={} commit={}\n  again: tests/run.sh crash --replay byte_flips:{}\n",
                   wanted_.first_seed + next_ - 1, commit_under_test(), wanted_.first_seed + next_ - 1);
      }
      break;
    case 'd':
      done_ = true;
      break;
    default:
      broken_ = text;
  }
}

bool Flipping::run_child() {
  int ends[2];
  if (::pipe(ends) != 0) return false;
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    flip_from(wanted_, next_, ends[1]);
  }
  ::close(ends[1]);
  std::string rest;
  char bytes[4096];
  while (true) {
    const ssize_t got = ::read(ends[0], bytes, sizeof bytes);
    if (got <= 0) break;
    rest.append(bytes, static_cast<std::size_t>(got));
    for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      take(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (done_) return true;
  if (!open_ || !WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) return false;
  // An assertion of RocksDB's: damage that was noticed, if not in the kindest way.
  ++came_[static_cast<std::size_t>(Came::aborted)];
  ++report_.rounds;
  ++next_;
  open_ = false;
  done_ = next_ >= wanted_.rounds;
  return true;
}

int Flipping::run() {
  while (!done_) {
    if (run_child()) continue;
    fmt::print("byte_flips: the process that damages and judges ended badly at seed {} {}\n",
               wanted_.first_seed + next_, broken_);
    return exit_not_kept;
  }
  for (std::size_t i = 0; i < names.size(); ++i) report_.details.emplace_back(std::string(names[i]), came_[i]);
  fmt::print("{}\n", report_.line());
  return report_.clean() ? exit_kept : exit_not_kept;
}

}  // namespace

int run_byte_flips(const ProcessCrashes& wanted) {
  return Flipping(wanted).run();
}

}  // namespace titip::crash
