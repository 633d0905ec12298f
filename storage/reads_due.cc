// Due work, peeked from where a lane's live part begins.
#include <algorithm>
#include <deque>
#include <set>

#include "storage/check.h"
#include "storage/keys.h"
#include "storage/reads.h"

namespace titip::storage::reads {
namespace {

constexpr std::size_t largest_chunk = 256;  // entries fetched by one scan

// In these classes the key's time is the time something is due. The others only prefer some of `send`, by other times.
bool is_by_due_time(DueClass due_class) {
  return due_class == DueClass::send || due_class == DueClass::probe || due_class == DueClass::read_back;
}

struct Entry {
  std::string key;
  WallTime time{};  // of the key
  DueEntry due;
};

// The entries of one class that a query asks for, in the order of their keys.
class Walk {
 public:
  // `from`: not before the look's.
  Walk(Reading& reading, const DueQuery& query, DueClass due_class, LiveParts::Look& look, std::string from)
      : reading_(reading),
        query_(query),
        class_(due_class),
        look_(look),
        from_(std::move(from)),
        learns_(from_ == look.from()) {}

  // None: no more. `want`: how many may still be asked for.
  Result<const Entry*> peek(std::size_t want) {
    while (waiting_.empty() && !ended_) {
      if (auto filled = fill(std::clamp<std::size_t>(want, 1, largest_chunk)); !filled) {
        return std::unexpected(filled.error());
      }
    }
    return waiting_.empty() ? nullptr : &waiting_.front();
  }
  void pop() { waiting_.pop_front(); }
  std::optional<WallTime> next_due_at() const { return next_due_at_; }

 private:
  enum class Go : std::uint8_t { on, chunk_is_full, ended };

  Result<void> fill(std::size_t most) {
    bool cut = false;
    const auto scanned =
        reading_.kv().scan(Family::due, look_.prefix(), from_, [&](std::string_view key, std::string_view value) {
          if (learns_) look_.met_first(key);
          learns_ = false;
          if (waiting_.size() >= most) {
            cut = true;
            return false;
          }
          from_.assign(key).push_back('\0');
          if (take(key, value)) return true;
          cut = ended_ = true;
          return false;
        });
    if (!scanned) {
      ended_ = true;
      learns_ = false;
      const Error error = reading_.refused(scanned.error(), {Family::due, look_.prefix(), {}, query_.lane, true});
      // What lies behind a block that cannot be read waits for a person; what was found before it is served.
      if (error != Error::corrupt) return std::unexpected(error);
    }
    if (!cut) ended_ = true;
    if (!cut && learns_) look_.met_nothing();
    learns_ = false;
    return {};
  }

  // False: all that follows is beyond what was asked for.
  bool take(std::string_view key, std::string_view value) {
    const auto time = keys::due_at(key, look_.prefix());
    if (!time) {
      reading_.note({Family::due, std::string(key), std::string(key)});
      return true;
    }
    const bool by_due_time = is_by_due_time(class_);
    if (by_due_time && *time > query_.now) {
      if (query_.due_class == class_) next_due_at_ = *time;
      return false;
    }
    if (class_ == DueClass::deadline && query_.until && *time > *query_.until) return false;
    if (!is_by_due_time(query_.due_class) && ++examined_ > most_examined) return false;
    auto due = decode_due({Family::due, key}, value);
    if (!due) {
      reading_.note({Family::due, std::string(key), std::string(key)});
      return true;
    }
    const bool wanted =
        query_.shards.test(due->shard) && due->due_at <= query_.now && !query_.in_hand.contains(due->id) &&
        !(query_.without && query_.without->contains(due->id)) &&
        (query_.due_class != DueClass::fresh || class_ == DueClass::fresh || due->accepted_at >= query_.fresh_since);
    if (wanted) waiting_.push_back({std::string(key), *time, *due});
    return true;
  }

  Reading& reading_;
  const DueQuery& query_;
  const DueClass class_;
  LiveParts::Look& look_;
  std::string from_;
  bool learns_;
  bool ended_ = false;
  std::size_t examined_ = 0;
  std::deque<Entry> waiting_;
  std::optional<WallTime> next_due_at_;
};

// One answer in the making: one walk, or two that are merged.
class Peek {
 public:
  Peek(Reading& reading, const DueQuery& query, std::deque<LiveParts::Look>::iterator looks)
      : reading_(reading), query_(query) {
    if (query.due_class != DueClass::fresh) {
      walks_.emplace_back(reading, query, query.due_class, looks[0], looks[0].from());
      return;
    }
    for (const DueClass due_class : {DueClass::send, DueClass::fresh}) {
      LiveParts::Look& look = looks[due_class == DueClass::send ? 0 : 1];
      walks_.emplace_back(reading, query, due_class, look,
                          std::max(look.from(), keys::due_from(query.lane, due_class, query.fresh_since)));
    }
  }

