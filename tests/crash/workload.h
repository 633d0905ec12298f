// The clinics and the national server around one store, driven by dice: submissions with their double entries,
// corrections and contradictions; attempts, settlements, probes; holds, releases, cancellations; objects. What it asks
// and what it hears goes to a Witness, so that somebody else can judge. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/door.h"
#include "tests/crash/history.h"
#include "tests/sampler/random.h"

namespace titip::crash {

class Workload {
 public:
  Workload(Door& door, Witness& witness, Brief brief, std::uint64_t seed);

  // The clients that got no answer before the crash say it again, and some others say it a second time.
  void ask_again();
  // So many new submissions at least, and nothing else: a backlog.
  void pile_up(std::uint64_t submissions);
  // Some calls of every sort, sent together, then their answers. False: the store takes nothing any more.
  bool step();
  // No new submissions: only what is pending goes on.
  void stop_accepting() { accepting_ = false; }
  std::uint64_t next_intent() const { return brief_.next_intent; }
  std::uint64_t refused_accepts() const { return refused_accepts_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t changes() const { return changes_; }

 private:
  struct Open {  // an attempt on its way
    storage::SubmissionId id;
    std::uint32_t version = 0;
    storage::Event outcome = storage::Event::deferred;
  };
  struct Held {
    storage::SubmissionId id;
    std::uint32_t version = 0;
  };
  std::vector<storage::Due> due(storage::DueClass due_class, std::size_t limit);
  void accept(std::vector<Try> tries);
  void open(const std::vector<storage::Due>& items);
  void opened(const storage::Changed& changed, const storage::SubmissionId& id, std::uint64_t body);
  void settle_some();
  void settle_probes(const std::vector<storage::Due>& items);
  void send_settlements(std::vector<storage::Settlement> batch, const std::vector<storage::State>& from);
  void transition(const storage::SubmissionId& id, storage::State from, std::uint32_t version, storage::Event event);
  void put_object();
  void append_audit_line();
  bool serve(const storage::Due& item);  // false: not what was accepted; it is told, and not sent
  template <class T>
  Answer answer_of(const storage::Result<T>& result) const;

  Door& door_;
  Witness& witness_;
  Brief brief_;
  const Intents intents_;
  sampler::Random dice_;
  const std::uint64_t epoch_;
  std::vector<Open> open_;
  std::vector<Held> held_;
  bool accepting_ = true;
  std::uint64_t refused_accepts_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace titip::crash
