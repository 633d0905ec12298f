// The books once more, as naively as can be: a vector of records, everything found by looking at all of them. It shares
// no code with the store but the plain types and the state table.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace titip::storage {

class Model {
 public:
  struct Row {
    Submission s;
    std::uint64_t payload_bytes = 0;
    bool keeps_natural_key = true;  // until it leaves the chain
    bool open = false;
    std::uint32_t lines = 0;
  };

  explicit Model(bool erases_delivered) : erases_delivered_(erases_delivered) {}

  Verdict accept(const NewSubmission& incoming, WallTime now);
  Changed open_attempt(const OpenAttempt& open, WallTime now);
  Changed settle(const Settlement& settlement, WallTime now);
  Changed read_back(const ReadBack& read, WallTime now);
  Changed transition(const Transition& transition, WallTime now);
  Erased::Kind erase(const SubmissionId& id, WallTime now);
  void restart(WallTime now);

  const std::vector<Row>& rows() const { return rows_; }
  const Row* act_that_is_missed() const;  // it was rejected, and somebody is held for it
  // The lane's rows in the due index: time, position, id.
  using DueRow = std::tuple<WallTime, std::uint64_t, SubmissionId>;
  std::vector<DueRow> due(const Lane& lane, DueClass due_class) const;
  DestinationCounts counts(const std::string& destination) const;
  std::uint64_t due_in(const Lane& lane) const;  // records

 private:
  enum class Standing { absent, pending, met, failed, cancelled };
  using Standings = std::map<Digest, Standing>;

  Row* find(const SubmissionId& id);
  const Row* find(const SubmissionId& id) const;
  std::vector<Row*> natural_chain(const Digest& natural_key);
  std::optional<Verdict> refuse(const NewSubmission& incoming, bool& correction);
  bool take_back(const Submission& by, const Digest& key, WallTime now);
  bool never_landed(const SubmissionId& id, const Submission& by) const;
  bool has_nothing_to_take_back(const Submission& by);
  bool let_go();
  Changed finished(const Row& row);

  void move_to(Row& row, State to, HoldReason reason, std::optional<WallTime> due_at, WallTime when);
  void ended_as(Row& row);
  void resolve(Row& row, const std::vector<Resolved>& numbers);
  bool lacks_a_number(const Submission& s) const;
  void erase_if_asked(Row& row, WallTime now);
  void destroy(Row& row);
  void drop(Row& row);

  // book_model_order.cc: who waits for what, and who may go.
  static bool provides(const Row& row, const Digest& key);
  Standing standing(const Digest& key) const;
  Standing ask(const Submission& s) const;  // met, pending or failed
  void free_what_was_taken_back(const Row& by);
  bool is_number(const Digest& key) const;
  Standings standings() const;
  void begin();
  void follow(WallTime now);
  void look_again(Row& row, bool is_cancelled, WallTime now);
  void place_fronts();
  const Row* front_of(const Digest& ordering_key) const;
  void candidates(const Row& waiting, std::set<const Row*>& seen, std::vector<const Row*>& found) const;

  const bool erases_delivered_;
  std::vector<Row> rows_;
  std::map<Digest, SubmissionId> keys_;  // idempotency
  std::map<Digest, SubmissionId> met_;   // and who met it last
  struct End {
    Standing how = Standing::absent;
    SubmissionId who;
  };
  std::map<Digest, End> ended_;  // how the last provider went
  std::map<Digest, SubmissionId> fronts_;
  std::map<Digest, WallTime> newest_;
  Standings before_;  // of the call at hand
  std::vector<SubmissionId> cancelled_;
  std::vector<std::pair<Digest, SubmissionId>> gone_;  // what was taken back though nothing was there, and by whom
};

}  // namespace titip::storage
