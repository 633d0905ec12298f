#include "gateway/first_start.h"

#include <filesystem>
#include <system_error>

#include "metrics/words/said.h"
#include "storage/erasure_list.h"
#include "storage/secret_file.h"

namespace titip::gateway {
namespace {

std::filesystem::path mark_of(const Config& config) {
  return config.data_directory / "first-start";
}

// What cannot be looked at may well be there.
bool may_be_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(path, error)) ||
         (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory);
}

}  // namespace

std::expected<void, std::string> begin_first_start(const Config& config) {
  if (may_be_there(mark_of(config))) return {};
  for (const auto& left : {config.key_file, storage::erasure_list_path(config.key_file)})
    if (may_be_there(left))
      return std::unexpected(words::tell(
          "there is no store in {}, but {} says that there was one: mount its disk, put it back, or run `titip "
          "restore` with a backup; to begin anew with nothing, move {} aside first",
          config.data_directory.string(), left.string(), left.string()));
  return storage::write_secret_file(mark_of(config), words::text("the mark of a first start"), "begun\n",
                                    storage::Existing::replace);
}

std::expected<void, std::string> end_first_start(const Config& config) {
  const auto mark = mark_of(config);
  if (!may_be_there(mark)) return {};
  std::error_code error;
  std::filesystem::remove(mark, error);
  if (error || !storage::sync_directory(config.data_directory))
    return std::unexpected(words::tell("cannot remove {}: {}", mark.string(), error.message()));
  return {};
}

}  // namespace titip::gateway
