#include "storage/store_files.h"

#include <algorithm>
#include <string_view>

#include "metrics/words/said.h"
#include "storage/disk_files.h"
#include "storage/rocks_kv_setup.h"

namespace titip::storage {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A first start makes the manifest of number 1 before CURRENT, and all else, the note too, after CURRENT is durable.
// The first start that gets that far replaces the manifest by one of a higher number.
bool is_left_by_a_database(std::string_view name) {
  constexpr std::string_view manifest = "MANIFEST-";
  if (name == "NOTE") return true;
  if (name.starts_with(manifest)) return name != "MANIFEST-000001";
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || !is_number(name.substr(0, dot))) return false;
  const std::string_view kind = name.substr(dot);
  return kind == ".log" || kind == ".sst" || kind == ".blob";
}

}  // namespace

FilesFound find_store_files(const std::filesystem::path& directory) {
  return find_store_files(directory, RocksSetup{});
}

FilesFound find_store_files(const std::filesystem::path& directory, const RocksSetup& setup) {
  const DiskFiles files(setup);
  if (files.exists(directory / "CURRENT")) return {StoreFiles::there, {}};
  const auto names = files.names(directory);
  if (!names) return {};  // no such directory; one that cannot be listed cannot be opened either
  const auto found = std::ranges::find_if(*names, is_left_by_a_database);
  if (found == names->end()) return {};
  return {StoreFiles::headless, *found};
}

std::optional<NotOpened> refuse_headless(const std::filesystem::path& directory, const FilesFound& found) {
  if (found.what != StoreFiles::headless) return std::nullopt;
  return NotOpened::until_a_person_looked(words::tell(
      "the store in {} lacks its file CURRENT, but other files of it are there ({}), which no crash does; nothing was "
      "touched: keep the directory as it is and look at the disk; when CURRENT cannot be found again, run `titip "
      "restore "
      "--from` the newest backup, which keeps the directory beside the new one",
      directory.string(), found.example));
}

}  // namespace titip::storage
