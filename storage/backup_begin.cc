// The mark beside a backup while it is made, and what an interrupted one leaves.
#include <system_error>

#include "metrics/words/said.h"
#include "storage/backup.h"
#include "storage/secret_file.h"

namespace titip::storage {
namespace {

namespace fs = std::filesystem;

fs::path beside(fs::path directory, std::string_view ending) {
  directory += ending;
  return directory;
}
fs::path mark_of(const fs::path& directory) {
  return beside(directory, ".making");
}
// RocksDB makes a checkpoint under this name first.
fs::path unfinished_of(const fs::path& directory) {
  return beside(directory, ".tmp");
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

bool holds_only_a_copy(const fs::path& directory) {
  std::error_code error;
  fs::directory_iterator inside(directory, error);
  for (const fs::directory_iterator end; !error && inside != end; inside.increment(error)) {
    const std::string name = inside->path().filename().string();
    if (!is_of_a_copy(name) && !name.starts_with(manifest_name)) return false;
  }
  return !error;
}

}  // namespace

bool is_leftover(const fs::path& directory) {
  return is_there(mark_of(directory)) && is_there(directory) && !is_there(directory / manifest_name) &&
         holds_only_a_copy(directory);
}

std::expected<void, words::Said> begin_backup(const fs::path& directory) {
  if (is_there(directory) && !is_leftover(directory)) {
    return std::unexpected(words::said("{} is there already", directory.string()));
  }
  if (is_there(mark_of(directory))) {
    if (auto gone = give_up_backup(directory); !gone) return gone;
  } else if (is_there(unfinished_of(directory))) {
    return std::unexpected(words::said("{} is in the way, and no backup of ours left it there; move it elsewhere",
                                       unfinished_of(directory).string()));
  }
  const auto marked =
      write_secret_file(mark_of(directory), words::text("the mark of a backup"), "making\n", Existing::replace);
  if (!marked) return std::unexpected(words::verbatim(marked.error()));
  return {};
}

void end_backup(const fs::path& directory) {
  std::error_code ignored;  // beside a whole backup it means nothing
  fs::remove(mark_of(directory), ignored);
}

std::expected<void, words::Said> give_up_backup(const fs::path& directory) {
  for (const fs::path& each : {directory, unfinished_of(directory), mark_of(directory)}) {
    std::error_code error;
    fs::remove_all(each, error);
    if (error) return std::unexpected(words::said("cannot remove {}: {}", each.string(), error.message()));
  }
  return {};
}

}  // namespace titip::storage
