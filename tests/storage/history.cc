#include "tests/storage/history.h"

#include "storage/keys.h"

namespace titip::storage {
namespace {

using namespace std::chrono_literals;

std::string word(const char* kind, std::uint32_t number) {
  return std::string(kind) + " " + std::to_string(number);
}

std::optional<Submission> read(const MemoryKv& kv, const SubmissionId& id) {
  const std::string key = keys::of(id);
  const auto bytes = kv.get(Family::meta, key).value();
  auto record = bytes ? decode_record({Family::meta, key}, *bytes) : std::nullopt;
  if (!record) return std::nullopt;
  return std::move(record->submission);
}

}  // namespace

void History::in_one_call(const std::function<void(Book&)>& call) {
  Staging staging(kv_);
  Book book(staging, now_);
  call(book);
  if (staging.fault()) {
    // A call may be refused as a whole (too many waiters), but a sound store has no damage.
    EXPECT_NE(staging.fault(), Error::corrupt);
    staging.roll_back();
  } else {
    staging.keep();
  }
  ASSERT_TRUE(kv_.commit(staging.take_batch()));
}

std::vector<Submission> History::records() const {
  std::vector<Submission> all;
  for (const SubmissionId& id : ids_) {
    if (auto record = read(kv_, id)) all.push_back(std::move(*record));
  }
  return all;
}

std::vector<Submission> History::in_state(State state) const {
  auto all = records();
  std::erase_if(all, [&](const Submission& s) { return s.state != state; });
  return all;
}

std::optional<Submission> History::any() {
  if (ids_.empty()) return std::nullopt;
  // The later ones are the more likely to be pending.
  const auto size = static_cast<std::uint32_t>(ids_.size());
  const std::uint32_t back = one_in(4) ? below(size) : below(std::min(size, 20U));
  return read(kv_, ids_[size - 1 - back]);
}

SubmissionId History::next_id() {
  SubmissionId id = id_of(ids_.size() + 1);
  const auto ms = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  for (unsigned i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>((ms >> (8U * (5U - i))) & 0xffU);
  return id;
}

void History::step() {
  now_ += std::chrono::milliseconds(below(one_in(40) ? 40'000'000 : 30'000));
  switch (below(10)) {
    case 0:
    case 1:
    case 2:
      return accept();
    case 3:
    case 4:
      return open();
    case 5:
      return settle();
    case 6:
      return one_in(2) ? settle() : open();
    case 7:
      return transition();
    case 8:
      return read_back();
    default:
      return upkeep();
  }
}

void History::accept() {
  NewSubmission incoming = submission(ids_.size() + 1, word("person", below(12)), word("clinic", below(3)));
  Submission& s = incoming.submission;
  s.id = next_id();
  s.accepted_at = one_in(4) ? now_ - 1s : now_;
  if (one_in(5)) s.destination = "other";
  if (one_in(2)) s.person = digest(word("nik", below(5)));
  if (one_in(2)) s.natural_key = digest(word("dose", below(8)));
  if (one_in(3)) s.fingerprint = digest(word("body", below(4)));
  if (one_in(3)) incoming.idempotency_key = digest(word("key", below(30)));
  if (one_in(2)) incoming.on_conflict = OnConflict::queue_behind;
  if (one_in(3)) s.provides.push_back(digest(word("requirement", below(6))));
  if (one_in(4)) s.references.push_back(digest(word("reference", below(6))));
  if (one_in(3)) s.requirements.push_back(digest(word("requirement", below(6))));
  if (one_in(5)) s.requirements.push_back(digest(word("reference", below(6))));
  if (one_in(4)) s.deadline = now_ + 24h;
  if (one_in(25)) incoming.takes_back = digest(word("requirement", below(6)));
  const auto rejected = in_state(one_in(3) ? State::expired : State::rejected);
  if (!rejected.empty() && one_in(5)) {
    incoming.replaces = rejected[below(static_cast<std::uint32_t>(rejected.size()))].id;
  }
  const SubmissionId id = s.id;
  in_one_call([&](Book& book) { book.accept(std::move(incoming)); });
  if (read(kv_, id)) ids_.push_back(id);
}

// One that is due; now and then one that may not go, or not yet.
void History::open() {
  std::vector<SubmissionId> due;
  static_cast<void>(kv_.scan(Family::due, {}, {}, [&](std::string_view key, std::string_view value) {
    if (keys::parse_due(key)->due_class == DueClass::send) due.push_back(decode_due({Family::due, key}, value)->id);
    return true;
  }));
  const auto record = due.empty() || one_in(5) ? any() : read(kv_, due[below(static_cast<std::uint32_t>(due.size()))]);
  if (!record) return;
  in_one_call([&](Book& book) { book.open_attempt({record->id, record->version, {}, 0}); });
}

void History::settle() {
  auto flying = in_state(one_in(3) ? State::unknown : State::in_flight);
  if (flying.empty()) return;
  const Submission record = flying[below(static_cast<std::uint32_t>(flying.size()))];
  if (record.state == State::in_flight && one_in(10)) {  // a restart; the mark may be damaged
    const std::string key = keys::of(record.id);
    const auto mark = decode_attempt({Family::open, key}, kv_.get(Family::open, key).value().value());
    const bool is_damaged = one_in(3);
    return in_one_call([&](Book& book) { book.lost_attempt(record.id, is_damaged ? Attempt{} : *mark); });
  }
  constexpr std::array events{Event::delivered,    Event::delivered,       Event::delivered,     Event::rejected,
                              Event::went_unknown, Event::deferred,        Event::returned,      Event::blocked,
                              Event::not_found,    Event::gave_up_probing, Event::repeat_allowed};
  Settlement settlement;
  settlement.id = record.id;
  settlement.expected_version = record.version;
  settlement.event = events[below(events.size())];
  settlement.attempt.ended_at = now_;
  settlement.attempt.rule = word("rule", below(3));
  settlement.attempt.probe = record.state == State::unknown;
  settlement.counts_as_attempt = true;
  if (one_in(2)) settlement.reply.bytes = "sealed reply";
  if (one_in(2)) settlement.attempt.note.bytes = "sealed note";
  if (one_in(2)) settlement.read_back_at = now_ + 1min;
  for (const Digest& reference : record.references) {
    if (one_in(2)) settlement.resolved.push_back({reference, {"sealed number"}, digest(word("number", below(9)))});
  }
  in_one_call([&](Book& book) { book.settle(std::move(settlement)); });
}

void History::transition() {
  const auto held = in_state(State::held);
  const auto record =
      held.empty() || one_in(2) ? any() : std::optional(held[below(static_cast<std::uint32_t>(held.size()))]);
  if (!record) return;
  constexpr std::array events{Event::hold,    Event::hold,   Event::release, Event::release,
                              Event::release, Event::cancel, Event::expire,  Event::delivered};
  Transition change;
  change.id = record->id;
  change.expected_state = record->state;
  change.expected_version = record->version;
  change.event = events[below(events.size())];
  in_one_call([&](Book& book) { book.transition(change); });
}

void History::read_back() {
  auto delivered = in_state(State::delivered);
  std::erase_if(delivered, [](const Submission& s) { return !s.due_at; });
  if (delivered.empty()) return;
  const Submission& record = delivered[below(static_cast<std::uint32_t>(delivered.size()))];
  ReadBack read{record.id, record.version, {}, {}, 0};
  if (one_in(2)) read.again_at = now_ + 1min;
  for (const Digest& reference : record.references) {
    if (one_in(2)) read.resolved.push_back({reference, {"sealed number"}, {}});
  }
  in_one_call([&](Book& book) { book.read_back(read); });
}

void History::upkeep() {
  const auto record = any();
  if (!record) return;
  in_one_call([&](Book& book) {
    switch (below(10)) {
      case 0:
        book.erase({record->id});
        break;
      case 1:
        book.append_audit("somebody looked");
        break;
      case 2:
        book.put_object({"gate", "pcare", {}, "closed"});
        break;
      default:
        book.retain({record->id, now_ - 1h, now_ - 20h});
    }
  });
}

}  // namespace titip::storage
