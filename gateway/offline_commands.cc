// The commands that need the data directory for themselves: no gateway may run.
#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "gateway/admin/audit.h"
#include "gateway/admin/control_call.h"
#include "gateway/admin/words.h"
#include "gateway/clock/local_date.h"
#include "gateway/commands.h"
#include "gateway/custody.h"
#include "gateway/exit_status.h"
#include "gateway/progress_line.h"
#include "gateway/say.h"
#include "metrics/log.h"
#include "storage/backup.h"
#include "storage/index_check.h"
#include "storage/key_file.h"
#include "storage/reindex.h"
#include "storage/restore.h"
#include "storage/secret_file.h"
#include "storage/waiting_home.h"

namespace titip::gateway {
namespace {

using admin::Ended;
using admin::in_trouble;
using admin::Trouble;
using nlohmann::ordered_json;
using Outcome = std::expected<void, std::string>;

std::optional<Ended> hindrance(const Config& config, admin::Request request, std::string_view what) {
  request.command = admin::Command::retain;         // something that changes: the same rules for its reason
  metrics::set_log_level(metrics::Level::warning);  // what there is to say is said in sentences
  if (auto fault = admin::fault_of(request); !fault.empty()) {
    if (request.reason.empty()) fault = fmt::format("{} changes what is in custody: say why, with --reason", what);
    return in_trouble(Trouble::usage, fault + ".");
  }
  if (admin::gateway_runs(config.data_directory))
    return in_trouble(Trouble::failed, fmt::format("A gateway serves {}. Stop it first, then run `titip {}` again.",
                                                   config.data_directory.string(), what));
  return std::nullopt;
}

std::string who() {
  return fmt::format("uid:{}", ::getuid());
}

CustodyDoors doors_of(const clock::Clock& clock) {
  return {clock, nullptr, [](const std::string& reason) {
            say(fmt::format("the store failed: {}", reason));
            ::_exit(exit_failed);
          }};
}

// A store that is open here, and closed when this ends.
class Opened {
 public:
  static std::expected<Opened, std::string> open(const Config& config, const clock::Clock& clock, Opening opening) {
    auto custody = open_custody(config, doors_of(clock), opening);
    if (!custody) return std::unexpected(std::move(custody.error()));
    return Opened(std::move(*custody));
  }
  Opened(Opened&&) = default;
  Opened& operator=(Opened&&) = delete;
  ~Opened() {
    if (custody_.store) custody_.store->close();
  }
  Custody& operator*() { return custody_; }
  Custody* operator->() { return &custody_; }

 private:
  explicit Opened(Custody custody) : custody_(std::move(custody)) {}
  Custody custody_;
};

class Progressing {
 public:
  Progressing() : line_(stderr, ::isatty(STDERR_FILENO) != 0) {}
  ~Progressing() { line_.end(); }
  storage::OnProgress on_progress() {
    return [this](storage::Progress progress) { line_.show(progress); };
  }
  void show(storage::Progress progress) { line_.show(progress); }

