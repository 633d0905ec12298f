// Putting a backup into a directory, and taking a directory as it is. Which files are there, and what the marker says,
// is this file's; what becomes of the records is restore.cc's.
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <sstream>
#include <utility>

#include "metrics/words/said.h"
#include "storage/backup.h"
#include "storage/evidence.h"
#include "storage/file_hash.h"
#include "storage/free_space.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"
#include "storage/store_files.h"

namespace titip::storage {
namespace {

// There while a restore into a directory is under way: which backup, and how far it is.
constexpr std::string_view marker_name = "RESTORING";
constexpr std::string_view phase_copying = "copying";
constexpr std::string_view phase_marking = "marking";
constexpr std::uint64_t longest_marker = 4096;

// The store was put back from a copy at some time after `mark`: its counts go on from another copy then.
bool was_put_back_since(const KvReader& store, WallTime mark) {
  bool was = false;
  const auto scanned = store.scan(Family::object, {}, {}, [&](std::string_view key, std::string_view value) {
    const std::string prefix = keys::object(gap_kind, {});
    if (!key.starts_with(prefix)) return true;
    const auto gap = decode_object({Family::object, key}, value);
    // Named by its time, to the second: "2021-08-26T17:46:40Z". What cannot be read may be of any time.
    was = was || !gap || key.substr(prefix.size()) >= gap_name(mark);
    return true;
  });
  return was || !scanned;
}

// The note is the last thing a restore writes but for taking its mark away: with it and without the mark, an earlier
// run was cut short behind its end.
std::expected<Restored, std::string> mark_once(Kv& kv, const BackupManifest& manifest, const std::optional<Lost>& lost,
                                               WallTime now, const OnProgress& progress) {
  const auto until = lost && lost->goes_on ? std::optional(lost->reach) : std::nullopt;
  const auto marked = kv.get(Family::info, keys::restoring);
  const auto noted = noted_reach(kv);
  if (!marked || *marked || !noted || !*noted)
    return mark_restored(kv, until, now, progress, lost ? lost->reach.epoch : 0);
  Restored restored;
  restored.gap = {manifest.mark, until, now};
  restored.epoch = (*noted)->epoch;
  return restored;
}

std::string hash_of(std::string_view text) {
  FileHash hash;
  hash.add(text);
  return hash.hex();
}

// The directory a backup is put into.
class RestoreInto {
 public:
  using Path = std::filesystem::path;
  template <class T>
  using Outcome = std::expected<T, std::string>;

  // `backup`: the SHA-256 of its manifest, so that two are not mixed.
  RestoreInto(const DiskFiles& files, Path to, std::string backup, const std::optional<Lost>& lost)
      : files_(files), to_(std::move(to)), backup_(std::move(backup)), lost_(lost) {}

  // True: all is copied already, by an earlier run.
  Outcome<bool> prepare();
  Outcome<void> copy_all(const Path& from, const BackupManifest& manifest, const OnProgress& progress) const;
  // As the first run knew it; a later one finds nothing any more.
  const std::optional<Lost>& lost() const { return lost_; }
  Outcome<void> take_marker_away() const { return files_.remove(to_ / marker_name); }

 private:
  struct Marker {
    std::string backup;
    std::string phase;
    std::optional<Lost> lost;
  };
  Outcome<std::optional<Marker>> marker() const;
  Outcome<void> set_marker(std::string_view phase) const;
  Outcome<void> remove_leftovers(bool ours) const;

