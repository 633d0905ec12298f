// The calls the writer serves, and one group of them: run together against one Staging, committed by one batch,
// answered together. One thread.
//
// Invariant: no answer is sent before answer() is called, and the writer calls it only after the batch is durable.
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
using AcceptBatch = Batch<NewSubmission, Verdict>;
using OpenBatch = Batch<OpenAttempt, Changed>;
using SettleBatch = Batch<Settlement, Changed>;
using TransitionBatch = Batch<Transition, Changed>;
using ObjectBatch = Batch<PutObject, Applied>;

struct Call {
  Home* home = nullptr;
  std::variant<AcceptBatch, OpenBatch, SettleBatch, TransitionBatch, ObjectBatch> batch;
  std::size_t items = 0;
  std::size_t bytes = 0;

  bool is_accept() const { return std::holds_alternative<AcceptBatch>(batch); }
  // The end or the beginning of an attempt: what back-pressure must never refuse.
  bool is_outcome() const {
    return std::holds_alternative<OpenBatch>(batch) || std::holds_alternative<SettleBatch>(batch);
  }
};

// Posts (or adds to `outbox`) the refusal of a call nothing was done for.
void refuse(Call call, Error error);
void refuse(Call call, Error error, Outbox& outbox);

class Group {
 public:
  Group(std::vector<Call> calls, const KvReader& kv, WallTime now);

  void run();
  KvBatch take_batch() { return staging_.take_batch(); }
  std::vector<Lane> take_woken();  // each lane once
  std::size_t size() const { return calls_.size(); }
  std::size_t corrupt() const { return corrupt_; }  // calls that met a damaged record

  // `instead`: every call is answered with this error, whatever the book said.
  void answer(Outbox& outbox, std::optional<Error> instead = std::nullopt);

 private:
  void foresee();
  template <class Item, class Answer, class Apply>
  void run_batch(Batch<Item, Answer>& batch, Apply apply);

  std::vector<Call> calls_;
  Staging staging_;
  Book book_;
  std::size_t corrupt_ = 0;
};

}  // namespace titip::storage
