// What the judge knows of every submission, told from outside of the gateway: the clinics' forms, what became of each
// record commit by commit (P8: only along the table), and what the national server applied (P5, order). One thread.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/records.h"
#include "storage/state_table.h"
#include "tests/simulation/ages.h"
#include "tests/simulation/attempts.h"
#include "tests/simulation/findings.h"
#include "tests/simulation/moves.h"

namespace titip::simulation {

struct Known;

// One form of a clinic. Its token stands in the body and tells its effect from every other.
struct Form {
  std::size_t number = 0;
  std::string facility;
  std::string nik;
  std::string route;
  std::string token;
  std::string body;
  std::string key;  // Idempotency-Key; empty: none
  std::vector<std::string> provides;
  std::vector<std::string> references;  // provisional numbers: met when somebody has read the real one
  std::vector<std::string> requirements;
  bool poison = false;       // the national server will never take it
  bool hangs = false;        // … and never answers it
  bool put_off = false;      // … or puts it off for ever
  bool misuse = false;       // another body under a used Idempotency-Key: must be refused
  Form* original = nullptr;  // whose key is misused, or whose rejected or expired record this one replaces
  std::string takes_back;    // what it takes back: a name somebody provides
  bool taken_back = false;   // its clinic did, and would send it again only if it meant it anew
  bool refused = false;      // … and something else has its place
  bool replaced = false;     // another form is sent in its place
  bool is_create = true;
  bool waiting = false;  // for the gateway's answer
  bool acknowledged = false;
  bool excused = false;         // of a restore's gap: what the backup did not know can be kept by nobody
  std::vector<Known*> records;  // more than one only where the first ended without an effect
  int effects = 0;
};

struct Known {
  storage::SubmissionId id;
  Form* form = nullptr;
  std::uint64_t sequence = 0;  // in the order of the commits
  Standing standing{};
  std::uint32_t version = 0;
  std::uint32_t attempts = 0;
  bool in_doubt = false;  // at its end it may have landed: it was held for that
  bool repeated = false;  // sent again without a look whether it landed
  bool correction = false;
  bool passed = false;  // waited for a requirement while a later one of its person went
  bool lost = false;    // of a restore's gap
  bool erased = false;
  bool from_backup = false;  // pending in a backup that was put back: what came of it meanwhile is forgotten
  bool unasked = false;      // … and it was not asked after since
  std::optional<storage::Event> word{};  // a person has just asked for this
  Tries tries{};
  Age age{};
  clock::WallTime changed_at{};
};

class Records {
 public:
  struct Rules {
    std::function<bool(const Form&)> may_repeat = [](const Form&) { return false; };  // its route may, without a look
    std::optional<std::chrono::milliseconds> maximum_age{};
    std::function<Age::Served(const std::string& facility)> served = [](const auto&) { return Age::Served(0); };
  };
  explicit Records(Findings& findings) : Records(findings, Rules()) {}
  Records(Findings& findings, Rules rules)
      : findings_(findings),
        attempts_(findings, std::move(rules.may_repeat)),
        ages_(findings, rules.maximum_age, std::move(rules.served)) {}

  Form& add(Form form);
  void expect(const storage::SubmissionId& id, Form& form) { expected_[id] = &form; }

  // One record as a commit left it.
  void committed(const storage::SubmissionId& id, const storage::Submission& after);
  // The store was put back as it was: what it holds now. Records that are not in it are lost, and excused.
  void begin_restore();
  void restored(const storage::SubmissionId& id, const storage::Submission& now);
  void end_restore();

  // A write is about to leave; and what the national server answered to it.
  void sending(Known& known);
  void answered(Known& known, Told told, bool while_failing);
  // The national server applied it.
  void applied(Form& form);
  void gateway_died();
  void looked(const std::string& nik, bool doses) { attempts_.looked(nik, doses); }
  // A person asks for this; it is forgotten with the record's next change.
  void said(const storage::SubmissionId& id, storage::Event event) { find(id)->word = event; }

  Known* find(const storage::SubmissionId& id) const;
  Form* with_token(const std::string& token);
  const std::vector<std::unique_ptr<Form>>& forms() const { return forms_; }
  const std::map<std::uint64_t, Known*>& in(storage::State state) const {
    return by_state_[static_cast<std::size_t>(state)];
  }
  std::uint64_t count() const { return known_.size() - lost_; }
  std::uint64_t ever_accepted() const { return sequence_; }
  const std::unordered_map<storage::SubmissionId, std::unique_ptr<Known>, storage::SubmissionIdHash>& all() const {
    return known_;
  }
  std::uint64_t pending() const;
  const std::vector<Known*>& of_person(const std::string& nik) const { return by_person_.at(nik); }
  const std::set<std::size_t>& moves_made() const { return moves_; }
  std::uint64_t times_unknown() const { return times_unknown_; }

  void judge_rest(const std::function<bool(const Form&)>& shut_out, std::chrono::milliseconds patience);
  // At the end, when everything has come to rest.
  void judge_the_end();

 private:
  void begin(Known& known, const storage::Submission& after);
  void put(Known& known, const storage::Submission& now);
  void judge_end_of(const Known& known);

  Findings& findings_;
  Attempts attempts_;
  Ages ages_;
  std::vector<std::unique_ptr<Form>> forms_;
  std::unordered_map<std::string, Form*> by_token_;
  std::unordered_map<storage::SubmissionId, Form*, storage::SubmissionIdHash> expected_;
  std::unordered_map<storage::SubmissionId, std::unique_ptr<Known>, storage::SubmissionIdHash> known_;
  std::unordered_map<std::string, std::vector<Known*>> by_person_;
  std::unordered_map<std::string, std::uint64_t> last_applied_;  // sequence, by person
  std::array<std::map<std::uint64_t, Known*>, 11> by_state_;
  std::set<storage::SubmissionId> seen_in_restore_;
  std::set<std::size_t> moves_;
  std::uint64_t sequence_ = 0;
  std::uint64_t last_position_ = 0;  // that the store has given
  std::uint64_t lost_ = 0;
  std::uint64_t times_unknown_ = 0;
};

}  // namespace titip::simulation
