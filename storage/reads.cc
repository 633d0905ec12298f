#include "storage/reads.h"

#include <algorithm>

#include "storage/audit.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/sealed_kinds.h"

namespace titip::storage::reads {
namespace {

// The lines of a timeline, the one that is open last.
Result<std::vector<Attempt>> attempts_of(Reading& reading, const std::string& id_key) {
  std::vector<Attempt> attempts;
  bool sound = true;
  const auto scanned =
      reading.kv().scan(Family::attempt, id_key, id_key, [&](std::string_view key, std::string_view value) {
        auto attempt = decode_attempt({Family::attempt, key}, value);
        if (attempt) {
          attempts.push_back(std::move(*attempt));
        } else {
          sound = false;
          reading.note({Family::attempt, std::string(key)});
        }
        return true;
      });
  if (!scanned) return std::unexpected(reading.refused(scanned.error(), {Family::attempt, id_key, {}, {}, true}));
  auto mark = reading.get(Family::open, id_key, decode_attempt);
  if (!mark) return std::unexpected(mark.error());
  if (!sound) return std::unexpected(Error::corrupt);
  if (*mark) attempts.push_back(std::move(**mark));
  return attempts;
}

Result<std::optional<Loaded>> load_one(Reading& reading, const LoadRequest& request) {
  const std::string key = keys::of(request.id);
  auto record = reading.get(Family::meta, key, decode_record);
  if (!record) return std::unexpected(record.error());
  if (!*record) return std::nullopt;
  Loaded loaded;
  loaded.submission = std::move((*record)->submission);
  if (request.payload) {
    auto payload = reading.get(Family::payload, key, decode_sealed);
    if (!payload) return std::unexpected(payload.error());
    if (!*payload && !loaded.submission.content_erased) {
      reading.note({Family::payload, key});
      return std::unexpected(Error::corrupt);  // it must be there
    }
    if (*payload) loaded.payload = std::move(**payload);
  }
  if (request.reply) {
    auto reply = reading.get(Family::reply, key, decode_sealed);
    if (!reply) return std::unexpected(reply.error());
    if (*reply) loaded.reply = std::move(**reply);
  }
  if (request.attempts) {
    auto attempts = attempts_of(reading, key);
    if (!attempts) return std::unexpected(attempts.error());
    loaded.attempts = std::move(*attempts);
  }
  return loaded;
}

}  // namespace

Result<std::vector<std::optional<Loaded>>> load(Reading& reading, const std::vector<LoadRequest>& batch) {
  std::vector<std::optional<Loaded>> answers;
  answers.reserve(batch.size());
  for (const LoadRequest& request : batch) {
    auto loaded = load_one(reading, request);
    if (!loaded) return std::unexpected(loaded.error());
    answers.push_back(std::move(*loaded));
  }
  return answers;
}

Result<std::optional<Object>> object(Reading& reading, std::string_view kind, std::string_view name) {
  return reading.get(Family::object, keys::object(kind, name), decode_object);
}

Result<std::vector<std::pair<std::string, Object>>> objects(Reading& reading, std::string_view kind,
                                                            std::string_view after, std::size_t limit) {
  const std::string prefix = keys::object_prefix(kind);
  const std::string from = after.empty() ? prefix : keys::object(kind, after) + '\0';
  std::vector<std::pair<std::string, Object>> found;
  bool sound = true;
  const auto scanned =
      reading.kv().scan(Family::object, prefix, from, [&](std::string_view key, std::string_view value) {
        if (found.size() == limit) return false;
        auto decoded = decode_object({Family::object, key}, value);
        if (!decoded) reading.note({Family::object, std::string(key)});
        sound = decoded || find_sealed_kind(kind) != nullptr;
        if (sound) found.emplace_back(std::string(key.substr(prefix.size())), std::move(decoded).value_or(Object{}));
        return sound;
      });
  if (!scanned) return std::unexpected(reading.refused(scanned.error(), {Family::object, prefix, {}, {}, true}));
  if (!sound) return std::unexpected(Error::corrupt);
  return found;
}

Result<std::vector<AuditLine>> audit(Reading& reading, std::uint64_t from_number, std::size_t limit) {
  const std::uint64_t first = std::max<std::uint64_t>(from_number, 1);
  limit = std::min(limit, most_listed);
  // Read before the lines are: one may be written meanwhile. Damaged: nobody knows which is the last.
  const auto newest = reading.get(Family::info, std::string(keys::last_audit), decode_number);
  if (!newest && newest.error() != Error::corrupt) return std::unexpected(newest.error());
  const std::uint64_t last = newest ? newest->value_or(0) : 0;
  // The hash before the first line is empty. None: it is lost, and the first line read is believed.
  std::optional<std::string> before = first == 1 ? std::optional(std::string()) : std::nullopt;
  if (first > 1) {
    const auto line = reading.get(Family::audit, keys::audit(first - 1), decode_audit);
    if (!line && line.error() != Error::corrupt) return std::unexpected(line.error());
    if (line && *line) before = (*line)->hash;
  }
  std::vector<AuditLine> lines;
  bool sound = true;
  const auto scanned =
      reading.kv().scan(Family::audit, {}, keys::audit(first), [&](std::string_view key, std::string_view value) {
        if (lines.size() >= limit) return false;
        auto line = decode_audit({Family::audit, key}, value);
        sound = line && line->number == first + lines.size() && (!before || line->hash == hash_of(*before, *line));
        if (!line) reading.note({Family::audit, std::string(key)});
        if (!sound) return false;
        before = line->hash;
        lines.push_back(std::move(*line));
        return true;
      });
  if (!scanned)
    return std::unexpected(reading.refused(scanned.error(), {Family::audit, keys::audit(first), {}, {}, true}));
  // The chain alone does not tell that its end was taken away.
  if (lines.size() < limit && first + lines.size() <= last) sound = false;
  if (!sound) return std::unexpected(Error::corrupt);
  return lines;
}

}  // namespace titip::storage::reads
