#include "storage/reindex.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "metrics/words/said.h"
#include "storage/backup.h"
#include "storage/free_space.h"
#include "storage/index_check.h"
#include "storage/key_file.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/reindex_map.h"
#include "storage/reindex_swap.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"
#include "storage/sealing.h"

namespace titip::storage {
namespace {

namespace fs = std::filesystem;
using Step = ReindexProgress::Step;
using Done = std::expected<void, std::string>;

std::unexpected<std::string> failed(words::Text doing, const KvError& error) {
  return std::unexpected(
      words::tell("{}: {}; the store is as it was, run titip verify, then reindex again", doing, error.text));
}

std::uint64_t size_of(const fs::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    if (entry.is_regular_file(error)) bytes += entry.file_size(error);
  }
  return bytes;
}

class Reindex {
 public:
  Reindex(ReindexPlaces places, const ReindexOptions& options) : places_(std::move(places)), options_(options) {}
  std::expected<ReindexReport, std::string> run();

 private:
  bool told(Step step) {
    progress_.step = step;
    stopped_ = options_.told && !options_.told(progress_);
    return !stopped_;
  }
  Done refuse_stranger() const;
  Done look_at_space();
  Done begin();
  std::expected<std::size_t, std::string> links_before(const Sealer& sealer) const;
  Done copy();
  Done copy_family(const ReindexMap& map, Family family);
  Done write();
  Done count_again();

  const ReindexPlaces places_;
  const ReindexOptions& options_;
  std::unique_ptr<Kv> old_;
  std::unique_ptr<Kv> next_;
  KvBatch batch_;
  std::size_t batch_bytes_ = 0;
  std::array<std::uint64_t, family_count> copied_{};
  ReindexProgress progress_;
  ReindexReport report_;
  bool stopped_ = false;
};

std::expected<ReindexReport, std::string> Reindex::run() {
  for (const auto step : {&Reindex::look_at_space, &Reindex::begin, &Reindex::copy, &Reindex::count_again}) {
    if (auto done = (this->*step)(); !done) return std::unexpected(std::move(done.error()));
    if (stopped_) return report_;
  }
  old_->close();
  next_->close();
  old_.reset();
  next_.reset();
  if (auto written = write_journal(places_, ReindexPhase::decided); !written) {
    return std::unexpected(std::move(written.error()));
  }
  if (!told(Step::decided)) return report_;
  const auto completed = complete_reindex(places_, [this](Step step) { return told(step); });
  if (!completed) return std::unexpected(completed.error());
  report_.finished = *completed || progress_.step == Step::journal_removed;
  return report_;
}

// What root writes, the user Titip runs as could not open.
Done Reindex::refuse_stranger() const {
  struct stat found{};
  if (::stat(places_.store.c_str(), &found) != 0) {
    return std::unexpected(words::tell("there is no store in {}", places_.store.string()));
  }
  if (found.st_uid != ::geteuid()) {
    return std::unexpected(words::tell("the store in {} belongs to another user; run this as the user Titip runs as",
                                       places_.store.string()));
  }
  return {};
}

Done Reindex::look_at_space() {
  if (auto ours = refuse_stranger(); !ours) return ours;
  if (auto why = not_to_be_opened(places_.store, RocksSetup{}); !why.empty()) return std::unexpected(std::move(why));
  const std::uint64_t size = size_of(places_.store);
  progress_.of_bytes = size;
  constexpr std::uint64_t for_logs = 64U << 20U;
  const std::uint64_t needed = size + size / 10 + for_logs;
  const auto parent = places_.store.parent_path();
  const auto free = options_.free_bytes ? options_.free_bytes(parent) : free_bytes(parent.empty() ? "." : parent);
  if (!free || *free >= needed) return {};
  return std::unexpected(words::tell(
      "a reindex writes the whole store anew beside the old one and needs {}, but only {} are free where {} "
      "lives; free some space first",
      size_text(needed), size_text(*free), places_.store.string()));
}

Done Reindex::begin() {
  auto file = read_key_file(places_.key_file);
  if (!file) return std::unexpected(std::move(file.error()));
  report_.links_before = file->index.size();
  auto next = options_.add_key ? with_new_index_key(std::move(*file)) : std::move(file);
  if (!next) return std::unexpected(std::move(next.error()));
  report_.links = next->index.size();
  if (auto undone = undo_reindex(places_); !undone) return undone;
  if (fs::exists(places_.old_store())) {
    return std::unexpected(words::tell("{} is in the way, and no reindex of ours left it there; move it elsewhere",
                                       places_.old_store().string()));
  }
  // The journal first: whatever else lies there then has somebody who takes it away.
  if (auto written = write_journal(places_, ReindexPhase::copying); !written) return written;
  if (auto written = write_next_key_file(places_.next_key_file(), *next); !written) return written;
  told(Step::begun);
  return {};
}

// How many links the digests of the old store went through.
std::expected<std::size_t, std::string> Reindex::links_before(const Sealer& sealer) const {
  const std::string key = keys::object(index_check_kind, index_check_name);
  const auto bytes = old_->get(Family::object, key);
  if (!bytes) return failed(words::text("reading the old store"), bytes.error());
  if (!*bytes) return report_.links_before;  // from before there was a check
  const auto object = decode_object({Family::object, key}, **bytes);
  const auto held = object ? decode_index_check(object->bytes) : std::nullopt;
  const auto links = held ? links_of(sealer, *held) : std::nullopt;
  if (!links) {
    return std::unexpected(words::tell(
        "the key file is not the one of this store; put the key file back that was in use when it was last written"));
  }
  return *links;
}

Done Reindex::copy() {
  using Opened = std::expected<std::unique_ptr<Kv>, std::string>;
  const auto open = [this](const fs::path& path, Evidence evidence) -> Opened {
    if (options_.open) return options_.open(path);
    return open_rocks_kv(path, RocksSetup{}, evidence);
  };
  auto old = open(places_.store, Evidence::must_hold);
  if (!old) return std::unexpected(std::move(old.error()));
  old_ = std::move(*old);
  const auto format = old_->get(Family::info, keys::format);
  const auto known = format && *format ? decode_format(**format) : std::nullopt;
  if (known != format_version) {
    return std::unexpected(
        words::tell("the store in {} is of another format than this Titip writes; start the gateway "
                    "once, which says what to do",
                    places_.store.string()));
  }
  auto sealer = Sealer::open(places_.next_key_file(), false);
  if (!sealer) return std::unexpected(std::move(sealer.error()));
  const auto links = links_before(*sealer);
  if (!links) return std::unexpected(links.error());
  report_.links_before = *links;
  if (*links == report_.links) {
    return std::unexpected(words::tell("the store is up to the key file already; there is nothing to reindex"));
  }
  auto next = open(places_.next_store(), Evidence::not_asked);
  if (!next) return std::unexpected(std::move(next.error()));
  next_ = std::move(*next);
  const ReindexMap map(*sealer, *links, *old_);
  for (std::size_t i = 0; i < family_count; ++i) {
    if (auto done = copy_family(map, static_cast<Family>(i)); !done || stopped_) return done;
  }
  if (auto done = write(); !done || stopped_) return done;
  // The note last: it vouches for all that is there.
  const auto note = old_->noted();
  if (!note) return failed(words::text("reading the old store's note"), note.error());
  if (*note) {
    if (auto noted = next_->note(**note); !noted)
      return failed(words::text("writing the new store's note"), noted.error());
  }
  return {};
}

Done Reindex::copy_family(const ReindexMap& map, Family family) {
  Done done;
  const auto scanned = old_->scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
    auto moved = map.moved(family, key, value);
    if (!moved) {
      done = failed(words::text("reading the old store"), moved.error());
      return false;
    }
    ++copied_[static_cast<std::size_t>(family)];
    ++report_.entries;
    if (family == Family::meta) ++report_.records;
    if (moved->damaged) ++report_.damaged;
    batch_bytes_ += key.size() + value.size();
    progress_.done_bytes += key.size() + value.size();
    batch_.push_back({family, std::move(moved->key), std::move(moved->value)});
    if (batch_.size() >= options_.batch_entries || batch_bytes_ >= options_.batch_bytes) done = write();
    return done && !stopped_;
  });
  if (done && !scanned) return failed(words::text("reading the old store"), scanned.error());
  return done;
}

