#include "gateway/reads/own_walk.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <ranges>
#include <utility>

#include "storage/veil.h"

namespace titip::reads {
namespace {

// Where a walk goes on: in which of its lists, and behind which record. A cursor is that, veiled, and a keyed hash over
// it, the facility and what was asked: the record may be somebody else's, and a cursor of another question is refused.
struct Spot {
  std::size_t list = 0;
  std::optional<storage::SubmissionId> after;
};

constexpr std::string_view cursor_domain = "cursor";
constexpr std::size_t most_lists = 100;
constexpr std::size_t text_length = 26;

std::string mark_of(const storage::Sealer& sealer, const OwnQuery& asked, const Owner& owner, std::string_view place) {
  const std::string destinations = fmt::format("{}", fmt::join(owner.destinations, "\n"));
  return storage::SubmissionId{sealer.keyed_hash(cursor_domain, {owner.facility, destinations, asked.what, place})}
      .text();
}

std::string cursor_of(const storage::Sealer& sealer, const OwnQuery& asked, const Owner& owner, const Spot& spot) {
  const auto veiled = storage::veil(sealer, cursor_domain, spot.after.value_or(storage::SubmissionId{}));
  const std::string place = fmt::format("{:02}{}", spot.list, veiled.text());
  return place + mark_of(sealer, asked, owner, place);
}

std::optional<Spot> spot_of(const storage::Sealer& sealer, const OwnQuery& asked, const Owner& owner) {
  if (asked.cursor.empty()) return Spot{};
  const std::string_view text = asked.cursor;
  if (text.size() != 2 + 2 * text_length) return std::nullopt;
  const auto place = text.substr(0, 2 + text_length);
  if (mark_of(sealer, asked, owner, place) != text.substr(place.size())) return std::nullopt;
  Spot spot;
  std::from_chars(place.data(), place.data() + 2, spot.list);
  const auto id = storage::lift_veil(sealer, cursor_domain, *storage::SubmissionId::parse(place.substr(2))).front();
  if (id != storage::SubmissionId{}) spot.after = id;
  return spot;
}

class Walk : public std::enable_shared_from_this<Walk> {
 public:
  Walk(storage::Store& store, storage::Home& home, const storage::Sealer& sealer, OwnQuery asked, Owner owner,
       OwnDone<OwnPage> done)
      : store_(store),
        home_(home),
        sealer_(sealer),
        asked_(std::move(asked)),
        owner_(std::move(owner)),
        done_(std::move(done)) {}

  void begin() {
    std::ranges::sort(owner_.destinations);
    const auto spot = spot_of(sealer_, asked_, owner_);
    if (!spot) return done_(std::unexpected(OwnFault::bad_cursor));
    spot_ = *spot;
    for (const auto& each : owner_.destinations)
      if (!asked_.filter.destination || *asked_.filter.destination == each) wanted_.push_back(each);
    if (wanted_.size() > most_lists) wanted_.resize(most_lists);
    step();
  }

 private:
  bool by_destination() const { return asked_.filter.needs_attention || wanted_.size() == 1; }
  std::size_t lists() const { return by_destination() ? wanted_.size() : std::min<std::size_t>(wanted_.size(), 1); }

  void step() {
    if (spot_.list >= lists()) return done_(std::move(page_));
    const bool is_enough = page_.items.size() >= asked_.limit || examined_ >= OwnRecords::most_examined;
    if (is_enough) {
      page_.next = cursor_of(sealer_, asked_, owner_, spot_);
      return done_(std::move(page_));
    }
    storage::ScanQuery query;
    query.filter = asked_.filter;
    query.filter.facility = owner_.facility;
    if (by_destination()) query.filter.destination = wanted_[spot_.list];
    query.after = spot_.after;
    query.limit = asked_.limit - page_.items.size();
    store_.scan(std::move(query), home_, [self = shared_from_this()](auto found) { self->take(std::move(found)); });
  }

  void take(storage::Result<storage::ScanPage> found) {
    if (!found) return done_(std::unexpected(OwnFault::store_unavailable));
    for (auto& record : found->items)
      if (is_wanted(record)) page_.items.push_back(std::move(record));
    examined_ += found->examined;
    // Outside the index of the attention nobody knows whose they are.
    if (asked_.filter.needs_attention) page_.unreadable += found->damaged;
    spot_ = found->next ? Spot{spot_.list, found->next} : Spot{spot_.list + 1, std::nullopt};
    step();
  }

  bool is_wanted(const storage::Submission& record) const {
    return std::ranges::count(wanted_, record.destination) > 0 && (!asked_.route || record.route == *asked_.route) &&
           (!asked_.receipt || record.receipt == *asked_.receipt);
  }

  storage::Store& store_;
  storage::Home& home_;
  const storage::Sealer& sealer_;
  const OwnQuery asked_;
  Owner owner_;
  OwnDone<OwnPage> done_;
  std::vector<std::string> wanted_;
  Spot spot_;
  std::size_t examined_ = 0;
  OwnPage page_;
};

}  // namespace

void walk_own_records(storage::Store& store, storage::Home& home, const storage::Sealer& sealer, OwnQuery asked,
                      Owner owner, OwnDone<OwnPage> done) {
  std::make_shared<Walk>(store, home, sealer, std::move(asked), std::move(owner), std::move(done))->begin();
}

}  // namespace titip::reads
