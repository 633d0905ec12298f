#include "storage/backup.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "storage/check.h"
#include "storage/disk_files.h"
#include "storage/evidence.h"
#include "storage/free_space.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"

namespace titip::storage {
namespace {

// There while a restore into a directory is under way: which backup, and how far it is.
constexpr std::string_view marker_name = "RESTORING";
constexpr std::string_view phase_copying = "copying";
constexpr std::string_view phase_marking = "marking";
constexpr std::uint64_t longest_manifest = 64U << 20U;
constexpr std::uint64_t longest_marker = 4096;

// SHA-256 of what comes piece by piece.
class Hash {
 public:
  Hash() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "OpenSSL hashes");
  }
  void add(std::string_view bytes) {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "OpenSSL hashes");
  }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1, "OpenSSL hashes");
    std::string text;
    for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// What RocksDB's checkpoint consists of; all else in the directory is not needed (a LOG, a lock, our manifest).
bool is_needed(std::string_view name) {
  return name == "CURRENT" || name.starts_with("MANIFEST-") || name.starts_with("OPTIONS-") || name.ends_with(".sst") ||
         name.ends_with(".blob") || name.ends_with(".log");
}

std::string hash_of(std::string_view text) {
  Hash hash;
  hash.add(text);
  return hash.hex();
}

// Progress in bytes over all files, said each 16 MiB.
class Meter {
 public:
  Meter(const OnProgress& progress, std::uint64_t of) : progress_(progress), of_(of) { say(); }
  void add(std::uint64_t bytes) {
    done_ += bytes;
    if (done_ - said_ >= (16U << 20U) || done_ == of_) say();
  }

 private:
  void say() {
    said_ = done_;
    if (progress_) progress_({done_, of_});
  }
  const OnProgress& progress_;
  const std::uint64_t of_;
  std::uint64_t done_ = 0;
  std::uint64_t said_ = 0;
};

// The note is the last thing a restore writes but for taking its mark away: with it and without the mark, an earlier
// run was cut short behind its end.
std::expected<Restored, std::string> mark_once(Kv& kv, const BackupManifest& manifest, WallTime now,
                                               const OnProgress& progress) {
  const auto marked = kv.get(Family::info, restoring_key);
  const auto noted = noted_mark(kv);
  if (!marked || *marked || !noted || !*noted) return mark_restored(kv, std::nullopt, now, progress);
  Restored restored;
  restored.gap = {manifest.mark, std::nullopt, now};
  restored.epoch = (*noted)->epoch;
  return restored;
}

}  // namespace

struct Backups::Below {
  explicit Below(const RocksSetup& given) : setup(given), files(given) {}

  template <class T>
  using Outcome = std::expected<T, std::string>;
  using Path = std::filesystem::path;

  struct Marker {
    std::string backup;  // SHA-256 of its manifest
    std::string phase;
  };

  Outcome<std::string> manifest_text(const Path& directory) const;
  Outcome<BackupManifest> manifest_of(const Path& directory) const;
  Outcome<std::optional<Marker>> marker_in(const Path& directory) const;
  Outcome<void> set_marker(const Path& directory, const Marker& marker) const;
  Outcome<void> prepare(const Path& to, const std::string& backup) const;
  Outcome<void> copy_all(const Path& from, const Path& to, const BackupManifest& manifest,
                         const OnProgress& progress) const;

  const RocksSetup setup;
  const DiskFiles files;
};

Backups::Below::Outcome<std::string> Backups::Below::manifest_text(const Path& directory) const {
  const Path path = directory / manifest_name;
  if (!files.exists(path)) {
    return std::unexpected(
        fmt::format("{} holds no complete backup: {} is missing, so making it was cut short; make "
                    "another, or use an older one",
                    directory.string(), manifest_name));
  }
  return files.read_whole(path, longest_manifest);
}

Backups::Below::Outcome<BackupManifest> Backups::Below::manifest_of(const Path& directory) const {
  const auto text = manifest_text(directory);
  if (!text) return std::unexpected(text.error());
  auto manifest = decode_manifest(*text);
  if (!manifest) {
    return std::unexpected(fmt::format("{} {}", (directory / manifest_name).string(), manifest.error()));
  }
  return manifest;
}

