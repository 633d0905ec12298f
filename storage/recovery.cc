#include "storage/recovery.h"

#include <optional>
#include <utility>
#include <vector>

#include "metrics/words/said.h"
#include "storage/book.h"
#include "storage/evidence.h"
#include "storage/keys.h"
#include "storage/mend.h"
#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {
namespace {

constexpr std::size_t marks_in_a_batch = 256;
constexpr auto restore = words::text("restore the data directory from its backup");

std::unexpected<NotOpened> needs_a_person(std::string sentence) {
  return std::unexpected(NotOpened::until_a_person_looked(std::move(sentence)));
}

struct OpenMark {
  std::string key;
  SubmissionId id;
  Attempt attempt;
};

std::expected<std::optional<std::uint64_t>, NotOpened> number(const Kv& kv, std::string_view key) {
  const auto bytes = kv.get(Family::info, key);
  if (!bytes) return std::unexpected(NotOpened::unreadable(bytes.error()));
  if (!*bytes) return std::nullopt;
  const auto value = decode_number({Family::info, key}, **bytes);
  if (!value) return needs_a_person(words::tell("the store's entry info/{} is damaged; {}", key, restore));
  return value;
}

// Whether the store has a format: ours. None: it is new.
std::expected<bool, NotOpened> has_format(const Kv& kv) {
  const auto bytes = kv.get(Family::info, keys::format);
  if (!bytes) return std::unexpected(NotOpened::unreadable(bytes.error()));
  if (!*bytes) return false;
  const auto format = decode_format(**bytes);
  if (!format) return needs_a_person(words::tell("the store's entry info/{} is damaged; {}", keys::format, restore));
  if (auto refusal = refuse_format(*format)) return needs_a_person(std::move(*refusal));
  return true;
}

std::expected<std::uint64_t, NotOpened> begin_epoch(Kv& kv, CommitSequence& sequence, WallTime now) {
  const auto format = has_format(kv);
  if (!format) return std::unexpected(format.error());
  const auto before = number(kv, keys::epoch);
  if (!before) return std::unexpected(before.error());
  if (*format != before->has_value()) {
    return needs_a_person(words::tell("the store has lost its format or its epoch; {}", restore));
  }
  const std::uint64_t epoch = before->value_or(0) + 1;
  const auto written = commit(kv, sequence,
                              {{Family::info, std::string(keys::format), encode_format(format_version)},
                               {Family::info, std::string(keys::epoch), encode({Family::info, keys::epoch}, epoch)}},
                              now);
  if (!written) return std::unexpected(words::tell("cannot write to the store: {}", written.error().text));
  return epoch;
}

// The next marks behind `after`. A damaged mark still says which record it opened; the line it leaves is bare.
std::expected<std::vector<OpenMark>, NotOpened> next_marks(const Kv& kv, const std::string& after) {
  std::vector<OpenMark> marks;
  const auto scanned = kv.scan(Family::open, {}, after, [&](std::string_view key, std::string_view value) {
    const auto id = keys::parse_id(key);
    if (id) marks.push_back({std::string(key), *id, decode_attempt({Family::open, key}, value).value_or(Attempt{})});
    return marks.size() < marks_in_a_batch;
  });
  if (!scanned) return std::unexpected(NotOpened::unreadable(scanned.error()));
  return marks;
}

}  // namespace

std::expected<Recovered, NotOpened> recover(Kv& kv, WallTime now, std::string_view directory,
                                            std::chrono::milliseconds pause) {
  auto sequence = believe(kv, directory);
  if (!sequence) return std::unexpected(std::move(sequence.error()));
  sequence->believe_pauses_of(pause);
  const auto epoch = begin_epoch(kv, *sequence, now);
  if (!epoch) return std::unexpected(epoch.error());
  const auto mended = mend(kv, now);
  if (!mended) return std::unexpected(mended.error());
  Recovered recovered{*epoch};
  recovered.mended = *mended;
  recovered.sequence = std::move(*sequence);
  std::string after;
  while (true) {
    const auto marks = next_marks(kv, after);
    if (!marks) return std::unexpected(marks.error());
    if (marks->empty()) return recovered;
    Staging staging(kv);
    Book book(staging, now);
    for (const OpenMark& mark : *marks) {
      const bool settled = book.lost_attempt(mark.id, mark.attempt);
      if (!settled || staging.fault()) {
        // A disk that does not answer says nothing of the record, and one that is passed over would stay in flight.
        if (staging.fault() == Error::unavailable) {
          return std::unexpected(
              NotOpened(words::tell("the open attempts cannot be read; see to the disk, then start again")));
        }
        staging.roll_back();
        ++recovered.damaged;
      } else {
        staging.keep();
      }
    }
    recovered.open_attempts += marks->size();
    after = marks->back().key + '\0';
    const auto written = commit(kv, recovered.sequence, staging.take_batch(), now);
    if (!written) return std::unexpected(words::tell("cannot settle the open attempts: {}", written.error().text));
  }
}

}  // namespace titip::storage
