#include "gateway/custody.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "storage/open.h"

namespace titip::gateway {
namespace {

std::expected<void, std::string> make_data_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(fmt::format("cannot make {}: {}", directory.string(), error.message()));
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (error)
    return std::unexpected(fmt::format("cannot set the mode of {}: {}; it must belong to the user who runs Titip",
                                       directory.string(), error.message()));
  return {};
}

}  // namespace

std::filesystem::path store_directory(const Config& config) {
  return config.data_directory / "store";
}

bool has_store(const Config& config) {
  std::error_code ignored;
  return std::filesystem::exists(store_directory(config) / "CURRENT", ignored);
}

std::expected<Custody, std::string> open_custody(const Config& config, CustodyDoors doors, bool may_create) {
  // A store without its key file must not get a new key: everything in it would be unreadable for ever.
  const bool is_new = !has_store(config);
  if (is_new && !may_create)
    return std::unexpected(fmt::format("there is no store in {}; look at \"data_directory\" in the config",
                                       config.data_directory.string()));
  if (auto made = make_data_directory(config.data_directory); !made) return std::unexpected(std::move(made.error()));
  auto sealer = storage::Sealer::open(config.key_file, is_new);
  if (!sealer) return std::unexpected(std::move(sealer.error()));
  storage::StoreOptions options;
  options.directory = store_directory(config);
  options.writer_queue_submissions = config.storage.writer_queue_submissions;
  options.writer_queue_bytes = config.storage.writer_queue_bytes;
  options.free_space_floor_bytes = config.storage.free_space_floor_bytes;
  options.now = [&clock = doors.clock] { return clock.wall(); };
  options.probes = doors.probes;
  options.on_fatal = std::move(doors.on_fatal);
  auto store = storage::open_rocks_store(std::move(options));
  if (!store) return std::unexpected(std::move(store.error()));
  return Custody{std::move(*sealer), std::move(*store)};
}

admin::RetentionRule retention_rule(const Config& config) {
  return {std::chrono::days(config.retention.delivered_days), std::chrono::days(config.retention.keys_days)};
}

}  // namespace titip::gateway
