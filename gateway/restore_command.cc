// Puts a backup in the place of the store, or takes the data directory as one that was put back. No gateway may run.
#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "gateway/admin/words.h"
#include "gateway/clock/local_date.h"
#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/offline.h"
#include "gateway/say.h"
#include "metrics/words/said.h"
#include "storage/backup.h"
#include "storage/erasure_list.h"
#include "storage/index_check.h"
#include "storage/key_file.h"
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

words::Said said_of(const storage::BackupManifest& manifest, const std::filesystem::path& from) {
  return words::said("The backup in {} is whole: {} in {}, up to position {}, of {}.", from.string(),
                     admin::bytes_text(manifest.bytes()), words::counted(manifest.files.size(), words::text("files")),
                     words::grouped(manifest.mark.position), clock::rfc3339(manifest.mark.at));
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
  const auto first = aside;
  for (int again = 2; std::filesystem::exists(aside, error); ++again)  // two within a second
    aside = fmt::format("{}-{}", first.string(), again);
  if (auto moved = storage::rename_durably(store, aside); !moved) return std::unexpected(std::move(moved.error()));
  return aside;
}

struct PutBack {
  storage::Restored restored;
  std::filesystem::path aside;  // where the store that was there is; empty: there was none
};

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

bool lacks_list(const Config& config, const RestoreCommand& command) {
  return !command.no_erasures && !storage::has_erasure_list(storage::erasure_list_path(config.key_file));
}

// What would leave a store that nobody can use, or with people in it who were erased, is refused before anything moves.
Outcome make_ready(const Config& config, const RestoreCommand& command, const storage::StoreLock& lock) {
  // Else the next start would put the reindexed store in the place of the one that is put back.
  if (const auto finished = storage::finish_reindex(lock, config.key_file); !finished)
    return std::unexpected(finished.error());
  const auto sealer = storage::Sealer::open(config.key_file, false);
  if (!sealer) return std::unexpected(sealer.error());
  const auto from = command.from.empty() ? store_directory(config) : command.from;
  if (auto checked = storage::check_index_keys_of_copy(from, *sealer); !checked) return checked;
  if (lacks_list(config, command)) return std::unexpected(no_erasure_list(config));
  if (auto added = add_old_keys(config, command.old_key_file); !added) return added;
  return storage::begin_erasure_list(storage::erasure_list_path(config.key_file));
}

std::expected<PutBack, std::string> put_back(const Config& config, const RestoreCommand& command,
                                             const clock::Clock& clock, Progressing& progressing) {
  auto lock = storage::StoreLock::take(store_directory(config));
  if (!lock) return std::unexpected(std::move(lock.error()));
  if (auto ready = make_ready(config, command, *lock); !ready) return std::unexpected(std::move(ready.error()));
  if (auto due =
          storage::write_secret_file(erasures_due(config), words::text("the mark of erasures to be applied again"),
                                     "restored\n", storage::Existing::replace);
      !due)
    return std::unexpected(std::move(due.error()));
  PutBack result;
  std::expected<storage::Restored, std::string> restored;
  if (command.from.empty()) {
    restored = storage::restore_as_it_is(store_directory(config), clock.wall(), progressing.on_progress());
  } else {
    const auto lost = storage::Backups().look_at_lost(store_directory(config), command.from);
    auto aside = move_aside(config, clock);
    if (!aside) return std::unexpected(std::move(aside.error()));
    result.aside = std::move(*aside);
    restored = storage::Backups().restore(command.from, store_directory(config), clock.wall(),
                                          progressing.on_progress(), lost);
  }
  if (!restored && !result.aside.empty())
    return std::unexpected(words::tell("{}. Run it again; the store that was there is kept in {}", restored.error(),
                                       result.aside.string()));
  if (!restored) return std::unexpected(std::move(restored.error()));
  result.restored = std::move(*restored);
  return result;
}

