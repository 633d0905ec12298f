// How two stores change places, and the key file with them, so that a crash anywhere leaves a pair that belongs
// together. Private to reindex.cc. Blocking, one thread.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "storage/reindex.h"

namespace titip::storage {

// All names beside the store; they lie on one file system, which rename() needs.
struct ReindexPlaces {
  std::filesystem::path store;
  std::filesystem::path key_file;
  std::filesystem::path next_store() const { return store.string() + ".reindexed"; }
  std::filesystem::path old_store() const { return store.string() + ".before-reindex"; }
  std::filesystem::path journal() const { return store.string() + ".reindex"; }
  std::filesystem::path next_key_file() const { return key_file.string() + ".reindex"; }
};

enum class ReindexPhase : std::uint8_t { copying, decided };
// No journal: none is under way.
std::expected<std::optional<ReindexPhase>, std::string> read_journal(const ReindexPlaces& places);
std::expected<void, std::string> write_journal(const ReindexPlaces& places, ReindexPhase phase);

using ToldStep = std::function<bool(ReindexProgress::Step)>;

// Phase `copying`: takes away what was begun.
std::expected<void, std::string> undo_reindex(const ReindexPlaces& places);
// Phase `decided`: goes on from wherever it stopped, to the end. False: `told` stopped it.
std::expected<bool, std::string> complete_reindex(const ReindexPlaces& places, const ToldStep& told);

}  // namespace titip::storage