Done Reindex::write() {
  if (batch_.empty()) return {};
  // A stall of the engine is waited out: nobody else is served.
  auto written = next_->commit(batch_);
  for (int i = 0; !written && written.error().kind == KvError::Kind::busy && i < 6000; ++i) {
    ::usleep(10'000);
    written = next_->commit(batch_);
  }
  if (!written) return failed(words::text("writing the new store"), written.error());
  batch_.clear();
  batch_bytes_ = 0;
  progress_.of_bytes = std::max(progress_.of_bytes, progress_.done_bytes);
  told(Step::copying);
  return {};
}

// Two entries that fell on one key would be one less.
Done Reindex::count_again() {
  for (std::size_t i = 0; i < family_count; ++i) {
    std::uint64_t found = 0;
    const auto scanned = next_->scan(static_cast<Family>(i), {}, {}, [&](std::string_view, std::string_view) {
      ++found;
      return true;
    });
    if (!scanned) return failed(words::text("reading the new store"), scanned.error());
    if (found != copied_[i]) {
      return std::unexpected(
          words::tell("{} entries of {} were copied, but the new store holds {}; the store is as it "
                      "was, see to the disk",
                      copied_[i], family_names[i], found));
    }
  }
  told(Step::copied);
  return {};
}

ReindexPlaces places_of(const StoreLock& lock, const fs::path& key_file) {
  return {lock.store(), key_file};
}

}  // namespace

std::string_view name(Step step) {
  constexpr std::array<std::string_view, 10> names{"begun",       "copying",        "copied",       "decided",
                                                   "old_aside",   "new_in_place",   "key_replaced", "list_moved",
                                                   "old_removed", "journal_removed"};
  return names[static_cast<std::size_t>(step)];
}

std::expected<ReindexReport, std::string> reindex(const StoreLock& lock, const fs::path& key_file,
                                                  const ReindexOptions& options) {
  if (auto finished = finish_reindex(lock, key_file); !finished) return std::unexpected(std::move(finished.error()));
  return Reindex(places_of(lock, key_file), options).run();
}

std::expected<bool, std::string> finish_reindex(const StoreLock& lock, const fs::path& key_file) {
  const ReindexPlaces places = places_of(lock, key_file);
  const auto phase = read_journal(places);
  if (!phase) return std::unexpected(phase.error());
  if (!*phase) return false;
  if (**phase == ReindexPhase::copying) {
    if (auto undone = undo_reindex(places); !undone) return std::unexpected(std::move(undone.error()));
    return true;
  }
  if (auto completed = complete_reindex(places, {}); !completed) return std::unexpected(std::move(completed.error()));
  return true;
}

}  // namespace titip::storage
