// The oracle: what the clients of a store know, kept outside of it. Fed by a Witness' sights; after a restart an
// Inspection compares it with what the store holds. It shares nothing with the store but the plain types: what a change
// leads to, it knows from a table of its own. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/intents.h"
#include "tests/crash/witness.h"

namespace titip::crash {

struct Finding {
  enum class Kind : std::uint8_t {
    lost,            // acknowledged, and not there
    damaged,         // acknowledged, and answered as damaged
    duplicate,       // two submissions under one key, or two effects of one act
    corrupt_served,  // bytes that nobody gave
    broken,          // any other promise
  };
  Kind kind = Kind::broken;
  std::string what;
};
std::string_view name(Finding::Kind kind);
std::size_t count(const std::vector<Finding>& findings, Finding::Kind kind);

// The line that a settlement leaves in the timeline, as the workload words it (workload.cc).
struct Line {
  bool probe = false;
  storage::Outcome outcome = storage::Outcome::unsettled;
  std::string rule;
  std::string note;
  // Of the attempt or probe that ended with this event.
  static Line of(storage::Event event, bool probe);
  static Line of_a_restart();  // ended an open attempt
  bool operator==(const Line&) const = default;
};
// The national server's reply to this submission; it comes with a delivery alone, and not with one that a probe found.
std::string reply_to(const storage::SubmissionId& id);

// What is known of one submission id.
struct Known {
  enum class Custody : std::uint8_t {
    unknown,       // asked, no answer
    acknowledged,  // a client holds a receipt
    none,          // certainly not there: refused, or another submission stands for it
  };
  // One change that was asked and not answered.
  struct Doubt {
    storage::State to = storage::State::queued;
    std::uint32_t lines = 0;
    std::optional<Line> line;
  };
  Try said;
  Custody custody = Custody::unknown;
  std::uint64_t position = 0;  // 0: not known
  storage::State state = storage::State::queued;
  storage::State held_from = storage::State::queued;
  std::uint32_t version = 0;
  std::uint32_t lines = 0;   // of the timeline
  std::optional<Line> line;  // the last of them; none: there is none, or it is not known
  std::optional<Doubt> doubt;
};
struct KnownObject {
  std::uint64_t version = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> doubt;  // the bytes of a put that was not answered
};

// What is needed to go on with a store after a restart; what a killed process is started with.
struct Brief {
  std::uint64_t seed = 0;
  std::uint64_t next_intent = 1;
  std::uint64_t next_object = 1;
  std::uint64_t next_audit_line = 1;
  std::vector<Try> repeat;         // these clients got no answer: they say it again, under these numbers
  std::vector<Try> say_twice;      // acknowledged ones that are said once more all the same
  std::set<std::uint64_t> landed;  // bodies that the national server has applied
  std::vector<storage::SubmissionId> held;

  std::string text() const;
  static Brief read(const std::string& text);
};

class History : public Witness {
 public:
  explicit History(std::uint64_t seed) : intents_(seed) {}

  void saw(const AcceptAsked& seen) override;
  void saw(const AcceptAnswered& seen) override;
  void saw(const ChangeAsked& seen) override;
  void saw(const ChangeAnswered& seen) override;
  void saw(const ObjectAsked& seen) override;
  void saw(const ObjectAnswered& seen) override;
  void saw(const AuditAsked& seen) override;
  void saw(const AuditAnswered& seen) override;
  void saw(const Effect& seen) override;
  void saw(const Served& seen) override;

  Brief brief() const;
  const Intents& intents() const { return intents_; }
  const std::map<storage::SubmissionId, Known>& known() const { return known_; }
  const std::map<std::uint32_t, KnownObject>& objects() const { return objects_; }
  std::map<storage::SubmissionId, Known>& known() { return known_; }  // for what an inspection finds out
  std::map<std::uint32_t, KnownObject>& objects() { return objects_; }
  // What the national server applied does not go away with a disk.
  void take_effects_of(const History& other) { effects_ = other.effects_; }
  void bind_keys();  // after an inspection: what turned out to be there holds its idempotency key

  const std::map<std::uint64_t, std::uint64_t>& audit() const { return audit_; }  // place → line, as acknowledged
  // The submission that an idempotency key stands for by acknowledgement.
  const std::map<storage::Digest, storage::SubmissionId>& keys() const { return keys_; }
  std::uint64_t acknowledged() const { return acknowledged_; }  // receipts handed out: accepted and replayed
  std::uint64_t settled() const { return settled_; }
  std::uint64_t duplicate_effects() const;
  // What the answers alone contradict; empties the list.
  std::vector<Finding> take_findings() { return std::exchange(findings_, {}); }

 private:
  struct Client {
    std::uint32_t times = 0;  // how often it was said
    bool answered = false;
  };
  void accepted(const AcceptAnswered& seen, Known& known);
  void replayed(const AcceptAnswered& seen);
  void find(Finding::Kind kind, std::string what) { findings_.push_back({kind, std::move(what)}); }

  Intents intents_;
  std::map<storage::SubmissionId, Known> known_;
  std::map<std::uint64_t, Client> clients_;  // by intent
  std::map<storage::Digest, storage::SubmissionId> keys_;
  std::map<std::uint64_t, storage::SubmissionId> positions_;
  std::map<std::uint32_t, KnownObject> objects_;
  std::map<std::uint64_t, std::uint32_t> effects_;  // by body
  std::map<std::uint64_t, std::uint64_t> audit_;
  std::uint64_t next_audit_line_ = 1;
  std::uint64_t next_object_ = 1;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t settled_ = 0;
  std::vector<Finding> findings_;
};

}  // namespace titip::crash
