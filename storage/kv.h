// A private door inside storage: an ordered key-value engine with families, point look-ups, bounded scans and an atomic
// durable commit. What a submission is, the engine does not know.
//
// Threads: one thread commits (the writer); any thread may read meanwhile.
// Invariant: when commit() returns without an error, the whole batch survives a power cut; a batch is never half there.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace titip::storage {

// What each holds: FORMAT.md. The names are stored: never rename, only add.
enum class Family : std::uint8_t {
  info,
  meta,
  payload,
  reply,
  chain,
  head,
  due,
  idempotency,
  natural,
  attempt,
  open,
  object,
  counts,
  person,
  requirement,
  waiter,
  attention,
  audit,
  quarantine,
};
inline constexpr std::size_t family_count = 19;
inline constexpr std::array<std::string_view, family_count> family_names{
    "info", "meta",   "payload", "reply",  "chain",       "head",   "due",       "idempotency", "natural",   "attempt",
    "open", "object", "counts",  "person", "requirement", "waiter", "attention", "audit",       "quarantine"};

struct KvWrite {
  Family family = Family::info;
  std::string key;
  std::optional<std::string> value;  // none: erase
};
using KvBatch = std::vector<KvWrite>;

struct KvError {
  enum class Kind : std::uint8_t {
    busy,     // commit only: certainly nothing was written, try again soon
    failed,   // an input/output error; after a commit it is in doubt what was written
    corrupt,  // the engine's own checksums refuse the data
  };
  Kind kind = Kind::failed;
  std::string text;  // one sentence for the operator, free of stored data
};
template <class T>
using KvResult = std::expected<T, KvError>;

class KvReader {
 public:
  // Called in key order; false ends the scan. The views live until the visitor returns.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

  virtual ~KvReader() = default;
  virtual KvResult<std::optional<std::string>> get(Family family, std::string_view key) const = 0;
  // In the order asked.
  virtual KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                                      std::span<const std::string> keys) const = 0;
  // Keys that begin with `prefix`, from the first that is >= `from` on.
  virtual KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                              const Visitor& visit) const = 0;
};

class Kv : public KvReader {
 public:
  virtual KvResult<void> commit(const KvBatch& batch) = 0;
  // One moment of the whole store. Short-lived: it keeps what it sees from being tidied up, and an engine may make a
  // commit wait for it. Must die before close().
  virtual std::unique_ptr<KvReader> snapshot() const = 0;
  // A small note (at most 256 bytes) kept apart from everything else, replaced as a whole, durable when this returns:
  // the evidence of what was acknowledged. One thread, which need not be the one that commits.
  virtual KvResult<void> note(std::string_view bytes) = 0;
  virtual KvResult<std::optional<std::string>> noted() const = 0;
  // Gives the space of erased values back to the disk. Blocking and long; any one thread, while others commit and read.
  virtual KvResult<void> reclaim() = 0;
  // About how much a reclaim would give back. Any thread; small.
  virtual std::uint64_t reclaimable_bytes() const { return 0; }
  // A reclaim under way ends soon, and none begins any more: close() is near. Any thread.
  virtual void give_up_reclaim() {}
  // A consistent copy of everything committed so far, made in a directory that does not exist yet; the note is not part
  // of it. Its size in bytes. Blocking; any thread.
  virtual KvResult<std::uint64_t> checkpoint(const std::filesystem::path& directory) const = 0;
  virtual void close() = 0;
};

}  // namespace titip::storage
