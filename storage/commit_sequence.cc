#include "storage/commit_sequence.h"

#include <fmt/format.h>

#include <utility>

#include "storage/codec.h"
#include "storage/crc32c.h"

namespace titip::storage {
namespace {

constexpr std::string_view key = commit_key;
constexpr std::uint8_t version = 1;
constexpr std::size_t size = 1 + 8 + 8 + 4;

}  // namespace

std::string encode(const CommitStamp& stamp) {
  Encoder out;
  out.u8(version).u64(stamp.number).time(stamp.at);
  return out.u32(crc32c(out.peek())).take();
}

std::optional<CommitStamp> decode_commit_stamp(std::string_view bytes) {
  if (bytes.size() != size) return std::nullopt;
  Decoder in(bytes);
  const bool known = in.u8() == version;
  CommitStamp stamp;
  stamp.number = in.u64();
  stamp.at = in.time();
  if (!known || in.u32() != crc32c(bytes.substr(0, size - 4)) || !in.done()) return std::nullopt;
  return stamp;
}

std::expected<CommitSequence, std::string> CommitSequence::load(const KvReader& kv) {
  const auto bytes = kv.get(Family::info, key);
  if (!bytes) return std::unexpected(fmt::format("cannot read the store: {}", bytes.error().text));
  CommitSequence sequence;
  if (!*bytes) return sequence;
  sequence.last_ = decode_commit_stamp(**bytes);
  if (!sequence.last_) {
    return std::unexpected(
        fmt::format("the store's entry info/{} is damaged; restore the data directory from its backup", key));
  }
  return sequence;
}

void CommitSequence::stamp(KvBatch& batch, WallTime now) {
  next_ = {number() + 1, now};
  batch.push_back({Family::info, std::string(key), encode(next_)});
}

KvResult<void> commit(Kv& kv, CommitSequence& sequence, KvBatch batch, WallTime now) {
  sequence.stamp(batch, now);
  auto written = kv.commit(batch);
  if (written) sequence.committed();
  return written;
}

}  // namespace titip::storage
