// What one group commit is about to write, laid over what is already durable: reads see the group's own earlier writes.
// One thread (the writer); lives as long as one group.
//
// Faults stick: after a read that failed or a value that is damaged, reads answer "not there", and fault() says why;
// the caller then rolls its call back, so nothing decided on such an answer is ever written. Invariant: take_batch()
// holds the writes of every kept call whole, and nothing of a call that was rolled back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/kv.h"
#include "storage/quarantine.h"
#include "storage/store.h"

namespace titip::storage {

class Staging {
 public:
  explicit Staging(const KvReader& base) : base_(base) {}
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // Keys that will be asked for: fetched together, once, when fetch() is called.
  void want(Family family, std::string key);
  void fetch();

  // Valid until the next put or erase of the same key.
  const std::string* get(Family family, std::string_view key);
  void put(Family family, std::string key, std::string value);
  void erase(Family family, std::string key);
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
  struct Entry {
    std::optional<std::string> value;
    bool dirty = false;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  struct Undo {
    Family family;
    Entries::iterator at;
    std::optional<Entry> before;
  };
  Entries& entries(Family family) { return entries_[static_cast<std::size_t>(family)]; }
  void write(Family family, std::string key, std::optional<std::string> value);
  void fail(const KvError& error, Damage where);

  const KvReader& base_;
  std::array<Entries, family_count> entries_;
  std::array<std::vector<std::string>, family_count> wanted_;
  std::vector<Undo> undo_;  // of the call at hand
  std::optional<Error> fault_;
  std::vector<Damage> damage_;
};

}  // namespace titip::storage
