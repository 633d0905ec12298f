// The calls the writer serves, and one group of them: run together against one Staging, committed by one batch,
// answered together. One thread.
//
// Invariants: no answer is sent before answer() is called, and the writer calls it only after the batch is durable.
// Until then the calls stay as they came: what could not be committed can be run again in another group.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "storage/book.h"
#include "storage/outbox.h"
#include "storage/staging.h"
#include "storage/store.h"

namespace titip::storage {

template <class Item, class Answer>
struct Batch {
  std::vector<Item> items;
  Done<std::vector<Answer>> done;
  Result<std::vector<Answer>> answers;  // what the book said; not sent yet
};

// One line for each kind of call; what it does is a line of Apply in group.cc.
using AnyBatch = std::variant<Batch<NewSubmission, Verdict>,        //
                              Batch<OpenAttempt, Changed>,          //
                              Batch<Settlement, Changed>,           //
                              Batch<ReadBack, Changed>,             //
                              Batch<Transition, Changed>,           //
                              Batch<PutObject, Applied>,            //
                              Batch<EraseRecord, Erased>,           //
                              Batch<RetainRecord, RetainedRecord>,  //
                              Batch<FreeKey, Applied>,              //
                              Batch<Rewrap, Applied>,               //
                              Batch<std::string, AuditLine>,        //
                              Batch<Damage, SetApart>>;

struct Call {
  Home* home = nullptr;
  AnyBatch batch;
  std::size_t items = 0;
  std::size_t bytes = 0;
  std::optional<SteadyTime> answer_by{};  // of accepts alone

  bool is_late(SteadyTime now) const { return answer_by && *answer_by <= now; }
  bool is_accept() const { return std::holds_alternative<Batch<NewSubmission, Verdict>>(batch); }
  // The end or the beginning of an attempt: what back-pressure must never refuse.
  bool is_outcome() const {
    return std::holds_alternative<Batch<OpenAttempt, Changed>>(batch) ||
           std::holds_alternative<Batch<Settlement, Changed>>(batch) ||
           std::holds_alternative<Batch<ReadBack, Changed>>(batch);
  }
};

// Posts (or adds to `outbox`) the refusal of a call nothing was done for.
void refuse(Call call, Error error);
void refuse(Call call, Error error, Outbox& outbox);

class Group {
 public:
  Group(std::vector<Call> calls, const KvReader& kv, WallTime now, BookSettings settings = {});

  void run();
  KvBatch take_batch() { return staging_.take_batch(); }
  std::vector<Lane> take_woken();  // each lane once
  std::size_t size() const { return calls_.size(); }
  bool has_late(SteadyTime now) const;
  // The calls as they came, of a group that was run and not committed. Nothing may be asked of it afterwards.
  std::vector<Call> take_calls() { return std::move(calls_); }
  std::uint64_t erased_bytes() const { return book_.erased_bytes(); }
  std::size_t newly_damaged() const { return newly_damaged_; }  // values that nobody had met before

  // `instead`: every call is answered with this error, whatever the book said.
  void answer(Outbox& outbox, std::optional<Error> instead = std::nullopt);

 private:
  void foresee();
  void set_apart_damage();
  template <class Item, class Answer>
  void run_batch(Batch<Item, Answer>& batch);

  std::vector<Call> calls_;
  Staging staging_;
  Book book_;
  std::size_t newly_damaged_ = 0;
};

}  // namespace titip::storage
