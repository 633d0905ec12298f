#include "storage/group.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

namespace titip::storage {
namespace {

// What each kind of call does.
struct Apply {
  Book& book;
  Verdict operator()(const NewSubmission& item) const { return book.accept(item); }
  Changed operator()(const OpenAttempt& item) const { return book.open_attempt(item); }
  Changed operator()(const Settlement& item) const { return book.settle(item); }
  Changed operator()(const ReadBack& item) const { return book.read_back(item); }
  Changed operator()(const Transition& item) const { return book.transition(item); }
  Applied operator()(const PutObject& item) const { return book.put_object(item); }
  Erased operator()(const EraseRecord& item) const { return book.erase(item); }
  RetainedRecord operator()(const RetainRecord& item) const { return book.retain(item); }
  Applied operator()(const FreeKey& item) const { return book.free_key(item); }
  Applied operator()(const Rewrap& item) const { return book.rewrap(item); }
  AuditLine operator()(const std::string& item) const { return book.append_audit(item); }
  SetApart operator()(const Damage& item) const { return book.set_apart(item); }
};

template <class Item>
concept NamesARecord = requires(const Item& item) { SubmissionId(item.id); };

// What each will look at: an accept by its keys, others by the record they name. The rest looks when it gets there.
struct Foresee {
  Book& book;
  void operator()(const NewSubmission& item) const { book.foresee(item); }
  template <class Item>
  void operator()(const Item& item) const {
    if constexpr (NamesARecord<Item>) book.foresee(item.id);
    if constexpr (requires { item.news; }) book.foresee(item.news);
  }
};
struct ForeseeBehind {
  Book& book;
  void operator()(const NewSubmission& item) const { book.foresee_behind(item); }
  template <class Item>
  void operator()(const Item& item) const {
    if constexpr (NamesARecord<Item>) book.foresee_behind(item.id);
  }
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

Group::Group(std::vector<Call> calls, const KvReader& kv, WallTime now, BookSettings settings)
    : calls_(std::move(calls)), staging_(kv), book_(staging_, now, settings) {}

void Group::run() {
  foresee();
  for (Call& call : calls_) std::visit([&](auto& batch) { run_batch(batch); }, call.batch);
  set_apart_damage();
}

// What the calls met, those that came to nothing because of it too.
void Group::set_apart_damage() {
  for (const Damage& damage : staging_.take_damage()) {
    const SetApart done = book_.set_apart(damage);
    if (staging_.fault()) {
      staging_.roll_back();
      continue;
    }
    staging_.keep();
    if (done.newly) ++newly_damaged_;
  }
}

void Group::foresee() {
  const auto each = [&](const auto& look) {
    for (const Call& call : calls_) {
      std::visit(
          [&](const auto& batch) {
            for (const auto& item : batch.items) look(item);
          },
          call.batch);
    }
    staging_.fetch();
  };
  each(Foresee{book_});
  each(ForeseeBehind{book_});
  staging_.keep();  // a damaged record is met again, and answered, by the call that asks for it
}

template <class Item, class Answer>
void Group::run_batch(Batch<Item, Answer>& batch) {
  std::vector<Answer> answers;
  answers.reserve(batch.items.size());
  for (const Item& item : batch.items) {
    answers.push_back(Apply{book_}(item));
    if (staging_.fault()) break;
  }
  if (const auto fault = staging_.fault()) {
    staging_.roll_back();
    batch.answers = std::unexpected(*fault);
  } else {
    staging_.keep();
    if constexpr (std::is_same_v<Answer, SetApart>) {
      newly_damaged_ += static_cast<std::size_t>(std::ranges::count_if(answers, &SetApart::newly));
    }
    batch.answers = std::move(answers);
  }
}

bool Group::has_late(SteadyTime now) const {
  return std::ranges::any_of(calls_, [&](const Call& call) { return call.is_late(now); });
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
