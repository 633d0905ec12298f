#include "storage/retention.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "storage/call_of.h"
#include "storage/keys.h"
#include "storage/reads.h"

namespace titip::storage {
namespace {

constexpr std::size_t at_a_time = 64;  // in one call of the writer's
constexpr std::size_t looked_up_together = 256;
// Behind every record there is.
constexpr SubmissionId last_id = [] {
  SubmissionId id;
  id.bytes.fill(0xff);
  return id;
}();

bool may_lose_natural_key(const Submission& s, const Retain& what) {
  return what.keys_before && s.natural_key && may_lose_keys(s, *what.keys_before);
}

Result<void> look_at_records(Reading& reading, const Retain& what, RetainCandidates& found) {
  const std::size_t examine = std::clamp<std::size_t>(what.examine, 1, reads::most_examined);
  const std::string from = what.after ? keys::of(*what.after) + '\0' : std::string();
  SubmissionId last;
  const auto scanned = reading.scan_over(Family::meta, {}, from, [&](std::string_view key, std::string_view value) {
    const auto id = keys::parse_id(key);
    if (!id) return true;
    if (found.examined == examine) {
      found.next = last;
      return false;
    }
    ++found.examined;
    last = *id;
    const auto record = decode_record({Family::meta, key}, value);
    if (!record) {
      reading.note({Family::meta, std::string(key)});
    } else if (may_lose_content(record->submission, what.settled_before) ||
               may_lose_natural_key(record->submission, what)) {
      found.records.push_back({*id, what.settled_before, what.keys_before});
    }
    return true;
  });
  if (!scanned) return std::unexpected(scanned.error());
  found.passed_over += *scanned;
  return {};
}

struct BoundKey {
  Digest key{};
  SubmissionId id;
};

// Adds the keys whose submission was settled before.
Result<void> add_settled(Reading& reading, const std::vector<BoundKey>& bound, WallTime keys_before,
                         std::vector<FreeKey>& found) {
  for (std::size_t from = 0; from < bound.size(); from += looked_up_together) {
    const std::size_t to = std::min(bound.size(), from + looked_up_together);
    std::vector<std::string> id_keys;
    for (std::size_t i = from; i < to; ++i) id_keys.push_back(keys::of(bound[i].id));
    const auto records = reading.get_all(Family::meta, id_keys, decode_record);
    if (!records) return std::unexpected(records.error());
    for (std::size_t i = from; i < to; ++i) {
      const auto& record = (*records)[i - from];
      if (record && *record && may_lose_keys((*record)->submission, keys_before)) {
        found.push_back({bound[i].key, keys_before});
      }
    }
  }
  return {};
}

Result<void> look_at_keys(Reading& reading, const Retain& what, KeyPass& pass, RetainCandidates& found) {
  const std::size_t examine = std::clamp<std::size_t>(what.examine, 1, reads::most_examined);
  std::string from = pass.begin(!what.after);
  if (pass.has_ended()) return {};
  std::vector<BoundKey> bound;
  std::size_t examined = 0;
  bool more = false;
  const auto scanned =
      reading.scan_over(Family::idempotency, {}, from, [&](std::string_view key, std::string_view value) {
        more = examined == examine;
        if (more) return false;
        ++examined;
        from.assign(key).push_back('\0');
        const auto digest = keys::parse_digest(key);
        const auto id = decode_id({Family::idempotency, key}, value);
        if (!digest || !id) {
          reading.note({Family::idempotency, std::string(key)});
        } else if (id->made_at() < *what.keys_before + id_margin) {  // else it was settled after that for certain
          bound.push_back({*digest, *id});
        }
        return true;
      });
  if (!scanned) return std::unexpected(scanned.error());
  found.passed_over += *scanned;
  if (auto added = add_settled(reading, bound, *what.keys_before, found.keys); !added) return added;
  if (more) {
    pass.reached(std::move(from));
  } else {
    pass.ended();
  }
  return {};
}

// One after the other; shared by the calls that are under way.
class Run : public std::enable_shared_from_this<Run> {
 public:
  Run(RetainCandidates candidates, std::function<void(Call)> submit, Home& home, Done<Retained> done)
      : submit_(std::move(submit)), home_(home), done_(std::move(done)) {
    retained_.examined = candidates.examined;
    retained_.next = candidates.next;
    retained_.passed_over = candidates.passed_over;
    cut(candidates.records, records_);
    cut(candidates.keys, keys_);
  }

  void go_on() {
    if (!records_.empty()) {
      next<RetainRecord, RetainedRecord>(records_, [this](const RetainedRecord& each) {
        if (each.erased) ++retained_.erased;
        retained_.bytes += each.bytes;
      });
    } else if (!keys_.empty()) {
      next<FreeKey, Applied>(keys_, [](Applied) {});
    } else {
      answer(retained_);
    }
  }

 private:
  template <class Item>
  static void cut(const std::vector<Item>& all, std::deque<std::vector<Item>>& pieces) {
    for (std::size_t from = 0; from < all.size(); from += at_a_time) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from);
      const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + at_a_time));
      pieces.emplace_back(begin, end);
    }
  }

  template <class Item, class Answer, class Take>
  void next(std::deque<std::vector<Item>>& pieces, Take take) {
    std::vector<Item> piece = std::move(pieces.front());
    pieces.pop_front();
    auto done = [self = shared_from_this(), &pieces, piece, take](Result<std::vector<Answer>> answers) {
      if (answers) {
        for (const Answer& each : *answers) take(each);
      } else if (answers.error() != Error::corrupt) {
        return self->answer(std::unexpected(answers.error()));
      } else if (piece.size() > 1) {  // one of them is damaged; the others go on without it
        for (const Item& each : piece) pieces.push_front({each});
      }
      self->go_on();
    };
    submit_(call_of<Item, Answer>(std::move(piece), InPlace::home(), std::move(done)));
  }

  void answer(Result<Retained> result) {
    home_.post([done = std::move(done_), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  std::function<void(Call)> submit_;
  Home& home_;
  Done<Retained> done_;
  Retained retained_;
  std::deque<std::vector<RetainRecord>> records_;
  std::deque<std::vector<FreeKey>> keys_;
};

}  // namespace

std::string KeyPass::begin(bool anew) {
  const std::scoped_lock lock(mutex_);
  if (anew) {
    from_.clear();
    ended_ = false;
  }
  return from_;
}
void KeyPass::reached(std::string from) {
  const std::scoped_lock lock(mutex_);
  from_ = std::move(from);
}
void KeyPass::ended() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
}
bool KeyPass::has_ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

Result<RetainCandidates> retain_candidates(Reading& reading, const Retain& what, KeyPass& pass) {
  RetainCandidates found;
  if (auto looked = look_at_records(reading, what, found); !looked) return std::unexpected(looked.error());
  if (!what.keys_before) return found;
  if (auto looked = look_at_keys(reading, what, pass, found); !looked) return std::unexpected(looked.error());
  // The records are all looked at, the keys are not: come again, with nothing but keys to do.
  if (!found.next && !pass.has_ended()) found.next = last_id;
  return found;
}

void carry_out(RetainCandidates candidates, std::function<void(Call)> submit, Home& home, Done<Retained> done) {
  std::make_shared<Run>(std::move(candidates), std::move(submit), home, std::move(done))->go_on();
}

}  // namespace titip::storage
