// A consistent copy of the store, taken while it serves.
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <system_error>
#include <tuple>

#include "gateway/admin/upkeep.h"
#include "gateway/admin/words.h"
#include "metrics/words/said.h"
#include "storage/backup.h"
#include "storage/erasure_list.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

bool lies_in(const std::filesystem::path& path, const std::filesystem::path& directory) {
  const auto relative = path.lexically_normal().lexically_relative(directory.lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

// Said before anything is asked of the store. Empty: nothing is in the way.
words::Said hindrance(const std::filesystem::path& to, const std::filesystem::path& data_directory) {
  std::error_code error;
  if (is_there(to) && !storage::is_leftover(to))
    return words::said("{} is there already; name a directory that does not exist yet", to.string());
  std::ignore = std::filesystem::symlink_status(to, error);
  if (error && error != std::errc::no_such_file_or_directory)
    return words::said("cannot look at {}: {}", to.string(), error.message());
  const auto parent = std::filesystem::weakly_canonical(to.parent_path(), error);
  if (!std::filesystem::is_directory(parent, error))
    return words::said("{} is not a directory; make it first, writable for the user whom the gateway runs as",
                       to.parent_path().string());
  if (lies_in(parent / to.filename(), std::filesystem::weakly_canonical(data_directory, error)))
    return words::said("{} lies in the data directory, which a backup is there to outlive; name another place",
                       to.string());
  return {};
}

// Files are shared with the store there, not copied: what befalls the one befalls the other.
bool on_the_same_disk(const std::filesystem::path& one, const std::filesystem::path& other) {
  struct stat about_one{};
  struct stat about_other{};
  return ::stat(one.c_str(), &about_one) == 0 && ::stat(other.c_str(), &about_other) == 0 &&
         about_one.st_dev == about_other.st_dev;
}

}  // namespace

Ended backup(const Request& request, const Doors& doors, Telling& telling) {
  auto to = std::filesystem::path(request.to).lexically_normal();
  if (!to.has_filename()) to = to.parent_path();  // written with a slash at its end
  if (auto why = hindrance(to, doors.data_directory); !why.empty())
    return in_trouble(Trouble::failed, std::move(why) + ".");
  if (request.dry_run)
    return {
        {}, false, words::said("A backup would be made in {}.", to.string()), ordered_json{{"to", to.string()}}.dump()};
  telling.progress({});
  if (const auto begun = storage::begin_backup(to); !begun) return in_trouble(Trouble::failed, begun.error() + ".");
  storage::WaitingHome home;
  const auto made =
      home.ask<storage::Checkpoint>([&](auto done) { doors.store.checkpoint(to, home, std::move(done)); });
  if (!made) {
    const auto why = doors.store.health().why_no_checkpoint;
    std::ignore = storage::give_up_backup(to);
    if (made.error() != storage::Error::unavailable || why.empty()) return store_trouble(made.error());
    return in_trouble(Trouble::failed, words::said("The copy in {} could not be made: {}.", to.string(), why));
  }
  // Without its manifest the copy is no backup: it is checked file by file while it is written down what it holds.
  const auto manifest =
      storage::Backups().finish(to, [&telling](storage::Progress progress) { telling.progress(progress); });
  if (!manifest) {
    std::ignore = storage::give_up_backup(to);  // made here a moment ago; as it is it is of no use
    return in_trouble(Trouble::failed, words::verbatim(manifest.error()) + ".");
  }
  storage::end_backup(to);
  // What opens it, and who must be erased from it again, is not in it on purpose.
  auto apart = words::verbatim(doors.key_file.string());
  if (const auto list = storage::erasure_list_path(doors.key_file); std::filesystem::exists(list))
    apart = words::said("{} and {}", apart, list.string());
  Ended ended;
  ended.sentence = words::said(
      "The backup is in {}: everything up to position {}, {} in {}. Copy {} elsewhere too: a "
      "backup holds no keys.",
      to.string(), words::grouped(manifest->mark.position), bytes_text(manifest->bytes()),
      words::counted(manifest->files.size(), words::text("files")), apart);
  if (on_the_same_disk(to, doors.data_directory))
    ended.sentence += words::said(" It lies on the same disk as the store: copy it to another.");
  if (!manifest->rot.empty()) {
    ended.partial = true;
    ended.sentence += words::said(
        " But the store itself is damaged ({}), and so is its copy: keep the older backups, look at the disk, and run "
        "`titip verify`.",
        manifest->rot);
  }
  ended.result = ordered_json{{"to", to.string()},
                              {"last_position", manifest->mark.position},
                              {"epoch", made->epoch},
                              {"files", manifest->files.size()},
                              {"bytes", manifest->bytes()}}
                     .dump();
  return ended;
}

}  // namespace titip::admin