Backups::Below::Outcome<std::optional<Backups::Below::Marker>> Backups::Below::marker_in(const Path& directory) const {
  const Path path = directory / marker_name;
  if (!files.exists(path)) return std::nullopt;
  const auto text = files.read_whole(path, longest_marker);
  if (!text) return std::unexpected(text.error());
  const auto line_end = text->find('\n');
  if (line_end == std::string::npos)
    return std::unexpected(fmt::format("{} is damaged; empty {}", path.string(), directory.string()));
  return Marker{text->substr(0, line_end), text->substr(line_end + 1)};
}

Backups::Below::Outcome<void> Backups::Below::set_marker(const Path& directory, const Marker& marker) const {
  return files.write(directory / marker_name, marker.backup + "\n" + marker.phase);
}

// An empty directory with the marker in it, or the same with what an earlier run copied, which is copied anew.
Backups::Below::Outcome<void> Backups::Below::prepare(const Path& to, const std::string& backup) const {
  if (auto made = files.make_directory(to); !made) return made;
  const auto marker = marker_in(to);
  if (!marker) return std::unexpected(marker.error());
  if (*marker && (*marker)->backup != backup) {
    return std::unexpected(
        fmt::format("{} holds what is left of the restore of another backup; empty it first, or "
                    "restore that backup",
                    to.string()));
  }
  if (*marker && (*marker)->phase == phase_marking) return {};
  auto names = files.names(to);
  if (!names) return std::unexpected(std::move(names.error()));
  std::erase(*names, std::string(marker_name));
  std::erase(*names, std::string(marker_name) + ".new");
  if (!*marker && !names->empty()) {
    return std::unexpected(
        fmt::format("{} is not empty; restore into an empty directory, and keep what is there until "
                    "the restored store serves",
                    to.string()));
  }
  for (const std::string& name : *names) {
    if (auto removed = files.remove(to / name); !removed) return removed;
  }
  return set_marker(to, {backup, std::string(phase_copying)});
}

Backups::Below::Outcome<void> Backups::Below::copy_all(const Path& from, const Path& to, const BackupManifest& manifest,
                                                       const OnProgress& progress) const {
  const auto free = free_bytes(to);
  if (free && *free < manifest.bytes()) {
    return std::unexpected(fmt::format("the backup has {} and only {} are free where {} lives; make room first",
                                       size_text(manifest.bytes()), size_text(*free), to.string()));
  }
  Meter meter(progress, manifest.bytes());
  for (const BackedUpFile& file : manifest.files) {
    Hash hash;
    auto copied = files.copy(from / file.name, to / file.name, [&](std::string_view piece) {
      hash.add(piece);
      meter.add(piece.size());
    });
    if (!copied) return copied;
    if (hash.hex() != file.sha256) {
      return std::unexpected(
          fmt::format("{} is damaged: its checksum is not what the backup's manifest says; use "
                      "another backup",
                      (from / file.name).string()));
    }
  }
  return files.sync_directory(to);
}

Backups::Backups() : Backups(RocksSetup{}) {}
Backups::Backups(const RocksSetup& setup) : below_(std::make_unique<Below>(setup)) {}
Backups::~Backups() = default;

