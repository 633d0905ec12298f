// Compares what a store holds with what its clients know, after a restart or while it runs: what was acknowledged is
// there, byte for byte and in its order; one submission stands under a key; what was settled stays settled; what may
// have been sent is not believed unsent; counts and indexes say what the records say. Reads only, through the store's
// door; every id that was ever asked for is loaded, which is a full scan.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/crash/door.h"
#include "tests/crash/history.h"

namespace titip::crash {

class Inspection {
 public:
  enum class When : std::uint8_t {
    restarted,  // attempts that were open have become unknown
    running,    // nothing may have changed but what was asked for
    restored,   // from a backup: nothing that was pending is believed to be still
  };
  // Whether anything here erases what is over: retention, or a full disk. Otherwise nobody asked for that.
  enum class Content : std::uint8_t { stays, may_be_erased };
  Inspection(Door& door, const History& history, When when, Content content = Content::stays);

  // Everything that is wrong. Empty although something could not be read: see unreadable().
  std::vector<Finding> run();
  // The store could not read something (the power is off, or a file is gone); its answer was `unavailable`.
  bool unreadable() const { return unreadable_; }
  std::uint64_t present() const { return present_; }
  // Records whose content retention has taken, and delivered or cancelled ones that still have theirs.
  std::uint64_t erased() const { return erased_; }
  std::uint64_t could_be_erased() const { return could_be_erased_; }

  // What was in doubt is now known: the client's history takes over what the store holds.
  void settle_doubts(History& history) const;

 private:
  struct Seen {
    storage::Loaded loaded;
    std::uint64_t payload_bytes = 0;
    std::optional<Line> line;  // the last settled one should be this; none: nobody knows
    bool erased = false;       // retention has taken its content, as it may
  };
  void load_all();
  void load_one_by_one(const std::vector<storage::SubmissionId>& ids);
  void look_at(const storage::SubmissionId& id, const Known& known);
  void look_at_content(Seen& seen, const Known& known);
  void look_at_state(Seen& seen, const Known& known);
  static std::string last_rule(const Seen& seen);  // of the last settled line
  void look_at_last_line(const Seen& seen, const Known& known);
  bool moved_by_others(const Seen& seen, const Known& known, std::size_t lines) const;
  bool taken_back(const Known& known) const;
  bool undone(const Known& known) const;
  void look_at_positions();
  void look_at_natural_keys();
  void look_at_counts();
  void look_at_due();
  void look_at_keys();
  void look_at_objects();
  void look_at_audit();
  void ask_the_store_itself();
  void find(Finding::Kind kind, std::string what) { findings_.push_back({kind, std::move(what)}); }
  std::string label(const storage::SubmissionId& id, const Known& known) const;

  Door& door_;
  const History& history_;
  const When when_;
  const Content content_;
  std::map<storage::SubmissionId, Seen> seen_;
  std::map<storage::SubmissionId, storage::Error> failed_;
  std::map<std::uint32_t, std::optional<storage::Object>> objects_;
  std::vector<Finding> findings_;
  bool unreadable_ = false;
  std::uint64_t present_ = 0, erased_ = 0, could_be_erased_ = 0;
};

}  // namespace titip::crash
