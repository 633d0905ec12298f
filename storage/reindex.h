// Reindexing: every keyed hash in the store moves on to a new index key at the end of the chain (sealing.h). For when
// an index key may have become known: whoever has it and an old copy of the disk can try out all numbers of people.
//
// Offline: the gateway is stopped. A new store is written beside the old one, then the two change places, then the key
// file is replaced. A journal beside the store says how far that is: after a crash anywhere, finish_reindex (which
// every start calls before it opens the store) leaves the store wholly old or wholly new, with the key file that
// belongs to it. Needs the space of the store once more, which is looked at first. Bounded memory. Blocking, one
// thread; the caller holds the store's lock from before until after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/kv.h"
#include "storage/store_lock.h"

namespace titip::storage {

struct ReindexProgress {
  enum class Step : std::uint8_t {
    begun,           // the next key file and the journal are written
    copying,         // some entries are in the new store
    copied,          // all are, and they were counted again
    decided,         // from here on it is finished, not undone
    old_aside,       // the old store has another name
    new_in_place,    // the new one has its name
    key_replaced,    // the key file is the new one
    list_moved,      // the list of erased persons too
    old_removed,     // the old store is gone
    journal_removed  // all is done
  };
  Step step = Step::begun;
  std::uint64_t done_bytes = 0;
  std::uint64_t of_bytes = 0;  // about
};
std::string_view name(ReindexProgress::Step step);

struct ReindexOptions {
  // False: no new index key. A store from before an earlier reindex (a backup, say) is brought up to the key file.
  bool add_key = true;
  std::size_t batch_entries = 2000;
  std::size_t batch_bytes = 4U << 20U;
  // Opens or makes the database in a directory; RocksDB unless a test says otherwise.
  std::function<std::expected<std::unique_ptr<Kv>, std::string>(const std::filesystem::path&)> open{};
  // Free bytes where the store lives; the real ones unless a test says otherwise.
  std::function<std::optional<std::uint64_t>(const std::filesystem::path&)> free_bytes{};
  // Told after every step. False: stop here, as if killed; the next call begins anew, or finishes if it was decided.
  std::function<bool(const ReindexProgress&)> told{};
};

struct ReindexReport {
  std::uint64_t records = 0;
  std::uint64_t entries = 0;
  std::uint64_t damaged = 0;     // copied as they were: run titip verify
  std::size_t links_before = 0;  // of the chain
  std::size_t links = 0;
  bool finished = false;
};

// Errors are sentences that say what to do.
std::expected<ReindexReport, std::string> reindex(const StoreLock& lock, const std::filesystem::path& key_file,
                                                  const ReindexOptions& options = {});

// Before every opening of the store: a reindex that was cut short is finished, or undone if nothing was decided yet.
// Says whether there was one.
std::expected<bool, std::string> finish_reindex(const StoreLock& lock, const std::filesystem::path& key_file);

}  // namespace titip::storage