  Result<DueBatch> answer() {
    const std::size_t limit = std::min(query_.limit, most_due_items);
    while (batch_.items.size() < limit && bytes_ < most_due_bytes && batch_.left_out < DueQuery::most_left_out) {
      const auto found = entries(limit - batch_.items.size());
      if (!found) return std::unexpected(found.error());
      if (found->empty()) break;
      if (const auto added = add(*found); !added) return std::unexpected(added.error());
    }
    if (batch_.left_out >= DueQuery::most_left_out) return std::move(batch_);
    // Where the caller had what was wanted, nobody needs to look further.
    if (batch_.items.size() >= query_.limit && query_.limit > 0) return std::move(batch_);
    const auto beyond = next(1);
    if (!beyond) return std::unexpected(beyond.error());
    if (*beyond == nullptr) {
      batch_.next_due_at = walks_.front().next_due_at();
    } else {
      batch_.more = query_.limit > 0;
    }
    return std::move(batch_);
  }

 private:
  // The first entry of all walks; none: no more.
  Result<Walk*> next(std::size_t want) {
    Walk* first = nullptr;
    const Entry* least = nullptr;
    for (Walk& walk : walks_) {
      const auto entry = walk.peek(want);
      if (!entry) return std::unexpected(entry.error());
      if (*entry == nullptr || (least != nullptr && least->time <= (*entry)->time)) continue;
      least = *entry;
      first = &walk;
    }
    return first;
  }

  Result<std::vector<Entry>> entries(std::size_t want) {
    std::vector<Entry> found;
    while (found.size() < std::min(want, largest_chunk)) {
      const auto walk = next(want - found.size());
      if (!walk) return std::unexpected(walk.error());
      if (*walk == nullptr) break;
      const Entry* entry = *(*walk)->peek(1);
      // A promoted record may stand in both.
      if (walks_.size() == 1 || seen_.insert(entry->due.id).second) found.push_back(*entry);
      (*walk)->pop();
    }
    return found;
  }

  Result<void> add(const std::vector<Entry>& entries) {
    std::vector<std::string> id_keys;
    id_keys.reserve(entries.size());
    for (const Entry& entry : entries) id_keys.push_back(keys::of(entry.due.id));
    auto records =
        reading_.get_all(Family::meta, id_keys, decode_record, [&](std::size_t i) { return entries[i].key; });
    if (!records) return std::unexpected(records.error());
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (bytes_ >= most_due_bytes) {
        batch_.more = true;
        break;
      }
      const auto& record = (*records)[i];
      if (!record) continue;  // noted
      if (!*record) {
        reading_.note({Family::meta, id_keys[i], entries[i].key});
        continue;
      }
      if (query_.first_tries_only && is_repetition((*record)->submission)) {
        ++batch_.left_out;
        continue;
      }
      bytes_ += (*record)->payload_bytes;
      wanted.push_back(i);
    }
    return add_payloads(entries, id_keys, wanted, *records);
  }

  Result<void> add_payloads(const std::vector<Entry>& entries, const std::vector<std::string>& id_keys,
                            const std::vector<std::size_t>& wanted,
                            std::vector<Result<std::optional<Record>>>& records) {
    std::vector<std::string> payload_keys;
    payload_keys.reserve(wanted.size());
    for (const std::size_t i : wanted) payload_keys.push_back(id_keys[i]);
    auto payloads = reading_.get_all(Family::payload, payload_keys, decode_sealed,
                                     [&](std::size_t at) { return entries[wanted[at]].key; });
    if (!payloads) return std::unexpected(payloads.error());
    for (std::size_t at = 0; at < wanted.size(); ++at) {
      auto& payload = (*payloads)[at];
      if (!payload) continue;  // noted
      if (!*payload) {
        reading_.note({Family::payload, payload_keys[at], entries[wanted[at]].key});
        continue;
      }
      batch_.items.push_back({std::move((*records[wanted[at]])->submission), std::move(**payload)});
    }
    return {};
  }

  Reading& reading_;
  const DueQuery& query_;
  std::deque<Walk> walks_;
  std::set<SubmissionId> seen_;
  std::size_t bytes_ = 0;
  DueBatch batch_;
};

}  // namespace

Result<std::vector<DueBatch>> next_due(const Kv& kv, LiveParts& live, const std::vector<DueQuery>& batch,
                                       std::vector<Damage>& damage) {
  std::deque<LiveParts::Look> looks;  // two for each question of class fresh, one for each other
  for (const DueQuery& query : batch) {
    if (query.due_class == DueClass::fresh) looks.emplace_back(live, keys::due_prefix(query.lane, DueClass::send));
    looks.emplace_back(live, keys::due_prefix(query.lane, query.due_class));
  }
  const auto snapshot = kv.snapshot();
  Reading reading(*snapshot);
  Result<std::vector<DueBatch>> answers;
  answers->reserve(batch.size());
  auto look = looks.begin();
  for (const DueQuery& query : batch) {
    auto answer = Peek(reading, query, look).answer();
    if (!answer) {
      answers = std::unexpected(answer.error());
      break;
    }
    answers->push_back(std::move(*answer));
    look += query.due_class == DueClass::fresh ? 2 : 1;
  }
  damage = reading.take_damage();
  return answers;
}

}  // namespace titip::storage::reads
