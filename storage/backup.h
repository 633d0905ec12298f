// A backup: a checkpoint of the store (Store::checkpoint, while it serves) plus a manifest, written last, that names
// every file with its size and SHA-256. A directory without a whole manifest is no backup; with one, bit rot is found
// before anything is put back. The manifest is text, so that `sha256sum` can be used beside it.
//
// Blocking and long; any thread. Each error is a sentence that says what to do. What is interrupted is run again.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/words/said.h"
#include "storage/disk_files.h"
#include "storage/restore.h"
#include "storage/watermark.h"

namespace titip::storage {

inline constexpr std::string_view manifest_name = "titip-backup";

struct BackedUpFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::string sha256;  // 64 hexadecimal digits
  bool operator==(const BackedUpFile&) const = default;
};
struct BackupManifest {
  std::uint64_t format = 0;
  Reach mark;  // how far the copy goes
  std::vector<BackedUpFile> files;
  // Not in its text: what was rotten already when the copy was made, for the store itself is. Empty: nothing.
  std::string rot{};
  std::uint64_t bytes() const;
  bool operator==(const BackupManifest&) const = default;
};
std::string encode(const BackupManifest& manifest);
std::expected<BackupManifest, std::string> decode_manifest(std::string_view text);

// What RocksDB's checkpoint consists of; all else in a directory is not needed (a LOG, a lock, our manifest).
bool is_of_a_copy(std::string_view name);

// Before the checkpoint: a mark beside `directory` says that what lies there is ours, and not whole. What an
// interrupted run left goes, for it pins files that the store has long deleted; what is somebody else's is refused.
std::expected<void, words::Said> begin_backup(const std::filesystem::path& directory);
void end_backup(const std::filesystem::path& directory);
// Takes away what was made so far.
std::expected<void, words::Said> give_up_backup(const std::filesystem::path& directory);
bool is_leftover(const std::filesystem::path& directory);

class Backups {
 public:
  Backups();  // on the machine's own file system
  explicit Backups(const RocksSetup& setup);

  // Makes a backup of the checkpoint in `directory`. One of a store that is damaged is made too, and says so.
  std::expected<BackupManifest, std::string> finish(const std::filesystem::path& directory,
                                                    const OnProgress& progress) const;
  // Reads every byte of it again.
  std::expected<BackupManifest, std::string> check(const std::filesystem::path& directory,
                                                   const OnProgress& progress) const;
  // Into a directory that is empty, or does not exist, or holds what an interrupted restore of this backup left.
  // The records are marked (restore.h) before the store can be opened.
  std::expected<Restored, std::string> restore(const std::filesystem::path& from, const std::filesystem::path& to,
                                               WallTime now, const OnProgress& progress,
                                               const std::optional<Lost>& lost = std::nullopt) const;
  // What `store`, which this backup will replace, says of itself; to be asked before it is moved away. None: there is
  // no such store, or it says nothing.
  std::optional<Lost> look_at_lost(const std::filesystem::path& store, const std::filesystem::path& from) const;

 private:
  std::expected<std::string, std::string> manifest_text(const std::filesystem::path& directory) const;
  std::expected<BackupManifest, std::string> manifest_of(const std::filesystem::path& directory) const;

  const std::shared_ptr<const RocksSetup> setup_;
  const DiskFiles files_;
};

// Why nobody may open a store in `directory`: it is a backup, or a restore into it was begun and not finished. Empty:
// there is no such reason.
std::string not_to_be_opened(const std::filesystem::path& directory);
std::string not_to_be_opened(const std::filesystem::path& directory, const RocksSetup& setup);

}  // namespace titip::storage
