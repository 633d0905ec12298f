#include "storage/patrol.h"

#include <algorithm>
#include <utility>

#include "storage/keys.h"
#include "storage/records.h"
#include "storage/scan_over.h"

namespace titip::storage {
namespace {

using keys::CountsKind;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t last_minute = (1LL << 48) / minute_ms;  // an id holds 48 bits of milliseconds

// The lowest id made in this minute or later.
std::string first_id_of(std::int64_t minute) {
  const auto ms = static_cast<std::uint64_t>(std::clamp<std::int64_t>(minute, 0, last_minute) * minute_ms);
  SubmissionId id;
  for (unsigned i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>((ms >> (8U * (5U - i))) & 0xffU);
  return keys::of(id);
}

std::int64_t minute_of(std::string_view meta_key) {
  const auto id = keys::parse_id(meta_key);
  return id ? keys::minute_of(id->made_at()) : 0;
}

std::uint64_t apart(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : b - a;
}

}  // namespace

KvResult<Patrol::Slice> Patrol::look(const KvReader& kv, std::size_t enough) {
  passed_over_ = 0;
  Destinations known;
  const std::string prefix = keys::counts_prefix(CountsKind::destination);
  const auto named = scan(kv, Family::counts, prefix, prefix, [&](std::string_view key, std::string_view) {
    if (auto row = keys::parse_counts(key)) known.emplace(std::move(row->destination), Seen{});
    return true;
  });
  if (!named) return std::unexpected(named.error());
  Slice slice;
  while (slice.records < enough) {
    const auto minute = next_minute(kv, known);
    if (!minute) return std::unexpected(minute.error());
    if (!*minute) {
      slice.ended_round = true;
      next_ = INT64_MIN;
      refused_until_.clear();
      break;
    }
    Destinations seen = known;
    const auto looked = look_at(kv, **minute, seen);
    if (!looked) return std::unexpected(looked.error());
    if (looked->records < most_in_a_minute) {
      if (const auto compared = compare(kv, **minute, seen, looked->damaged); !compared)
        return std::unexpected(compared.error());
    }
    ++slice.minutes;
    slice.records += std::max<std::size_t>(looked->records, 1);
    next_ = **minute + 1;
  }
  slice.passed_over = passed_over_;
  return slice;
}

KvResult<void> Patrol::scan(const KvReader& kv, Family family, std::string_view prefix, std::string_view from,
                            const KvReader::Visitor& visit) {
  const auto scanned =
      scan_over(kv, family, prefix, from, visit, [&](const std::string& begin, const std::string& end) {
        const auto told = refused_until_.find(family);
        if (told != refused_until_.end() && told->second == end) return;
        refused_until_.insert_or_assign(family, end);
        ++passed_over_;
        note({family, begin, {}, {}, true});
      });
  if (!scanned) return std::unexpected(scanned.error());
  return {};
}

void Patrol::note(Damage damage) {
  if (damage_.size() < most_damage_told) damage_.push_back(std::move(damage));
}

// A row of counts by minute; what is damaged counts as nothing, which is a difference.
KvResult<std::uint64_t> Patrol::row(const KvReader& kv, const std::string& key) {
  const auto bytes = kv.get(Family::counts, key);
  if (!bytes && bytes.error().kind != KvError::Kind::corrupt) return std::unexpected(bytes.error());
  if (!bytes) note({Family::counts, key, {}, {}, true});
  return bytes && *bytes ? decode_number({Family::counts, key}, **bytes).value_or(0) : 0;
}

// The next one that has records, or counts that say it has.
KvResult<std::optional<std::int64_t>> Patrol::next_minute(const KvReader& kv, const Destinations& known) {
  std::optional<std::int64_t> next;
  const auto is_there = [&](std::int64_t minute) { next = next ? std::min(*next, minute) : minute; };
  if (next_ <= last_minute) {
    const auto scanned = scan(kv, Family::meta, {}, first_id_of(next_), [&](std::string_view key, std::string_view) {
      is_there(minute_of(key));
      return false;
    });
    if (!scanned) return std::unexpected(scanned.error());
  }
  for (const auto& [destination, seen] : known) {
    for (const CountsKind kind : {CountsKind::accepted, CountsKind::pending}) {
      const auto key_of = kind == CountsKind::accepted ? keys::minute_accepted : keys::minute_pending;
      const std::string prefix = keys::minute_prefix(kind, destination);
      const auto scanned =
          scan(kv, Family::counts, prefix, key_of(destination, next_), [&](std::string_view key, std::string_view) {
            if (const auto found = keys::parse_counts(key)) is_there(found->minute);
            return false;
          });
      if (!scanned) return std::unexpected(scanned.error());
    }
  }
  return next;
}

KvResult<Patrol::Minute> Patrol::look_at(const KvReader& kv, std::int64_t minute, Destinations& seen) {
  Minute found;
  if (minute < 0 || minute > last_minute) return found;
  const auto scanned =
      scan(kv, Family::meta, {}, first_id_of(minute), [&](std::string_view key, std::string_view value) {
        if (minute_of(key) != minute || found.records == most_in_a_minute) return false;
        ++found.records;
        const auto record = decode_record({Family::meta, key}, value);
        if (!record) {
          ++found.damaged;
          note({Family::meta, std::string(key)});
          return true;
        }
        Seen& counts = seen[record->submission.destination];
        ++counts.accepted;
        if (!is_terminal(record->submission.state)) ++counts.pending;
        return true;
      });
  if (!scanned) return std::unexpected(scanned.error());
  return found;
}

KvResult<void> Patrol::compare(const KvReader& kv, std::int64_t minute, const Destinations& seen,
                               std::uint64_t damaged) {
  for (const auto& [destination, found] : seen) {
    const auto accepted = row(kv, keys::minute_accepted(destination, minute));
    const auto pending = row(kv, keys::minute_pending(destination, minute));
    if (!accepted || !pending) return std::unexpected(!accepted ? accepted.error() : pending.error());
    const std::uint64_t apart_by = std::max(apart(*accepted, found.accepted), apart(*pending, found.pending));
    // Each damaged record stands for one that is missing, whosever it is: for one over all destinations.
    const std::uint64_t explained = std::min(apart_by, damaged);
    damaged -= explained;
    keep(destination, minute, apart_by - explained);
  }
  return {};
}

void Patrol::keep(const std::string& destination, std::int64_t minute, std::uint64_t wrong) {
  auto& minutes = wrong_[destination];
  kept_ -= minutes.erase(minute);
  if (wrong == 0 || kept_ == most_kept) return;
  minutes.emplace(minute, wrong);
  ++kept_;
}

std::map<std::string, std::uint64_t, std::less<>> Patrol::differences() const {
  std::map<std::string, std::uint64_t, std::less<>> sums;
  for (const auto& [destination, minutes] : wrong_) {
    std::uint64_t sum = 0;
    for (const auto& [minute, wrong] : minutes) sum += wrong;
    if (sum != 0) sums.emplace(destination, sum);
  }
  return sums;
}

}  // namespace titip::storage
