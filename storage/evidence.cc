#include "storage/evidence.h"

#include <utility>

#include "metrics/words/said.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage {
namespace {

struct Number {
  bool sound = true;
  std::uint64_t value = 0;
};

std::expected<Number, NotOpened> number_of(const KvReader& kv, std::string_view key) {
  const auto bytes = kv.get(Family::info, key);
  if (!bytes) return std::unexpected(NotOpened::unreadable(bytes.error()));
  if (!*bytes) return Number{};
  const auto value = decode_number({Family::info, key}, **bytes);
  return Number{value.has_value(), value.value_or(0)};
}

std::expected<std::uint64_t, std::string> number(const KvReader& kv, std::string_view key) {
  const auto found = number_of(kv, key);
  if (!found) return std::unexpected(found.error());
  if (!found->sound) {
    return std::unexpected(
        words::tell("the store's entry info/{} is damaged; restore the data directory from its backup", key));
  }
  return found->value;
}

std::unexpected<NotOpened> needs_a_person(std::string sentence) {
  return std::unexpected(NotOpened::until_a_person_looked(std::move(sentence)));
}

// New, or a first start that was cut short: unless its note tells of work, which then went with the log or the tables
// that held it. The note comes before the first counted commit, so that from then on a missing note means that
// something took it away.
std::expected<CommitSequence, NotOpened> believe_empty(Kv& kv, CommitSequence sequence,
                                                       const std::expected<std::optional<Reach>, NotOpened>& noted,
                                                       const std::string& where) {
  if (!noted) {
    return needs_a_person(
        words::tell("the store in {} is empty, and its note of what was acknowledged is unreadable ({}); keep the "
                    "directory as it is, look at the disk, and run `titip restore --from` the newest backup; if "
                    "nothing was ever accepted here, start with an empty data directory",
                    where, noted.error()));
  }
  const Reach found;
  if (*noted && lack_of(found, **noted)) {
    return needs_a_person(words::tell(
        "the store in {} is empty, but {} commits with {} accepted submissions were acknowledged up to {}: its log or "
        "its tables are damaged or gone, which no crash does; nothing was touched: keep the directory as it is, look "
        "at "
        "the disk first, and if they cannot be found again run `titip restore --from` the newest backup",
        where, (*noted)->commit, (*noted)->position, time_text((*noted)->at)));
  }
  if (auto written = kv.note(encode(found)); !written) {
    return std::unexpected(words::tell("cannot write to the data directory: {}", written.error().text));
  }
  return sequence;
}

}  // namespace

std::expected<Reach, std::string> found_reach(const KvReader& kv, const CommitSequence& sequence) {
  const auto position = number(kv, keys::last_position);
  if (!position) return std::unexpected(position.error());
  const auto epoch = number(kv, keys::epoch);
  if (!epoch) return std::unexpected(epoch.error());
  return Reach{sequence.number(), *position, *epoch, sequence.last() ? sequence.last()->at : WallTime{}};
}

std::expected<std::optional<Reach>, NotOpened> noted_reach(const Kv& kv) {
  const auto bytes = kv.noted();
  if (!bytes) return std::unexpected(NotOpened::unreadable(bytes.error()));
  if (!*bytes) return std::nullopt;
  const auto mark = decode_reach(**bytes);
  if (!mark) return needs_a_person(words::tell("the note of what was acknowledged is damaged"));
  return mark;
}

std::expected<CommitSequence, NotOpened> believe(Kv& kv, std::string_view directory) {
  const std::string where = directory.empty() ? "DIR" : std::string(directory);
  const auto restoring = kv.get(Family::info, keys::restoring);
  if (!restoring) return std::unexpected(NotOpened::unreadable(restoring.error()));
  if (*restoring) {
    return needs_a_person(
        words::tell("a restore of this store was begun and not finished; run `titip restore` again, or `titip restore "
                    "--as-it-is {}`",
                    where));
  }
  // A disk that does not answer now may answer next time: nobody has to look for that.
  if (const auto asked = kv.get(Family::info, keys::commit); !asked) {
    return std::unexpected(NotOpened::unreadable(asked.error()));
  }
  auto sequence = CommitSequence::load(kv);
  if (!sequence) return needs_a_person(std::move(sequence.error()));
  const auto noted = noted_reach(kv);
  if (!noted && !noted.error().needs_a_person()) return std::unexpected(noted.error());
  if (!sequence->last()) return believe_empty(kv, std::move(*sequence), noted, where);
  if (!noted || !*noted) {
    return needs_a_person(words::tell(
        "the note of how far this store had come is {}, so nobody can tell whether it is complete; if this directory "
        "is "
        "a copy or a backup, use `titip restore`; else look at the disk, and when it is sound run `titip restore "
        "--as-it-is {}`",
        noted ? words::tell("gone") : words::tell("unreadable ({})", noted.error()), where));
  }
  // A position that cannot be read is found again from the records (mend.h). Every accept is a commit too, so that the
  // commits alone tell whether any is missing.
  auto found = Reach{sequence->number(), (*noted)->position, 0, sequence->last()->at};
  if (const auto position = number_of(kv, keys::last_position); !position) {
    return std::unexpected(position.error());
  } else if (position->sound) {
    found.position = position->value;
  }
  if (const auto lack = lack_of(found, **noted)) {
    return needs_a_person(refusal(*lack, found, **noted, directory));
  }
  return sequence;
}

}  // namespace titip::storage