std::expected<BackupManifest, std::string> Backups::finish(const std::filesystem::path& directory,
                                                           const OnProgress& progress) const {
  BackupManifest manifest;
  manifest.format = format_version;
  {
    const auto copy = open_rocks_copy(directory, below_->setup);
    if (!copy) return std::unexpected(copy.error());
    const auto sequence = CommitSequence::load(**copy);
    if (!sequence) return std::unexpected(sequence.error());
    const auto mark = found_mark(**copy, *sequence);
    if (!mark) return std::unexpected(mark.error());
    manifest.mark = *mark;
  }
  const auto names = below_->files.names(directory);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (!is_needed(name)) continue;
    const auto bytes = below_->files.size(directory / name);
    if (!bytes) return std::unexpected(bytes.error());
    manifest.files.push_back({name, *bytes, {}});
  }
  Meter meter(progress, manifest.bytes());
  for (BackedUpFile& file : manifest.files) {
    Hash hash;
    auto read = below_->files.read(directory / file.name, [&](std::string_view piece) {
      hash.add(piece);
      meter.add(piece.size());
    });
    if (!read) return std::unexpected(std::move(read.error()));
    file.sha256 = hash.hex();
  }
  if (auto synced = below_->files.sync_directory(directory.parent_path()); !synced) {
    return std::unexpected(std::move(synced.error()));
  }
  if (auto written = below_->files.write(directory / manifest_name, encode(manifest)); !written) {
    return std::unexpected(std::move(written.error()));
  }
  return manifest;
}

std::expected<BackupManifest, std::string> Backups::check(const std::filesystem::path& directory,
                                                          const OnProgress& progress) const {
  auto manifest = below_->manifest_of(directory);
  if (!manifest) return manifest;
  Meter meter(progress, manifest->bytes());
  for (const BackedUpFile& file : manifest->files) {
    Hash hash;
    std::uint64_t bytes = 0;
    auto read = below_->files.read(directory / file.name, [&](std::string_view piece) {
      hash.add(piece);
      bytes += piece.size();
      meter.add(piece.size());
    });
    if (!read) return std::unexpected(fmt::format("{}; this backup cannot be used", read.error()));
    if (bytes != file.bytes || hash.hex() != file.sha256) {
      return std::unexpected(fmt::format("{} is damaged: it is not what the backup's manifest says; use another backup",
                                         (directory / file.name).string()));
    }
  }
  return manifest;
}

std::expected<Restored, std::string> Backups::restore(const std::filesystem::path& from,
                                                      const std::filesystem::path& to, WallTime now,
                                                      const OnProgress& progress) const {
  const auto text = below_->manifest_text(from);
  if (!text) return std::unexpected(text.error());
  const auto manifest = below_->manifest_of(from);
  if (!manifest) return std::unexpected(manifest.error());
  const std::string backup = hash_of(*text);
  auto done = below_->prepare(to, backup);
  if (!done) return std::unexpected(std::move(done.error()));
  const auto marker = below_->marker_in(to);
  if (!marker) return std::unexpected(marker.error());
  if ((*marker)->phase != phase_marking) {
    done = below_->copy_all(from, to, *manifest, progress);
    if (done) done = below_->set_marker(to, {backup, std::string(phase_marking)});
    if (!done) return std::unexpected(std::move(done.error()));
  }
  std::expected<Restored, std::string> restored;
  {
    const auto kv = open_rocks_kv(to, below_->setup);
    if (!kv) return std::unexpected(kv.error());
    restored = mark_once(**kv, *manifest, now, progress);
    (*kv)->close();
  }
  if (!restored) return restored;
  if (done = below_->files.remove(to / marker_name); !done) return std::unexpected(std::move(done.error()));
  return restored;
}

std::string not_to_be_opened(const std::filesystem::path& directory, const RocksSetup& setup) {
  const DiskFiles files(setup);
  if (files.exists(directory / marker_name)) {
    return fmt::format("a restore into {} was begun and not finished; run the same `titip restore` again",
                       directory.string());
  }
  if (files.exists(directory / manifest_name)) {
    return fmt::format("{} is a backup; `titip restore` puts it into an empty directory", directory.string());
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
  if (!DiskFiles(setup).exists(directory / "CURRENT")) {
    return std::unexpected(fmt::format("there is no store in {}", directory.string()));
  }
  const auto kv = open_rocks_kv(directory, setup);
  if (!kv) return std::unexpected(kv.error());
  // A note that is lost or unreadable says nothing of how far the store had come.
  const auto noted = noted_mark(**kv);
  auto restored = mark_restored(**kv, noted ? *noted : std::nullopt, now, progress);
  (*kv)->close();
  return restored;
}

}  // namespace titip::storage
