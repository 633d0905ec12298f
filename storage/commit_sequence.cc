#include "storage/commit_sequence.h"

#include <algorithm>
#include <utility>

#include "metrics/words/said.h"
#include "storage/codec.h"
#include "storage/frame.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage {
namespace {

constexpr Place place{Family::info, keys::commit};
constexpr std::uint8_t doubt_version = 1;

std::string doubt_key() {
  return keys::object(clock_kind, doubt_name);
}

std::string bytes_of(const ClockDoubt& doubt) {
  return Encoder().u8(doubt_version).time(doubt.before).time(doubt.since).take();
}

std::optional<ClockDoubt> decode_doubt(std::string_view bytes) {
  Decoder in(bytes);
  const bool known = in.u8() == doubt_version;
  ClockDoubt doubt;
  doubt.before = in.time();
  doubt.since = in.time();
  return known && in.ok() && in.left() == 0 ? std::optional(doubt) : std::nullopt;
}

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
  if (!bytes) return std::unexpected(words::tell("cannot read the store: {}", bytes.error().text));
  CommitSequence sequence;
  if (!*bytes) return sequence;
  sequence.last_ = decode_commit_stamp(**bytes);
  if (!sequence.last_) {
    return std::unexpected(
        words::tell("the store's entry info/{} is damaged; restore the data directory from its backup", keys::commit));
  }
  const auto doubt = kv.get(Family::object, doubt_key());
  const bool rotten = !doubt && doubt.error().kind == KvError::Kind::corrupt;
  if (!doubt && !rotten) return std::unexpected(words::tell("cannot read the store: {}", doubt.error().text));
  if (!rotten && !*doubt) return sequence;
  const auto object = rotten ? std::nullopt : decode_object({Family::object, doubt_key()}, **doubt);
  const auto read = object ? decode_doubt(object->bytes) : std::nullopt;
  // What cannot be read is a doubt all the same, as of the last commit; the next one writes it anew.
  sequence.doubt_is_damaged_ = !read;
  sequence.doubt_ = read.value_or(ClockDoubt{sequence.last_->at, sequence.last_->at});
  sequence.doubt_version_ = object ? object->version : 0;
  return sequence;
}

void CommitSequence::stamp(KvBatch& batch, WallTime now) {
  next_ = {number() + 1, now};
  stamp_doubt(batch, now);
  batch.push_back({Family::info, std::string(keys::commit), encode(next_)});
}

void CommitSequence::committed() {
  if (next_doubt_ && (next_doubt_ != doubt_ || doubt_is_damaged_)) ++doubt_version_;
  doubt_is_damaged_ = false;
  last_ = next_;
  doubt_ = next_doubt_;
}

std::optional<ClockDoubt> CommitSequence::doubt_at(WallTime now) const {
  if (last_ && now - last_->at > longest_pause_) return ClockDoubt{last_->at, now};
  if (!doubt_ || now >= doubt_->since) return doubt_;
  // It was noticed in a future that was none: it must not stand until then.
  return ClockDoubt{doubt_->before, now};
}

void CommitSequence::stamp_doubt(KvBatch& batch, WallTime now) {
  next_doubt_ = doubt_at(now);
  const bool is_new = next_doubt_ != doubt_ || doubt_is_damaged_;
  if (doubt_ && !is_new) {
    const std::string key = doubt_key();
    const auto is_it = [&](const KvWrite& write) { return write.family == Family::object && write.key == key; };
    const auto last = std::find_if(batch.rbegin(), batch.rend(), is_it);
    if (last != batch.rend() && !last->value) next_doubt_.reset();  // a person took it away
  }
  if (!is_new || !next_doubt_) return;
  const std::string key = doubt_key();
  batch.push_back(
      {Family::object, key, encode({Family::object, key}, Object{doubt_version_ + 1, bytes_of(*next_doubt_)})});
}

KvResult<void> commit(Kv& kv, CommitSequence& sequence, KvBatch batch, WallTime now) {
  sequence.stamp(batch, now);
  auto written = kv.commit(batch);
  if (written) sequence.committed();
  return written;
}

}  // namespace titip::storage
