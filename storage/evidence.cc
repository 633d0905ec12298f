#include "storage/evidence.h"

#include <fmt/format.h>

#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage {
namespace {

std::expected<std::uint64_t, std::string> number(const KvReader& kv, std::string_view key) {
  const auto bytes = kv.get(Family::info, key);
  if (!bytes) return std::unexpected(fmt::format("cannot read the store: {}", bytes.error().text));
  if (!*bytes) return 0;
  const auto value = decode_number({Family::info, key}, **bytes);
  if (!value) {
    return std::unexpected(
        fmt::format("the store's entry info/{} is damaged; restore the data directory from its backup", key));
  }
  return *value;
}

}  // namespace

std::expected<Reach, std::string> found_reach(const KvReader& kv, const CommitSequence& sequence) {
  const auto position = number(kv, keys::last_position);
  if (!position) return std::unexpected(position.error());
  const auto epoch = number(kv, keys::epoch);
  if (!epoch) return std::unexpected(epoch.error());
  return Reach{sequence.number(), *position, *epoch, sequence.last() ? sequence.last()->at : WallTime{}};
}

std::expected<std::optional<Reach>, std::string> noted_reach(const Kv& kv) {
  const auto bytes = kv.noted();
  if (!bytes) return std::unexpected(bytes.error().text);
  if (!*bytes) return std::nullopt;
  const auto mark = decode_reach(**bytes);
  if (!mark) return std::unexpected("the note of what was acknowledged is damaged");
  return mark;
}

std::expected<CommitSequence, std::string> believe(Kv& kv, std::string_view directory) {
  const std::string where = directory.empty() ? "DIR" : std::string(directory);
  const auto restoring = kv.get(Family::info, keys::restoring);
  if (!restoring) return std::unexpected(fmt::format("cannot read the store: {}", restoring.error().text));
  if (*restoring) {
    return std::unexpected(
        fmt::format("a restore of this store was begun and not finished; run `titip restore` again, or `titip restore "
                    "--as-it-is {}`",
                    where));
  }
  auto sequence = CommitSequence::load(kv);
  if (!sequence) return sequence;
  const auto found = found_reach(kv, *sequence);
  if (!found) return std::unexpected(found.error());
  const auto noted = noted_reach(kv);
  if (!sequence->last()) {
    // New, or a first start that was cut short. The note comes before the first counted commit, so that from then on
    // a missing note means that something took it away.
    if (auto written = kv.note(encode(*found)); !written) {
      return std::unexpected(fmt::format("cannot write to the data directory: {}", written.error().text));
    }
    return sequence;
  }
  if (!noted || !*noted) {
    return std::unexpected(fmt::format(
        "the note of how far this store had come is {}, so nobody can tell whether it is complete; if this directory "
        "is "
        "a copy or a backup, use `titip restore`; else look at the disk, and when it is sound run `titip restore "
        "--as-it-is {}`",
        noted ? std::string("gone") : "unreadable (" + noted.error() + ")", where));
  }
  if (const auto lack = lack_of(*found, **noted)) {
    return std::unexpected(refusal(*lack, *found, **noted, directory));
  }
  return sequence;
}

}  // namespace titip::storage
