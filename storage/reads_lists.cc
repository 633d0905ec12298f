// What a stored key stands for, and lists of records by what they are like.
#include <algorithm>
#include <functional>
#include <map>

#include "storage/keys.h"
#include "storage/reads.h"

namespace titip::storage::reads {
namespace {

constexpr std::size_t largest_chunk = 256;  // records fetched by one look-up

Result<std::vector<Submission>> records_of(Reading& reading, const std::vector<SubmissionId>& ids) {
  std::vector<std::string> id_keys;
  id_keys.reserve(ids.size());
  for (const SubmissionId& id : ids) id_keys.push_back(keys::of(id));
  auto records = reading.get_all(Family::meta, id_keys, decode_record);
  if (!records) return std::unexpected(records.error());
  std::vector<Submission> found;
  found.reserve(ids.size());
  for (std::size_t i = 0; i < id_keys.size(); ++i) {
    auto& record = (*records)[i];
    if (!record) return std::unexpected(record.error());
    if (!*record) {  // what names a record stands for one
      reading.note({Family::meta, id_keys[i]});
      return std::unexpected(Error::corrupt);
    }
    found.push_back(std::move((*record)->submission));
  }
  return found;
}

Result<std::vector<SubmissionId>> ids_of_key(Reading& reading, const Find& what) {
  const std::string key = keys::of(what.key);
  std::vector<SubmissionId> ids;
  if (what.by == Find::By::idempotency_key) {
    const auto id = reading.get(Family::idempotency, key, decode_id);
    if (!id) return std::unexpected(id.error());
    if (*id) ids.push_back(**id);
  } else if (what.by == Find::By::natural_key) {
    auto chain = reading.get(Family::natural, key, decode_ids);
    if (!chain) return std::unexpected(chain.error());
    if (*chain) ids = std::move(**chain);
  } else {
    auto requirement = reading.get(Family::requirement, key, decode_requirement);
    if (!requirement) return std::unexpected(requirement.error());
    if (!*requirement) return ids;
    if ((*requirement)->origin) ids.push_back(*(*requirement)->origin);
    for (const SubmissionId& provider : (*requirement)->providers) {
      if (std::ranges::find(ids, provider) == ids.end()) ids.push_back(provider);
    }
  }
  if (ids.size() > what.limit) ids.resize(what.limit);
  return ids;
}

// All records of a person, in the order of their ids, some at a time. False: a part of the index cannot be read.
Result<bool> each_of_person(Reading& reading, const Digest& person,
                            const std::function<bool(const SubmissionId&, Result<std::optional<Record>>&)>& each) {
  const std::string prefix = keys::of(person);
  std::string from = prefix;
  bool whole = true;
  while (true) {
    std::vector<SubmissionId> ids;
    std::vector<std::string> id_keys;
    bool more = false;
    const std::string begin = from;
    const auto scanned = reading.scan_over(Family::person, prefix, begin, [&](std::string_view key, std::string_view) {
      more = ids.size() == largest_chunk;
      if (more) return false;
      if (const auto parsed = keys::parse_person(key)) {
        ids.push_back(parsed->id);
        id_keys.push_back(keys::of(parsed->id));
      }
      from.assign(key).push_back('\0');
      return true;
    });
    if (!scanned) return std::unexpected(scanned.error());
    whole = whole && *scanned == 0;
    auto records = reading.get_all(Family::meta, id_keys, decode_record);
    if (!records) return std::unexpected(records.error());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!each(ids[i], (*records)[i])) return whole;
    }
    if (!more) return whole;
  }
}

// The page is by position, so all of a person's records are looked at; of those behind `after_position` the first
// `limit` are kept.
Result<std::vector<Submission>> page_of_person(Reading& reading, const Find& what) {
  std::map<std::uint64_t, Submission> page;
  const auto looked = each_of_person(reading, what.key, [&](const SubmissionId& id, auto& record) {
    if (record && !*record) reading.note({Family::meta, keys::of(id)});  // what names a record stands for one
    if (!record || !*record) return true;
    Submission& s = (*record)->submission;
    const std::uint64_t position = s.position;
    if (position > what.after_position) page.emplace(position, std::move(s));
    if (page.size() > what.limit) page.erase(std::prev(page.end()));
    return true;
  });
  if (!looked) return std::unexpected(looked.error());
  std::vector<Submission> found;
  found.reserve(page.size());
  for (auto& [position, record] : page) found.push_back(std::move(record));
  return found;
}

Result<std::vector<Submission>> damaged_of_person(Reading& reading, const Find& what) {
  std::vector<Submission> found;
  const auto looked = each_of_person(reading, what.key, [&](const SubmissionId& id, const auto& record) {
    if (found.size() == what.limit) return false;
    if (record && *record) return true;
    found.emplace_back().id = id;
    found.back().person = what.key;
    return true;
  });
  if (!looked) return std::unexpected(looked.error());
  if (!*looked) return std::unexpected(Error::corrupt);
  return found;
}

bool matches(const Filter& filter, const Submission& s) {
  return (!filter.destination || s.destination == *filter.destination) &&
         (!filter.facility || s.facility == *filter.facility) &&
         (filter.states.empty() || std::ranges::find(filter.states, s.state) != filter.states.end()) &&
         (!filter.hold_reason || s.hold_reason == *filter.hold_reason) &&
         (!filter.outcome_rule || s.outcome_rule == *filter.outcome_rule) &&
         (!filter.accepted_from || s.accepted_at >= *filter.accepted_from) &&
         (!filter.accepted_before || s.accepted_at < *filter.accepted_before);
}

