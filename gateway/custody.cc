#include "gateway/custody.h"

#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "gateway/first_start.h"
#include "metrics/log.h"
#include "metrics/words/said.h"
#include "storage/backup.h"
#include "storage/erasure_list.h"
#include "storage/index_check.h"
#include "storage/open.h"
#include "storage/persons.h"
#include "storage/reindex.h"
#include "storage/secret_file.h"
#include "storage/store_files.h"
#include "storage/waiting_home.h"

namespace titip::gateway {
namespace {

using metrics::Field;
using metrics::Level;
using Outcome = std::expected<void, storage::NotOpened>;

storage::StoreOptions store_options(const Config& config, CustodyDoors doors) {
  storage::StoreOptions options;
  options.directory = store_directory(config);
  options.writer_queue_submissions = config.storage.writer_queue_submissions;
  options.writer_queue_bytes = config.storage.writer_queue_bytes;
  options.free_space_floor_bytes = config.storage.free_space_floor_bytes;
  options.ballast_bytes = config.storage.ballast_bytes;
  options.retain_delivered = retention_rule(config).delivered;  // zero: with the settlement itself
  options.now = [&clock = doors.clock] { return clock.wall(); };
  options.steady = [&clock = doors.clock] { return clock.steady(); };
  options.probes = doors.probes;
  options.on_fatal = std::move(doors.on_fatal);
  return options;
}

// A backup brings back who was erased since.
Outcome erase_again(const Config& config, Custody& custody) {
  const auto due = erasures_due(config);
  if (!std::filesystem::exists(due)) return {};
  const auto list = storage::erasure_list_path(config.key_file);
  if (!storage::has_erasure_list(list))
    return std::unexpected(storage::NotOpened::until_a_person_looked(no_erasure_list(config)));
  storage::WaitingHome home;
  const auto report = storage::reapply_erasures(*custody.store, custody.sealer, home, list);
  if (!report) return std::unexpected(report.error().own());
  custody.erased_again = *report;
  metrics::log(Level::info, "erasures_applied_again", {{Field::count, static_cast<std::int64_t>(report->persons)}});
  if (const auto& left_out = report->left_out; left_out.any()) {
    // The mark stays, so that every start tries again; a damaged record alone must not keep the others from being sent.
    for (const auto& id : left_out.ids)
      metrics::log(Level::error, "erasure_left_out", {{Field::submission, id.text()}});
    metrics::log(Level::error, "erasures_left_out",
                 {{Field::count, static_cast<std::int64_t>(left_out.count)},
                  {Field::reason, words::tell("damaged records cannot be erased again; run titip verify")}});
    return {};
  }
  std::error_code error;
  std::filesystem::remove(due, error);
  if (error || !storage::sync_directory(config.data_directory))
    return std::unexpected(words::tell("cannot remove {}: {}", due.string(), error.message()));
  return {};
}

Outcome check_and_erase(const Config& config, Custody& custody, Opening opening) {
  if (opening == Opening::as_put_back) return {};
  storage::WaitingHome home;
  if (auto checked = storage::check_index_keys(*custody.store, custody.sealer, home); !checked) return checked;
  return erase_again(config, custody);
}

}  // namespace

std::filesystem::path store_directory(const Config& config) {
  return config.data_directory / "store";
}

std::filesystem::path erasures_due(const Config& config) {
  return config.data_directory / "erasures-due";
}

std::string no_erasure_list(const Config& config) {
  return words::tell(
      "the list of erased persons {} is missing, and a store that was put back holds whom it names; put its copy back "
      "beside the key file and run `titip restore` again. If nobody was erased since the backup, or the list is lost "
      "for good, add --no-erasures",
      storage::erasure_list_path(config.key_file).string());
}

bool has_store(const Config& config) {
  return storage::find_store_files(store_directory(config)).what != storage::StoreFiles::none;
}

std::string refuse_stranger(const Config& config) {
  struct stat found{};
  if (::stat(config.data_directory.c_str(), &found) != 0 || found.st_uid == ::geteuid()) return {};
  return words::tell(
      "{} belongs to user {}, and this runs as user {}: what it writes there the other could not open; run it as the "
      "user Titip runs as (`sudo -u titip titip …`), or give that user the directory",
      config.data_directory.string(), found.st_uid, ::geteuid());
}

std::expected<void, std::string> make_data_directory(const Config& config) {
  const auto& directory = config.data_directory;
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(words::tell("cannot make {}: {}", directory.string(), error.message()));
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (error)
    return std::unexpected(words::tell("cannot set the mode of {}: {}; it must belong to the user who runs Titip",
                                       directory.string(), error.message()));
  return {};
}

std::expected<Custody, storage::NotOpened> open_custody(const Config& config, CustodyDoors doors, Opening opening) {
  const auto nothing_there = [&config] {
    return std::unexpected(words::tell("there is no store in {}; look at \"data_directory\" in the config",
                                       config.data_directory.string()));
  };
  if (opening != Opening::may_create && !std::filesystem::is_directory(config.data_directory)) return nothing_there();
  if (auto why = refuse_stranger(config); !why.empty()) return std::unexpected(std::move(why));
  if (auto made = make_data_directory(config); !made) return std::unexpected(std::move(made.error()));
  auto lock = storage::StoreLock::take(store_directory(config));
  if (!lock) return std::unexpected(std::move(lock.error()));
  // What a reindex left half done is finished or undone first: it moves the store itself.
  if (const auto finished = storage::finish_reindex(*lock, config.key_file); !finished)
    return std::unexpected(finished.error());
  const auto files = storage::find_store_files(store_directory(config));
  if (auto refusal = storage::refuse_headless(store_directory(config), files);
      refusal && storage::not_to_be_opened(store_directory(config)).empty())
    return std::unexpected(std::move(*refusal));
  // A store without its key file must not get a new key: everything in it would be unreadable for ever.
  const bool is_new = files.what == storage::StoreFiles::none;
  if (is_new && opening != Opening::may_create) return nothing_there();
  if (is_new && std::filesystem::exists(erasures_due(config)))
    return std::unexpected(storage::NotOpened::until_a_person_looked(words::tell(
        "a restore into {} was begun and is not finished; run `titip restore` again", config.data_directory.string())));
  if (is_new)
    if (auto begun = begin_first_start(config); !begun) return std::unexpected(std::move(begun.error()));
  auto sealer = storage::Sealer::open(config.key_file, is_new);
  if (!sealer) return std::unexpected(std::move(sealer.error()));
  if (is_new)
    if (auto begun = storage::begin_erasure_list(storage::erasure_list_path(config.key_file)); !begun)
      metrics::log(Level::warning, "erasure_list_not_begun", {{Field::reason, begun.error()}});
  auto store = storage::open_rocks_store(store_options(config, std::move(doors)));
  if (!store) return std::unexpected(std::move(store.error()));
  Custody custody{std::move(*lock), std::move(*sealer), std::move(*store)};
  Outcome ready = end_first_start(config);
  if (ready) ready = check_and_erase(config, custody, opening);
  if (!ready) {
    custody.store->close();
    return std::unexpected(std::move(ready.error()));
  }
  return custody;
}

admin::RetentionRule retention_rule(const Config& config) {
  return {std::chrono::days(config.retention.delivered_days), std::chrono::days(config.retention.keys_days)};
}

}  // namespace titip::gateway