  const DiskFiles& files_;
  const Path to_;
  const std::string backup_;
  std::optional<Lost> lost_;
};

// commit, position, epoch, milliseconds, whether it goes on
std::string line_of(const Lost& lost) {
  const Reach& reach = lost.reach;
  return fmt::format("\nlost {} {} {} {} {}", reach.commit, reach.position, reach.epoch,
                     reach.at.time_since_epoch().count(), lost.goes_on ? 1 : 0);
}

std::optional<Lost> lost_of(const std::string& line) {
  std::istringstream in(line);
  std::string word;
  Lost lost;
  std::int64_t at_ms = 0;
  int goes_on = 0;
  in >> word >> lost.reach.commit >> lost.reach.position >> lost.reach.epoch >> at_ms >> goes_on;
  if (!in || word != "lost") return std::nullopt;
  lost.reach.at = WallTime(std::chrono::milliseconds(at_ms));
  lost.goes_on = goes_on == 1;
  return lost;
}

RestoreInto::Outcome<std::optional<RestoreInto::Marker>> RestoreInto::marker() const {
  const Path path = to_ / marker_name;
  if (!files_.exists(path)) return std::nullopt;
  const auto text = files_.read_whole(path, longest_marker);
  if (!text) return std::unexpected(text.error());
  const auto line_end = text->find('\n');
  if (line_end == std::string::npos) {
    return std::unexpected(words::tell("{} is damaged; empty {} and restore again", path.string(), to_.string()));
  }
  const auto phase_end = text->find('\n', line_end + 1);
  Marker marker{text->substr(0, line_end), text->substr(line_end + 1, phase_end - line_end - 1), std::nullopt};
  if (phase_end != std::string::npos) marker.lost = lost_of(text->substr(phase_end + 1));
  return marker;
}

RestoreInto::Outcome<void> RestoreInto::set_marker(std::string_view phase) const {
  return files_.write(to_ / marker_name,
                      fmt::format("{}\n{}{}", backup_, phase, lost_ ? line_of(*lost_) : std::string()));
}

RestoreInto::Outcome<void> RestoreInto::remove_leftovers(bool ours) const {
  auto names = files_.names(to_);
  if (!names) return std::unexpected(std::move(names.error()));
  // A marker that was never finished is no reason to refuse.
  std::erase_if(*names, [](const std::string& name) { return name.starts_with(marker_name); });
  if (!ours && !names->empty()) {
    return std::unexpected(
        words::tell("{} is not empty; restore into an empty directory, and keep what is there until the restored store "
                    "serves",
                    to_.string()));
  }
  for (const std::string& name : *names) {
    if (auto removed = files_.remove(to_ / name); !removed) return removed;
  }
  return {};
}

RestoreInto::Outcome<bool> RestoreInto::prepare() {
  if (auto made = files_.make_directory(to_); !made) return std::unexpected(std::move(made.error()));
  const auto there = marker();
  if (!there) return std::unexpected(there.error());
  if (*there && (*there)->backup != backup_) {
    return std::unexpected(
        words::tell("{} holds what is left of the restore of another backup; empty it first, or restore that backup",
                    to_.string()));
  }
  if (*there) lost_ = (*there)->lost;
  if (*there && (*there)->phase == phase_marking) return true;
  // What was copied need not be whole: it is copied anew.
  if (auto removed = remove_leftovers(there->has_value()); !removed) return std::unexpected(std::move(removed.error()));
  if (auto set = set_marker(phase_copying); !set) return std::unexpected(std::move(set.error()));
  return false;
}

RestoreInto::Outcome<void> RestoreInto::copy_all(const Path& from, const BackupManifest& manifest,
                                                 const OnProgress& progress) const {
  const auto free = free_bytes(to_);
  if (free && *free < manifest.bytes()) {
    return std::unexpected(words::tell("the backup has {} and only {} are free where {} lives; make room first",
                                       size_text(manifest.bytes()), size_text(*free), to_.string()));
  }
  ByteMeter meter(progress, manifest.bytes());
  for (const BackedUpFile& file : manifest.files) {
    FileHash hash;
    auto copied = files_.copy(from / file.name, to_ / file.name, [&](std::string_view piece) {
      hash.add(piece);
      meter.add(piece.size());
    });
    if (!copied) return copied;
    if (hash.hex() != file.sha256) {
      return std::unexpected(
          words::tell("{} is damaged: its checksum is not what the backup's manifest says; use another backup",
                      (from / file.name).string()));
    }
  }
  if (auto synced = files_.sync_directory(to_); !synced) return synced;
  return set_marker(phase_marking);
}

}  // namespace

std::expected<Restored, std::string> Backups::restore(const std::filesystem::path& from,
                                                      const std::filesystem::path& to, WallTime now,
                                                      const OnProgress& progress,
                                                      const std::optional<Lost>& lost) const {
  const auto manifest = manifest_of(from);
  if (!manifest) return std::unexpected(manifest.error());
  RestoreInto into(files_, to, hash_of(encode(*manifest)), lost);
  const auto copied = into.prepare();
  if (!copied) return std::unexpected(copied.error());
  if (!*copied) {
    if (auto done = into.copy_all(from, *manifest, progress); !done) return std::unexpected(std::move(done.error()));
  }
  const auto kv = open_rocks_kv(to, *setup_);
  if (!kv) return std::unexpected(kv.error());
  auto restored = mark_once(**kv, *manifest, into.lost(), now, progress);
  (*kv)->close();
  if (!restored) return restored;
  if (auto done = into.take_marker_away(); !done) return std::unexpected(std::move(done.error()));
  return restored;
}

std::optional<Lost> Backups::look_at_lost(const std::filesystem::path& store, const std::filesystem::path& from) const {
  const auto manifest = manifest_of(from);
  if (!manifest || !not_to_be_opened(store, *setup_).empty()) return std::nullopt;
  const auto note = note_beside(store, *setup_);
  const auto reach = note && *note ? decode_reach(**note) : std::nullopt;
  if (!reach) return std::nullopt;
  Lost lost{*reach, false};
  const Reach& mark = manifest->mark;
  if (reach->commit < mark.commit || reach->position < mark.position || reach->epoch < mark.epoch) return lost;
  // One that cannot be looked into may have been put back from anything.
  const auto opened = open_rocks_copy(store, *setup_);
  lost.goes_on = opened && !was_put_back_since(**opened, mark.at);
  return lost;
}

std::string not_to_be_opened(const std::filesystem::path& directory) {
  return not_to_be_opened(directory, RocksSetup{});
}

std::string not_to_be_opened(const std::filesystem::path& directory, const RocksSetup& setup) {
  const DiskFiles files(setup);
  if (files.exists(directory / marker_name)) {
    return words::tell("a restore into {} was begun and not finished; run the same `titip restore` again",
                       directory.string());
  }
  if (files.exists(directory / manifest_name)) {
    return words::tell("{} is a backup; `titip restore` puts it into an empty directory", directory.string());
  }
  return {};
}

std::expected<Restored, std::string> restore_as_it_is(const std::filesystem::path& directory, WallTime now,
                                                      const OnProgress& progress) {
  return restore_as_it_is(directory, now, progress, RocksSetup{});
}

std::expected<Restored, std::string> restore_as_it_is(const std::filesystem::path& directory, WallTime now,
                                                      const OnProgress& progress, const RocksSetup& setup) {
  if (auto refusal = not_to_be_opened(directory, setup); !refusal.empty()) return std::unexpected(std::move(refusal));
  const FilesFound files = find_store_files(directory, setup);
  if (auto refusal = refuse_headless(directory, files)) return std::unexpected(std::move(*refusal));
  if (files.what == StoreFiles::none) {
    return std::unexpected(words::tell("there is no store in {}", directory.string()));
  }
  const auto kv = open_rocks_kv(directory, setup);
  if (!kv) return std::unexpected(kv.error());
  // A note that is lost or unreadable says nothing of how far the store had come.
  const auto noted = noted_reach(**kv);
  auto restored = mark_restored(**kv, noted ? *noted : std::nullopt, now, progress);
  if (restored) (*kv)->close();  // else its log stays (rocks_kv.h)
  return restored;
}

}  // namespace titip::storage
