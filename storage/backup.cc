#include "storage/backup.h"

#include <fmt/format.h>

#include <utility>

#include "metrics/words/said.h"
#include "storage/evidence.h"
#include "storage/file_hash.h"
#include "storage/records.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"

namespace titip::storage {
namespace {

constexpr std::uint64_t longest_manifest = 64U << 20U;

std::expected<Reach, std::string> mark_of_copy(const std::filesystem::path& directory, const RocksSetup& setup) {
  const auto copy = open_rocks_copy(directory, setup);
  if (!copy) return std::unexpected(copy.error());
  const auto sequence = CommitSequence::load(**copy);
  if (!sequence) return std::unexpected(sequence.error());
  return found_reach(**copy, *sequence);
}

}  // namespace

bool is_of_a_copy(std::string_view name) {
  return name == "CURRENT" || name.starts_with("MANIFEST-") || name.starts_with("OPTIONS-") || name.ends_with(".sst") ||
         name.ends_with(".blob") || name.ends_with(".log");
}

Backups::Backups() : Backups(RocksSetup{}) {}
Backups::Backups(const RocksSetup& setup) : setup_(std::make_shared<const RocksSetup>(setup)), files_(setup) {}

std::expected<std::string, std::string> Backups::manifest_text(const std::filesystem::path& directory) const {
  const auto path = directory / manifest_name;
  if (!files_.exists(path)) {
    return std::unexpected(
        words::tell("{} holds no complete backup: {} is missing, so making it was cut short; make another, or use an "
                    "older one",
                    directory.string(), manifest_name));
  }
  return files_.read_whole(path, longest_manifest);
}

std::expected<BackupManifest, std::string> Backups::manifest_of(const std::filesystem::path& directory) const {
  const auto text = manifest_text(directory);
  if (!text) return std::unexpected(text.error());
  auto manifest = decode_manifest(*text);
  if (!manifest) {
    return std::unexpected(fmt::format("{} {}", (directory / manifest_name).string(), manifest.error()));
  }
  return manifest;
}

std::expected<BackupManifest, std::string> Backups::finish(const std::filesystem::path& directory,
                                                           const OnProgress& progress) const {
  BackupManifest manifest;
  manifest.format = format_version;
  const auto mark = mark_of_copy(directory, *setup_);
  if (!mark) return std::unexpected(mark.error());
  manifest.mark = *mark;
  auto rot = rot_in_copy(directory, *setup_);
  if (!rot) return std::unexpected(std::move(rot.error()));
  manifest.rot = std::move(*rot);
  const auto names = files_.names(directory);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (!is_of_a_copy(name)) continue;
    const auto bytes = files_.size(directory / name);
    if (!bytes) return std::unexpected(bytes.error());
    manifest.files.push_back({name, *bytes, {}});
  }
  ByteMeter meter(progress, manifest.bytes());
  for (BackedUpFile& file : manifest.files) {
    FileHash hash;
    auto read = files_.read(directory / file.name, [&](std::string_view piece) {
      hash.add(piece);
      meter.add(piece.size());
    });
    if (!read) return std::unexpected(std::move(read.error()));
    file.sha256 = hash.hex();
  }
  if (auto synced = files_.sync_directory(directory.parent_path()); !synced) {
    return std::unexpected(std::move(synced.error()));
  }
  if (auto written = files_.write(directory / manifest_name, encode(manifest)); !written) {
    return std::unexpected(std::move(written.error()));
  }
  return manifest;
}

std::expected<BackupManifest, std::string> Backups::check(const std::filesystem::path& directory,
                                                          const OnProgress& progress) const {
  auto manifest = manifest_of(directory);
  if (!manifest) return manifest;
  ByteMeter meter(progress, manifest->bytes());
  for (const BackedUpFile& file : manifest->files) {
    FileHash hash;
    std::uint64_t bytes = 0;
    auto read = files_.read(directory / file.name, [&](std::string_view piece) {
      hash.add(piece);
      bytes += piece.size();
      meter.add(piece.size());
    });
    if (!read) return std::unexpected(words::tell("{}; this backup cannot be used", read.error()));
    if (bytes != file.bytes || hash.hex() != file.sha256) {
      return std::unexpected(words::tell("{} is damaged: it is not what the backup's manifest says; use another backup",
                                         (directory / file.name).string()));
    }
  }
  return manifest;
}

}  // namespace titip::storage
