#include "storage/commit_sequence.h"

#include <fmt/format.h>

#include <utility>

#include "storage/frame.h"
#include "storage/keys.h"

namespace titip::storage {
namespace {

constexpr Place place{Family::info, keys::commit};

}  // namespace

std::string encode(const CommitStamp& stamp) {
  Value out;
  out.varint(stamp.number).time(stamp.at);
  return out.sealed(place);
}

std::optional<CommitStamp> decode_commit_stamp(std::string_view bytes) {
  auto in = body_of(place, bytes);
  if (!in) return std::nullopt;
  CommitStamp stamp;
  stamp.number = in->varint();
  stamp.at = in->time();
  return whole(*in, stamp);
}

std::expected<CommitSequence, std::string> CommitSequence::load(const KvReader& kv) {
  const auto bytes = kv.get(Family::info, keys::commit);
  if (!bytes) return std::unexpected(fmt::format("cannot read the store: {}", bytes.error().text));
  CommitSequence sequence;
  if (!*bytes) return sequence;
  sequence.last_ = decode_commit_stamp(**bytes);
  if (!sequence.last_) {
    return std::unexpected(
        fmt::format("the store's entry info/{} is damaged; restore the data directory from its backup", keys::commit));
  }
  return sequence;
}

void CommitSequence::stamp(KvBatch& batch, WallTime now) {
  next_ = {number() + 1, now};
  batch.push_back({Family::info, std::string(keys::commit), encode(next_)});
}

KvResult<void> commit(Kv& kv, CommitSequence& sequence, KvBatch batch, WallTime now) {
  sequence.stamp(batch, now);
  auto written = kv.commit(batch);
  if (written) sequence.committed();
  return written;
}

}  // namespace titip::storage
