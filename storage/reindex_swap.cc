#include "storage/reindex_swap.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <system_error>

#include "metrics/words/said.h"
#include "storage/crc32c.h"
#include "storage/erasure_list.h"
#include "storage/key_file.h"
#include "storage/sealing.h"
#include "storage/secret_file.h"

namespace titip::storage {
namespace {

namespace fs = std::filesystem;
using Step = ReindexProgress::Step;
using Done = std::expected<void, std::string>;

constexpr auto what = words::text("the journal of a reindex");
constexpr std::array<std::string_view, 2> phase_names{"copying", "decided"};

std::string text_of(ReindexPhase phase) {
  const std::string text = fmt::format("titip-reindex 1\nphase {}\n", phase_names[static_cast<std::size_t>(phase)]);
  return fmt::format("{}crc32c {:08x}\n", text, crc32c(text));
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

Done take_away(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return std::unexpected(words::tell("cannot remove {}: {}", path.string(), error.message()));
  if (!sync_directory(path.parent_path())) {
    return std::unexpected(words::tell("cannot fsync the directory of {}; see to the disk", path.string()));
  }
  return {};
}

Done swap_stores(const ReindexPlaces& places, const std::function<bool(Step)>& told, bool& stopped) {
  if (!is_there(places.next_store())) return {};  // they have changed places
  if (is_there(places.store) && !is_there(places.old_store())) {
    if (auto aside = rename_durably(places.store, places.old_store()); !aside) return aside;
    stopped = !told(Step::old_aside);
    if (stopped) return {};
  }
  if (is_there(places.store)) {
    return std::unexpected(words::tell(
        "both {} and {} are there while a reindex was to change them; somebody made one of them since. Move "
        "the newer one away, then start again",
        places.store.string(), places.old_store().string()));
  }
  return rename_durably(places.next_store(), places.store);
}

}  // namespace

std::expected<std::optional<ReindexPhase>, std::string> read_journal(const ReindexPlaces& places) {
  if (!is_there(places.journal())) return std::nullopt;
  const auto read = read_secret_file(places.journal(), what, 200);
  if (!read) return std::unexpected(read.error());
  for (const auto phase : {ReindexPhase::copying, ReindexPhase::decided}) {
    if (read->text == text_of(phase)) return phase;
  }
  return std::unexpected(
      words::tell("{} {} is damaged; the store and the key file may not belong together: restore both from one backup",
                  what, places.journal().string()));
}

Done write_journal(const ReindexPlaces& places, ReindexPhase phase) {
  return write_secret_file(places.journal(), what, text_of(phase), Existing::replace);
}

Done undo_reindex(const ReindexPlaces& places) {
  for (const fs::path& path : {places.next_store(), places.next_key_file(), places.journal()}) {
    if (auto removed = take_away(path); !removed) return removed;
  }
  return {};
}

std::expected<bool, std::string> complete_reindex(const ReindexPlaces& places, const ToldStep& told) {
  const auto tell = [&told](Step step) { return !told || told(step); };
  bool stopped = false;
  if (auto swapped = swap_stores(places, tell, stopped); !swapped) return std::unexpected(std::move(swapped.error()));
  if (stopped || !tell(Step::new_in_place)) return false;
  if (is_there(places.next_key_file())) {
    if (auto replaced = rename_durably(places.next_key_file(), places.key_file); !replaced) {
      return std::unexpected(std::move(replaced.error()));
    }
  }
  if (!tell(Step::key_replaced)) return false;
  const auto sealer = Sealer::open(places.key_file, false);
  if (!sealer) return std::unexpected(sealer.error());
  if (auto moved = move_erasures_on(erasure_list_path(places.key_file), *sealer); !moved) {
    return std::unexpected(std::move(moved.error()));
  }
  if (!tell(Step::list_moved)) return false;
  if (auto removed = take_away(places.old_store()); !removed) return std::unexpected(std::move(removed.error()));
  if (!tell(Step::old_removed)) return false;
  if (auto removed = take_away(places.journal()); !removed) return std::unexpected(std::move(removed.error()));
  return tell(Step::journal_removed);
}

}  // namespace titip::storage
