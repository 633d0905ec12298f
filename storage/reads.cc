#include "storage/reads.h"

#include <algorithm>

#include "storage/key_line.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage::reads {
namespace {

Error error_of(const KvError& error) {
  return error.kind == KvError::Kind::corrupt ? Error::corrupt : Error::unavailable;
}

// One value: absent, sound, or an error.
template <class T>
Result<std::optional<T>> read(const KvReader& kv, Family family, std::string_view key,
                              std::optional<T> (*decode)(std::string_view)) {
  const auto bytes = kv.get(family, key);
  if (!bytes) return std::unexpected(error_of(bytes.error()));
  if (!*bytes) return std::nullopt;
  auto value = decode(**bytes);
  if (!value) return std::unexpected(Error::corrupt);
  return value;
}

// Entries of the due index that are due, from `from` on, at most `most`.
struct DueKeys {
  std::vector<std::string> id_keys;
  std::string behind_last;              // where the next look begins
  std::optional<WallTime> next_due_at;  // the first that is not due yet
  bool more = false;
};

Result<DueKeys> due_keys(const KvReader& kv, const DueQuery& query, const std::string& prefix, const std::string& from,
                         std::size_t most, std::size_t& damaged) {
  DueKeys found;
  const auto scanned = kv.scan(Family::due, prefix, from, [&](std::string_view key, std::string_view value) {
    const auto at = keys::due_at(key, prefix);
    if (at && *at > query.now) {
      found.next_due_at = *at;
      return false;
    }
    if (found.id_keys.size() == most) {
      found.more = true;
      return false;
    }
    const auto id = decode_id(value);
    if (at && id) {
      found.id_keys.push_back(keys::of(*id));
    } else {
      ++damaged;
    }
    found.behind_last = std::string(key) + '\0';
    return true;
  });
  if (!scanned) return std::unexpected(error_of(scanned.error()));
  return found;
}

// Adds what is sound of `id_keys` to the batch; false: the batch holds enough bytes.
Result<bool> add_due(const KvReader& kv, const std::vector<std::string>& id_keys, DueBatch& batch, std::size_t& bytes,
                     std::size_t& damaged) {
  const auto records = kv.multi_get(Family::meta, id_keys);
  if (!records) return std::unexpected(error_of(records.error()));
  for (std::size_t i = 0; i < id_keys.size(); ++i) {
    if (bytes >= most_due_bytes) return false;
    auto record = (*records)[i] ? decode_record(*(*records)[i]) : std::nullopt;
    const auto payload = read(kv, Family::payload, id_keys[i], decode_sealed);
    if (!payload && payload.error() != Error::corrupt) return std::unexpected(payload.error());
    if (!record || !payload || !*payload) {
      ++damaged;
      continue;
    }
    bytes += (*payload)->bytes.size();
    batch.items.push_back({std::move(record->submission), **payload});
  }
  return true;
}

Result<DueBatch> due_of(const KvReader& kv, const DueQuery& query, std::size_t& damaged) {
  DueBatch batch;
  std::size_t bytes = 0;
  const std::size_t limit = std::min(query.limit, most_due_items);
  const std::string prefix = keys::due_prefix(query.lane, query.due_class);
  std::string from = prefix;
  while (true) {
    const auto found = due_keys(kv, query, prefix, from, limit - batch.items.size(), damaged);
    if (!found) return std::unexpected(found.error());
    batch.next_due_at = found->next_due_at;
    const auto room = add_due(kv, found->id_keys, batch, bytes, damaged);
    if (!room) return std::unexpected(room.error());
    if (!found->more || !*room || batch.items.size() >= limit) return batch;
    from = found->behind_last;
  }
}

Result<std::optional<Loaded>> load_one(const KvReader& kv, const LoadRequest& request) {
  const std::string key = keys::of(request.id);
  auto record = read(kv, Family::meta, key, decode_record);
  if (!record) return std::unexpected(record.error());
  if (!*record) return std::nullopt;
  if ((*record)->submission.id != request.id) return std::unexpected(Error::corrupt);
  Loaded loaded;
  loaded.submission = std::move((*record)->submission);
  if (request.payload) {
    auto payload = read(kv, Family::payload, key, decode_sealed);
    if (!payload) return std::unexpected(payload.error());
    if (*payload) loaded.payload = std::move(**payload);
  }
  if (request.reply) {
    auto reply = read(kv, Family::reply, key, decode_sealed);
    if (!reply) return std::unexpected(reply.error());
    if (*reply) loaded.reply = std::move(**reply);
  }
  if (!request.attempts) return loaded;

  bool sound = true;
  const auto scanned = kv.scan(Family::attempt, key, key, [&](std::string_view, std::string_view value) {
    auto attempt = decode_attempt(value);
    sound = attempt.has_value();
    if (sound) loaded.attempts.push_back(std::move(*attempt));
    return sound;
  });
  if (!scanned) return std::unexpected(error_of(scanned.error()));
  if (!sound) return std::unexpected(Error::corrupt);
  auto mark = read(kv, Family::open, key, decode_attempt);
  if (!mark) return std::unexpected(mark.error());
  if (*mark) loaded.attempts.push_back(std::move(**mark));
  return loaded;
}

}  // namespace

Result<std::vector<DueBatch>> next_due(const KvReader& kv, const std::vector<DueQuery>& batch, std::size_t& damaged) {
  std::vector<DueBatch> answers;
  answers.reserve(batch.size());
  for (const DueQuery& query : batch) {
    auto due = due_of(kv, query, damaged);
    if (!due) return std::unexpected(due.error());
    answers.push_back(std::move(*due));
  }
  return answers;
}

Result<std::vector<std::optional<Loaded>>> load(const KvReader& kv, const std::vector<LoadRequest>& batch) {
  std::vector<std::optional<Loaded>> answers;
  answers.reserve(batch.size());
  for (const LoadRequest& request : batch) {
    auto loaded = load_one(kv, request);
    if (!loaded) return std::unexpected(loaded.error());
    answers.push_back(std::move(*loaded));
  }
  return answers;
}

Result<std::optional<Object>> object(const KvReader& kv, std::string_view kind, std::string_view name) {
  return read(kv, Family::object, keys::object(kind, name), decode_object);
}

Result<std::vector<std::pair<std::string, Object>>> objects(const KvReader& kv, std::string_view kind,
                                                            std::string_view after, std::size_t limit) {
  const std::string prefix = keys::object_prefix(kind);
  const std::string from = after.empty() ? prefix : keys::object(kind, after) + '\0';
  std::vector<std::pair<std::string, Object>> found;
  bool sound = true;
  const auto scanned = kv.scan(Family::object, prefix, from, [&](std::string_view key, std::string_view value) {
    if (found.size() == limit) return false;
    auto decoded = decode_object(value);
    sound = decoded.has_value();
    if (sound) found.emplace_back(std::string(key.substr(prefix.size())), std::move(*decoded));
    return sound;
  });
  if (!scanned) return std::unexpected(error_of(scanned.error()));
  if (!sound) return std::unexpected(Error::corrupt);
  return found;
}

}  // namespace titip::storage::reads