// The lowest id made at or after this time.
SubmissionId lowest_id(WallTime made_at) {
  constexpr std::int64_t latest = (std::int64_t{1} << 48) - 1;
  const auto ms = static_cast<std::uint64_t>(std::clamp<std::int64_t>(made_at.time_since_epoch().count(), 0, latest));
  SubmissionId id;
  for (unsigned i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (8U * (5U - i)));
  return id;
}

// One page in the making.
class Page {
 public:
  explicit Page(const ScanQuery& query)
      : filter_(query.filter),
        limit_(std::min(query.limit, most_listed)),
        examine_(std::clamp<std::size_t>(query.examine, 1, most_examined)) {}

  // False: it is full, and there is more.
  bool has_room() {
    if (page_.items.size() < limit_ && page_.examined < examine_) return true;
    page_.next = last_;
    return false;
  }
  void examined(const SubmissionId& id) {
    last_ = id;
    ++page_.examined;
  }
  // The one that was just examined.
  void damaged() {
    passed_over();
    page_.damaged_ids.push_back(last_);
  }
  void passed_over() { ++page_.damaged; }  // which ones nobody knows
  void take(Submission record) {
    if (matches(filter_, record)) page_.items.push_back(std::move(record));
  }
  std::size_t room() const { return std::min(limit_ - page_.items.size(), examine_ - page_.examined); }
  ScanPage take_page() { return std::move(page_); }

 private:
  const Filter& filter_;
  const std::size_t limit_;
  const std::size_t examine_;
  SubmissionId last_;
  ScanPage page_;
};

Result<ScanPage> scan_all(Reading& reading, const ScanQuery& query) {
  std::string from = query.after ? keys::of(*query.after) + '\0' : std::string();
  if (query.filter.accepted_from) {
    from = std::max(from, keys::of(lowest_id(*query.filter.accepted_from - id_margin)));
  }
  std::optional<SubmissionId> end;
  if (query.filter.accepted_before) end = lowest_id(*query.filter.accepted_before + id_margin);
  Page page(query);
  const auto scanned = reading.scan_over(Family::meta, {}, from, [&](std::string_view key, std::string_view value) {
    const auto id = keys::parse_id(key);
    if (!id) return true;
    if ((end && *id >= *end) || !page.has_room()) return false;
    page.examined(*id);
    auto record = decode_record({Family::meta, key}, value);
    if (record) {
      page.take(std::move(record->submission));
    } else {
      page.damaged();
      reading.note({Family::meta, std::string(key)});
    }
    return true;
  });
  if (!scanned) return std::unexpected(scanned.error());
  for (std::size_t i = 0; i < *scanned; ++i) page.passed_over();  // one a stretch at least
  return page.take_page();
}

// Behind which key of the attention index `after` stands: by what its record says, wherever the record is by now. None:
// there is no such record.
Result<std::optional<std::string>> behind(Reading& reading, const SubmissionId& after) {
  const auto record = reading.get(Family::meta, keys::of(after), decode_record);
  if (!record) return std::unexpected(record.error());
  if (!*record) return std::nullopt;
  const Submission& s = (*record)->submission;
  return keys::attention({s.destination, s.facility}, after) + '\0';
}

Result<ScanPage> scan_attention(Reading& reading, const ScanQuery& query) {
  const Filter& filter = query.filter;
  std::string prefix;
  if (filter.destination) {
    prefix = filter.facility ? keys::attention_prefix(Lane{*filter.destination, *filter.facility})
                             : keys::attention_prefix(*filter.destination);
  }
  std::string from = prefix;
  if (query.after) {
    const auto start = behind(reading, *query.after);
    if (!start) return std::unexpected(start.error());
    if (!*start) return ScanPage{};
    from = **start;
  }
  Page page(query);
  bool more = true;
  while (more) {
    std::vector<std::string> id_keys;
    more = false;
    const std::size_t want = std::min(page.room(), largest_chunk);
    const auto scanned =
        reading.kv().scan(Family::attention, prefix, from, [&](std::string_view key, std::string_view) {
          const auto parsed = keys::parse_attention(key);
          if (!parsed) return true;
          more = id_keys.size() == want;
          if (more) return false;
          id_keys.push_back(keys::of(parsed->id));
          from.assign(key).push_back('\0');
          return true;
        });
    if (!scanned) return std::unexpected(reading.refused(scanned.error(), {Family::attention, prefix, {}, {}, true}));
    auto records = reading.get_all(Family::meta, id_keys, decode_record);
    if (!records) return std::unexpected(records.error());
    for (std::size_t i = 0; i < id_keys.size(); ++i) {
      page.examined(*keys::parse_id(id_keys[i]));
      auto& record = (*records)[i];
      if (!record) page.damaged();
      if (record && *record) page.take(std::move((*record)->submission));
      if (record && !*record) reading.note({Family::meta, id_keys[i]});
    }
    if (more && !page.has_room()) break;
  }
  return page.take_page();
}

}  // namespace

Result<std::vector<Submission>> find(Reading& reading, const Find& asked) {
  Find what = asked;
  what.limit = std::min(what.limit, most_listed);
  if (what.by == Find::By::person) return page_of_person(reading, what);
  if (what.by == Find::By::damaged_of_person) return damaged_of_person(reading, what);
  const auto ids = ids_of_key(reading, what);
  if (!ids) return std::unexpected(ids.error());
  return records_of(reading, *ids);
}

Result<ScanPage> scan(Reading& reading, const ScanQuery& query) {
  if (query.limit == 0) return ScanPage{};
  return query.filter.needs_attention ? scan_attention(reading, query) : scan_all(reading, query);
}

}  // namespace titip::storage::reads