std::string capitalized(std::string text) {
  if (!text.empty()) text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

Ended said_of(const PutBack& done) {
  const auto& restored = done.restored;
  Ended ended;
  const auto gap =
      words::Said(capitalized(restored.gap.text().english()), capitalized(restored.gap.text().in(words::Language::id)));
  ended.sentence = words::said("The store is back. ");
  if (restored.made_unknown == 1)
    ended.sentence +=
        words::said("The outcome of 1 record is unknown: it is asked after before anything is sent again. ");
  if (restored.made_unknown > 1)
    ended.sentence += words::said("The outcome of {} is unknown: they are asked after before anything is sent again. ",
                                  words::counted(restored.made_unknown, words::text("records")));
  if (restored.kept_held == 1) ended.sentence += words::said("1 record is held as before. ");
  if (restored.kept_held > 1)
    ended.sentence += words::said("{} records are held as before. ", words::grouped(restored.kept_held));
  ended.sentence += words::said(
      "{}. Every destination waits behind a gate: look at `titip status`, then `titip resume DESTINATION --reason …`.",
      gap);
  if (restored.damaged > 0)
    ended.sentence += words::said(" {} cannot be read: run `titip verify`.",
                                  words::counted(restored.damaged, words::text("records")));
  if (!done.aside.empty())
    ended.sentence += words::said(
        " The store that was there is kept in {}, with everybody who is erased from now on: delete it as soon as this "
        "one serves and the gap is dealt with.",
        done.aside.string());
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

void say_left_out(const Config& config, Ended& ended) {
  std::error_code ignored;
  if (!std::filesystem::exists(erasures_due(config), ignored)) return;
  ended.partial = true;
  ended.sentence += words::said(
      " Damaged records of people who were erased could not be erased again; they are named in the log above and tried "
      "again at each start: run `titip verify`.");
  auto result = ordered_json::parse(ended.result);
  result["erasures_left_out"] = true;
  ended.result = result.dump();
}

void say_erased_again(Opened& opened, const RestoreCommand& command, Ended& ended) {
  const auto report = opened->erased_again.value_or(storage::ErasureReport{});
  if (report.persons == 1)
    ended.sentence += words::said(" 1 person was erased again.");
  else if (report.persons > 1)
    ended.sentence += words::said(" {} people were erased again.", words::grouped(report.persons));
  else
    ended.sentence +=
        command.no_erasures
            ? words::said(
                  " Nobody stands on the list of erased people: whoever was erased since the backup and is not "
                  "on it has to be erased once more.")
            : words::said(" Nobody stands on the list of erased people.");
  auto result = ordered_json::parse(ended.result);
  result["erased_again"] = report.persons;
  ended.result = result.dump();
}

// Better now than when the first of them should be sent.
Outcome say_unreadable(Opened& opened, const Config& config, Progressing& progressing, Ended& ended) {
  storage::WaitingHome home;
  storage::ScanQuery query;
  query.limit = 1'000;
  std::uint64_t unreadable = 0;
  std::uint64_t of = 0;
  for (const auto& [name, counts] : opened->store->counts().destinations)
    for (const auto count : counts.by_state) of += count;
  for (std::uint64_t done = 0;;) {
    const auto page =
        home.ask<storage::ScanPage>([&](auto answer) { opened->store->scan(query, home, std::move(answer)); });
    if (!page) return std::unexpected(admin::store_trouble(page.error()).sentence.own());
    for (const auto& record : page->items)
      if (opened->sealer.wrapped_by(record.wrapped_key) == storage::Sealer::WrappedBy::unknown_key) ++unreadable;
    done += page->examined;
    progressing.show({done, of});
    if (!page->next) break;
    query.after = page->next;
  }
  if (unreadable == 0) return {};
  ended.partial = true;
  ended.sentence += words::said(
      " {} sealed with a key that is not in {}: put the backup back once more, with --old-key-file and the copy of the "
      "key file from the backup's time.",
      unreadable == 1 ? words::said("1 record is") : words::said("{} records are", words::grouped(unreadable)),
      config.key_file.string());
  auto result = ordered_json::parse(ended.result);
  result["unreadable"] = unreadable;
  ended.result = result.dump();
  return {};
}

std::expected<Ended, std::string> restore(const Config& config, const RestoreCommand& command,
                                          const clock::Clock& clock) {
  Progressing progressing;
  if (auto made = make_data_directory(config); !made) return std::unexpected(std::move(made.error()));
  const auto done = put_back(config, command, clock, progressing);
  if (!done) return std::unexpected(done.error());
  auto ended = said_of(*done);
  // What was done is said whatever fails now: the gap and the place of the old store are known nowhere else.
  const auto but = [&ended](const std::string& why) {
    return std::unexpected(words::tell("{} But it is not ready yet: {}", ended.sentence.own(), why));
  };
  const auto behind = is_behind(config, clock);
  if (!behind) return but(behind.error());
  if (*behind)
    if (const auto moved_on = reindex_store(config, false, progressing); !moved_on) return but(moved_on.error());
  // Opened as it will be served: who was erased is erased again by now.
  auto opened = Opened::open(config, clock, Opening::must_exist);
  if (!opened) return but(opened.error());
  say_erased_again(*opened, command, ended);
  say_left_out(config, ended);
  const auto counted = say_unreadable(*opened, config, progressing, ended);
  if (auto audited = audit_offline(*opened, "restore", command.reason, ended.sentence); !audited)
    return but(audited.error());
  if (!counted) return but(counted.error());
  return ended;
}

}  // namespace

int run_restore(const Config& config, const RestoreCommand& command, Saying saying) {
  if (const auto why = offline_hindrance(config, command.reason, command.dry_run, "restore"))
    return conclude(*why, saying);
  const clock::SystemClock clock;
  // Without the keys a store is put back that nobody can read: that is said first.
  const auto keys = storage::Sealer::open(config.key_file, false);
  if (!keys) return conclude(offline_failed(keys.error()), saying);
  if (lacks_list(config, command)) return conclude(offline_failed(no_erasure_list(config)), saying);
  Ended foreseen;
  if (command.from.empty()) {
    if (!has_store(config))
      return conclude(
          in_trouble(Trouble::not_found, words::said("There is no store in {}.", config.data_directory.string())),
          saying);
    foreseen.sentence =
        words::said("The store in {} would be treated as one that was put back.", config.data_directory.string());
  } else {
    Progressing progressing;
    const auto manifest = storage::Backups().check(command.from, progressing.on_progress());
    if (!manifest) return conclude(offline_failed(manifest.error()), saying);
    if (const auto checked = storage::check_index_keys_of_copy(command.from, *keys); !checked)
      return conclude(offline_failed(checked.error()), saying);
    foreseen.sentence = said_of(*manifest, command.from);
  }
  foreseen.sentence +=
      words::said(" Every record that is not settled would become unknown, and every destination would wait.");
  if (command.dry_run) return conclude(foreseen, saying);
  if (!confirmed("restore", foreseen.sentence.own(), saying, true)) return exit_usage;
  const auto ended = restore(config, command, clock);
  return conclude(ended ? *ended : offline_failed(ended.error()), saying);
}

}  // namespace titip::gateway