 private:
  ProgressLine line_;
};

// A line in the audit log, with the store opened as it will be served: what is due is done before.
Outcome audit(const Config& config, const clock::Clock& clock, std::string_view action, const std::string& reason,
              std::string_view said) {
  auto opened = Opened::open(config, clock, Opening::must_exist);
  if (!opened) return std::unexpected(std::move(opened.error()));
  const auto line = admin::offline_line(action, who(), reason, said);
  if (const auto appended = admin::append(*(*opened)->store, line); !appended)
    return std::unexpected(admin::store_trouble(appended.error()).sentence);
  return {};
}

// --- reindex

// Whether the store is from before the key file's last reindex, as one that was put back may be.
std::expected<bool, std::string> is_behind(const Config& config, const clock::Clock& clock) {
  auto opened = Opened::open(config, clock, Opening::as_put_back);
  if (!opened) return std::unexpected(std::move(opened.error()));
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>([&](auto done) {
    (*opened)->store->get_object(std::string(storage::index_check_kind), std::string(storage::index_check_name), home,
                                 std::move(done));
  });
  if (!object) return std::unexpected(admin::store_trouble(object.error()).sentence);
  const auto held = *object ? storage::decode_index_check((*object)->bytes) : std::nullopt;
  const auto links = held ? storage::links_of((*opened)->sealer, *held) : std::nullopt;
  return links && *links < (*opened)->sealer.index_links();
}

std::expected<storage::ReindexReport, std::string> reindex_store(const Config& config, bool add_key,
                                                                 Progressing& progressing) {
  auto lock = storage::StoreLock::take(store_directory(config));
  if (!lock) return std::unexpected(std::move(lock.error()));
  storage::ReindexOptions options;
  options.add_key = add_key;
  options.told = [&progressing](const storage::ReindexProgress& progress) {
    progressing.show({progress.done_bytes, progress.of_bytes});
    return true;
  };
  return storage::reindex(*lock, config.key_file, options);
}

// --- restore

std::string said_of(const storage::BackupManifest& manifest, const std::filesystem::path& from) {
  return fmt::format("The backup in {} is whole: {} in {}, up to position {}, of {}.", from.string(),
                     admin::bytes_text(manifest.bytes()), admin::counted(manifest.files.size(), "files"),
                     admin::grouped(manifest.mark.position), clock::rfc3339(manifest.mark.at));
}

// The store that is there is never deleted: it is kept beside the new one. What an interrupted restore left is gone on
// with.
std::expected<std::filesystem::path, std::string> move_aside(const Config& config, const clock::Clock& clock) {
  const auto store = store_directory(config);
  std::error_code error;
  if (!std::filesystem::exists(store, error) || std::filesystem::is_empty(store, error)) return {};
  if (!storage::not_to_be_opened(store).empty()) return {};
  auto stamp = clock::rfc3339(clock.wall());
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  auto aside = store;
  aside += ".before-" + stamp;
  if (auto moved = storage::rename_durably(store, aside); !moved) return std::unexpected(std::move(moved.error()));
  return aside;
}

struct PutBack {
  storage::Restored restored;
  std::filesystem::path aside;  // where the store that was there is; empty: there was none
};

std::expected<PutBack, std::string> put_back(const Config& config, const RestoreCommand& command,
                                             const clock::Clock& clock, Progressing& progressing) {
  auto lock = storage::StoreLock::take(store_directory(config));
  if (!lock) return std::unexpected(std::move(lock.error()));
  if (auto due = storage::write_secret_file(erasures_due(config), "the mark of erasures to be applied again",
                                            "restored\n", storage::Existing::replace);
      !due)
    return std::unexpected(std::move(due.error()));
  PutBack result;
  std::expected<storage::Restored, std::string> restored;
  if (command.from.empty()) {
    restored = storage::restore_as_it_is(store_directory(config), clock.wall(), progressing.on_progress());
  } else {
    auto aside = move_aside(config, clock);
    if (!aside) return std::unexpected(std::move(aside.error()));
    result.aside = std::move(*aside);
    restored =
        storage::Backups().restore(command.from, store_directory(config), clock.wall(), progressing.on_progress());
  }
  if (!restored && !result.aside.empty())
    return std::unexpected(fmt::format("{}. Run it again; the store that was there is kept in {}", restored.error(),
                                       result.aside.string()));
  if (!restored) return std::unexpected(std::move(restored.error()));
  result.restored = std::move(*restored);
  return result;
}

// A backup is sealed with the keys of its time; a rotation since then took them out of the key file.
Outcome add_old_keys(const Config& config, const std::filesystem::path& old_key_file) {
  if (old_key_file.empty()) return {};
  const auto present = storage::read_key_file(config.key_file);
  if (!present) return std::unexpected(present.error());
  const auto older = storage::read_key_file(old_key_file);
  if (!older) return std::unexpected(older.error());
  const auto both = storage::with_keys_of(*present, *older);
  if (!both) return std::unexpected(both.error());
  return storage::replace_key_file(config.key_file, *both);
}

Ended said_of(const PutBack& done) {
  const auto& restored = done.restored;
  Ended ended;
  auto gap = restored.gap.text();
  if (!gap.empty()) gap.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(gap.front())));
  ended.sentence = "The store is back. ";
  if (restored.made_unknown > 0)
    ended.sentence += fmt::format("The outcome of {} is unknown: {} asked after before anything is sent again. ",
                                  admin::counted(restored.made_unknown, "records"),
                                  restored.made_unknown == 1 ? "it is" : "they are");
  if (restored.kept_held > 0)
    ended.sentence += fmt::format("{} held as before. ", restored.kept_held == 1
                                                             ? std::string("1 record is")
                                                             : admin::counted(restored.kept_held, "records") + " are");
  ended.sentence += fmt::format(
      "{}. Every destination waits behind a gate: look at `titip status`, then `titip resume DESTINATION --reason …`.",
      gap);
  if (restored.damaged > 0)
    ended.sentence +=
        fmt::format(" {} cannot be read: run `titip verify`.", admin::counted(restored.damaged, "records"));
  if (!done.aside.empty())
    ended.sentence += fmt::format(" The store that was there is kept in {}.", done.aside.string());
  ended.partial = restored.damaged > 0;
  ordered_json result{{"made_unknown", restored.made_unknown},
                      {"kept_held", restored.kept_held},
                      {"damaged", restored.damaged},
                      {"destinations", restored.destinations},
                      {"epoch", restored.epoch},
                      {"gap", ordered_json::parse(restored.gap.json(), nullptr, false)}};
  if (!done.aside.empty()) result["kept_in"] = done.aside.string();
  ended.result = result.dump();
  return ended;
}

