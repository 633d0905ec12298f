#include "storage/group.h"

#include <algorithm>
#include <utility>

namespace titip::storage {
namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

}  // namespace

void refuse(Call call, Error error) {
  std::visit([&](auto& batch) { refuse(*call.home, std::move(batch.done), error); }, call.batch);
}

void refuse(Call call, Error error, Outbox& outbox) {
  std::visit(
      [&](auto& batch) {
        outbox.add(*call.home, [done = std::move(batch.done), error]() mutable { done(std::unexpected(error)); });
      },
      call.batch);
}

Group::Group(std::vector<Call> calls, const KvReader& kv, WallTime now)
    : calls_(std::move(calls)), staging_(kv), book_(staging_, now) {}

void Group::run() {
  foresee();
  for (Call& call : calls_) {
    std::visit(
        Match{
            [&](AcceptBatch& b) { run_batch(b, [&](NewSubmission& item) { return book_.accept(std::move(item)); }); },
            [&](OpenBatch& b) { run_batch(b, [&](OpenAttempt& item) { return book_.open_attempt(item); }); },
            [&](SettleBatch& b) { run_batch(b, [&](Settlement& item) { return book_.settle(std::move(item)); }); },
            [&](TransitionBatch& b) { run_batch(b, [&](Transition& item) { return book_.transition(item); }); },
            [&](ObjectBatch& b) { run_batch(b, [&](PutObject& item) { return book_.put_object(std::move(item)); }); },
        },
        call.batch);
  }
}

void Group::foresee() {
  for (const Call& call : calls_) {
    std::visit(Match{
                   [&](const AcceptBatch& b) {
                     for (const auto& item : b.items) book_.foresee(item);
                   },
                   [&](const ObjectBatch&) {},
                   [&](const auto& b) {
                     for (const auto& item : b.items) book_.foresee(item.id);
                   },
               },
               call.batch);
  }
  staging_.fetch();
  for (const Call& call : calls_) {
    std::visit(Match{
                   [&](const AcceptBatch&) {},
                   [&](const ObjectBatch&) {},
                   [&](const auto& b) {
                     for (const auto& item : b.items) book_.foresee_line(item.id);
                   },
               },
               call.batch);
  }
  staging_.keep();  // a damaged record is met again, and answered, by the call that asks for it
  staging_.fetch();
}

template <class Item, class Answer, class Apply>
void Group::run_batch(Batch<Item, Answer>& batch, Apply apply) {
  std::vector<Answer> answers;
  answers.reserve(batch.items.size());
  for (Item& item : batch.items) {
    answers.push_back(apply(item));
    if (staging_.fault()) break;
  }
  if (const auto fault = staging_.fault()) {
    if (*fault == Error::corrupt) ++corrupt_;
    staging_.roll_back();
    batch.answers = std::unexpected(*fault);
  } else {
    staging_.keep();
    batch.answers = std::move(answers);
  }
}

std::vector<Lane> Group::take_woken() {
  auto lanes = book_.take_woken();
  std::ranges::sort(lanes);
  lanes.erase(std::ranges::unique(lanes).begin(), lanes.end());
  return lanes;
}

void Group::answer(Outbox& outbox, std::optional<Error> instead) {
  for (Call& call : calls_) {
    if (instead) {
      refuse(std::move(call), *instead, outbox);
      continue;
    }
    std::visit(
        [&](auto& batch) {
          outbox.add(*call.home, [done = std::move(batch.done), answers = std::move(batch.answers)]() mutable {
            done(std::move(answers));
          });
        },
        call.batch);
  }
  calls_.clear();
}

}  // namespace titip::storage
