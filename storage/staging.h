// What one group commit is about to write, laid over what is already durable: reads see the group's own earlier writes.
// One thread (the writer); lives as long as one group.
//
// Faults stick: after a read that failed or a value that is damaged, reads answer "not there", and fault() says why;
// the caller then rolls its call back, so nothing decided on such an answer is ever written. Invariants: take_batch()
// holds the writes of every kept call whole, and nothing of a call that was rolled back; a row that was asked for by
// its handle, as bytes or decoded, says the same whichever way it was written last.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "storage/check.h"
#include "storage/key_order.h"
#include "storage/kv.h"
#include "storage/quarantine.h"
#include "storage/records.h"
#include "storage/store.h"

namespace titip::storage {

// What a row says that many calls of a group count in; monostate: it is not there.
using Counted = std::variant<std::monostate, std::uint64_t, DestinationCounts, std::vector<FineCount>>;

class Staging {
  struct Entry;

 public:
  explicit Staging(const KvReader& base) : base_(base) {}
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // A place, looked up once. Valid until take_batch(): an entry that was made stays, whatever is rolled back.
  class Row {
    friend class Staging;
    Row(Family family, std::pair<const std::string, Entry>& at) : family_(family), at_(&at) {}
    Family family_;
    std::pair<const std::string, Entry>* at_;

   public:
    Place place() const { return {family_, at_->first}; }
  };
  // `key`: a string of one's own, or a view of somebody else's.
  template <class Key>
  Row row(Family family, Key&& key);

  // What will be asked for: fetched together, once, when fetch() is called.
  void want(Row row);
  void want(Family family, std::string key) { want(row(family, std::move(key))); }
  void fetch();

  // Valid until the next put, change or erase of the same key.
  const std::string* get(Row row);
  const std::string* get(Family family, std::string_view key);
  void put(Row row, std::string value) { write(row, std::move(value)); }
  void put(Family family, std::string key, std::string value) { put(row(family, std::move(key)), std::move(value)); }
  void erase(Row row) { write(row, {}); }
  void erase(Family family, std::string key) { erase(row(family, std::move(key))); }

  // The same, decoded: once a group as a rule, and encoded again once, in take_batch(). A row has one kind of these.
  // nullptr: it is not there, or a fault (damaged: each time it is asked for). Valid as long as what get() gives.
  template <class T>
  const T* look(Row row, Decode<T> decode);
  // To be changed in place before anything else is asked; what is not there begins as T{}. nullptr: a fault.
  template <class T>
  T* change(Row row, Decode<T> decode);

  // The first key with `prefix` that is >= `from`, with its value; and the first `most` of them.
  std::optional<std::pair<std::string, std::string>> first(Family family, std::string_view prefix,
                                                           std::string_view from);
  std::vector<std::pair<std::string, std::string>> list(Family family, std::string_view prefix, std::string_view from,
                                                        std::size_t most);

  void fail(Error error);
  std::optional<Error> fault() const { return fault_; }

  // Error::corrupt, and where: of a value that was read and does not decode.
  void fail_damaged(Family family, std::string_view key);
  // Where damage was met, in calls that were rolled back too; for the owner to set it apart.
  void note(Damage damage);
  std::vector<Damage> take_damage() { return std::exchange(damage_, {}); }
  // What was damaged is noted, and the call at hand can do without it. False: the fault is another one.
  bool forgive_damage();

  // A call is kept or rolled back as a whole.
  void keep();
  void roll_back();

  KvBatch take_batch();

 private:
  struct Cell {
    Counted now;
    Counted before;              // what roll_back() goes back to
    std::uint64_t saved_in = 0;  // the call that is of
    bool was_dirty = false;      // then
  };
  enum class Standing : std::uint8_t { unknown, wanted, known };
  struct Entry {
    std::optional<std::string> value;  // none: not there
    std::unique_ptr<Cell> cell;        // once it was asked for decoded: always as new as the value, or newer
    Standing standing = Standing::unknown;
    bool dirty = false;  // differs from the base
    bool stale = false;  // the cell is newer than the value
  };
  using Entries = std::map<std::string, Entry, KeyOrder>;
  struct Undo {
    Entry* at;
    std::optional<Entry> before;  // none: its cell was changed, and knows itself what it said
  };
  Entries& entries(Family family) { return entries_[static_cast<std::size_t>(family)]; }
  bool read(Row row);
  static const std::optional<std::string>& bytes_of(Family family, std::string_view key, Entry& entry);
  template <class T>
  Cell* decoded(Row row, Decode<T> decode);
  void save(Entry& entry);
  void write(Row row, std::optional<std::string>&& value);
  void fail(const KvError& error, Damage where);

  const KvReader& base_;
  std::array<Entries, family_count> entries_;
  std::array<std::size_t, family_count> wanted_{};  // so many rows of each, or fewer
  std::vector<Undo> undo_;                          // of the call at hand
  std::uint64_t call_ = 1;                          // the one at hand
  std::optional<Error> fault_;
  std::vector<Damage> damage_;
};

template <class Key>
Staging::Row Staging::row(Family family, Key&& key) {
  Entries& all = entries(family);
  auto at = all.lower_bound(std::string_view(key));
  if (at == all.end() || at->first != key) at = all.emplace_hint(at, std::forward<Key>(key), Entry());
  return {family, *at};
}

template <class T>
const T* Staging::look(Row row, Decode<T> decode) {
  const Cell* cell = decoded(row, decode);
  return cell != nullptr ? std::get_if<T>(&cell->now) : nullptr;
}

template <class T>
T* Staging::change(Row row, Decode<T> decode) {
  Cell* cell = decoded(row, decode);
  if (cell == nullptr) return nullptr;
  save(row.at_->second);
  if (std::holds_alternative<std::monostate>(cell->now)) cell->now.template emplace<T>();
  return std::get_if<T>(&cell->now);
}

template <class T>
Staging::Cell* Staging::decoded(Row row, Decode<T> decode) {
  if (fault_) return nullptr;
  Entry& entry = row.at_->second;
  if (!entry.cell) {
    const std::string* bytes = get(row);
    if (fault_) return nullptr;
    Counted now;
    if (bytes != nullptr) {
      auto value = decode(row.place(), *bytes);
      if (!value) {
        fail_damaged(row.family_, row.at_->first);
        return nullptr;
      }
      now = std::move(*value);
    }
    entry.cell = std::make_unique<Cell>(std::move(now));
  }
  check(entry.cell->now.index() == 0 || std::holds_alternative<T>(entry.cell->now), "a row is of one kind");
  return entry.cell.get();
}

}  // namespace titip::storage