std::expected<Ended, std::string> restore(const Config& config, const RestoreCommand& command,
                                          const clock::Clock& clock) {
  Progressing progressing;
  if (auto made = make_data_directory(config); !made) return std::unexpected(std::move(made.error()));
  if (auto added = add_old_keys(config, command.old_key_file); !added) return std::unexpected(std::move(added.error()));
  const auto done = put_back(config, command, clock, progressing);
  if (!done) return std::unexpected(done.error());
  const auto behind = is_behind(config, clock);
  if (!behind) return std::unexpected(behind.error());
  if (*behind)
    if (const auto moved_on = reindex_store(config, false, progressing); !moved_on)
      return std::unexpected(moved_on.error());
  auto ended = said_of(*done);
  if (auto audited = audit(config, clock, "restore", command.reason, ended.sentence); !audited)
    return std::unexpected(std::move(audited.error()));
  return ended;
}

Ended failed(std::string sentence) {
  if (!sentence.ends_with('.')) sentence += '.';
  return in_trouble(Trouble::failed, std::move(sentence));
}

}  // namespace

int run_restore(const Config& config, const RestoreCommand& command, Saying saying) {
  const admin::Request rules{.reason = command.reason, .dry_run = command.dry_run};
  if (const auto why = hindrance(config, rules, "restore")) return conclude(*why, saying);
  const clock::SystemClock clock;
  // Without the keys a store is put back that nobody can read: that is said first.
  if (const auto keys = storage::Sealer::open(config.key_file, false); !keys)
    return conclude(failed(keys.error()), saying);
  Ended foreseen;
  if (command.from.empty()) {
    if (!has_store(config))
      return conclude(
          in_trouble(Trouble::not_found, fmt::format("There is no store in {}.", config.data_directory.string())),
          saying);
    foreseen.sentence =
        fmt::format("The store in {} would be treated as one that was put back.", config.data_directory.string());
  } else {
    Progressing progressing;
    const auto manifest = storage::Backups().check(command.from, progressing.on_progress());
    if (!manifest) return conclude(failed(manifest.error()), saying);
    foreseen.sentence = said_of(*manifest, command.from);
  }
  foreseen.sentence += " Every record that is not settled would become unknown, and every destination would wait.";
  if (command.dry_run) return conclude(foreseen, saying);
  if (!confirmed("restore", foreseen.sentence, saying, true)) return exit_usage;
  const auto ended = restore(config, command, clock);
  return conclude(ended ? *ended : failed(ended.error()), saying);
}

int run_reindex(const Config& config, const std::string& reason, bool dry_run, Saying saying) {
  const admin::Request rules{.reason = reason, .dry_run = dry_run};
  if (const auto why = hindrance(config, rules, "keys reindex")) return conclude(*why, saying);
  const clock::SystemClock clock;
  const auto behind = is_behind(config, clock);
  if (!behind) return conclude(failed(behind.error()), saying);
  if (dry_run) {
    Ended ended;
    ended.sentence = *behind ? "The store would be brought up to the key file, which knows of a later reindex."
                             : "A new index key would be made, and every keyed hash in the store moved on to it.";
    return conclude(ended, saying);
  }
  Progressing progressing;
  const auto report = reindex_store(config, !*behind, progressing);
  if (!report) return conclude(failed(report.error()), saying);
  Ended ended;
  ended.partial = report->damaged > 0;
  ended.sentence = fmt::format("{} of {} moved on to index key {}. Make a new copy of {} and keep it elsewhere.",
                               admin::counted(report->entries, "entries"), admin::counted(report->records, "records"),
                               report->links, config.key_file.string());
  if (ended.partial)
    ended.sentence += fmt::format(" {} are damaged and were copied as they are: run `titip verify`.",
                                  admin::grouped(report->damaged));
  ended.result = ordered_json{{"records", report->records},
                              {"entries", report->entries},
                              {"damaged", report->damaged},
                              {"links_before", report->links_before},
                              {"links", report->links}}
                     .dump();
  if (const auto audited = audit(config, clock, "keys reindex", reason, ended.sentence); !audited)
    return conclude(failed(audited.error()), saying);
  return conclude(ended, saying);
}

}  // namespace titip::gateway
