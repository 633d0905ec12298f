// Sealing: AES-256-GCM before anything reaches the database, so that write-ahead log, tables and LOG hold no plaintext.
// Each submission has a data key of its own, wrapped by the key file's current key; destroying the wrapped key makes
// every copy unreadable. Whatever any key of the file wrapped can be opened; only the current one wraps.
//
// A keyed hash goes through the chain of index keys: h1 = HMAC(k1, x), h2 = HMAC(k2, h1), … Rotation never touches the
// chain, else duplicates would no longer be recognised. Reindexing adds a key at its end, and what stands on disk is
// hashed once more under that key alone: a digest can be moved on without its plaintext, so that duplicates of records
// whose payload was erased long ago stay recognisable, and whoever stole an earlier key can compute nothing with it.
//
// Threads: every member may be called from any thread, reload() too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/submission.h"

namespace titip::storage {

// 32 bytes that are wiped when they die.
class DataKey {
 public:
  DataKey() = default;
  DataKey(const DataKey&) = default;
  DataKey& operator=(const DataKey&) = default;
  ~DataKey();
  std::array<std::uint8_t, 32> bytes{};
};

struct NewDataKey {
  DataKey key;
  std::string wrapped;  // goes into Submission::wrapped_key
};

class Sealer {
 public:
  // Reads the key file, or makes it (mode 0600, fsynced together with its directory) if it is missing and `may_create`.
  // Refuses a file that group or others may read, or that is damaged: the error is a sentence that says what to do.
  static std::expected<Sealer, std::string> open(const std::filesystem::path& key_file, bool may_create);
  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;
  ~Sealer();

  // Reads the key file again, while others seal: from now on its current key wraps. A file with another chain of index
  // keys is refused, for what was hashed meanwhile would be lost. Keys that are no longer in the file still open until
  // the Sealer dies: somebody may hold what they wrapped.
  std::expected<void, std::string> reload(const std::filesystem::path& key_file);

  // Once for each id, ever. What wraps is derived from the wrapping key for this id alone and has this one plaintext,
  // so its nonce is fixed: 12 bytes less in every record, and one draw from the generator.
  NewDataKey new_data_key(const SubmissionId& id) const;
  std::optional<DataKey> unwrap(const SubmissionId& id, std::string_view wrapped) const;
  // The same data key under the current wrapping key; nothing if it cannot be unwrapped.
  std::optional<std::string> rewrap(const SubmissionId& id, std::string_view wrapped) const;

  // Which key wrapped this data key, or sealed this object.
  enum class WrappedBy : std::uint8_t { nobody, current_key, older_key, unknown_key };
  WrappedBy wrapped_by(std::string_view bytes) const;
  bool needs_rewrap(std::string_view bytes) const { return wrapped_by(bytes) == WrappedBy::older_key; }
  std::uint32_t current_key_id() const;
  // The id of that key, known or not; nothing if no key of ours did.
  static std::optional<std::uint32_t> key_id_of(std::string_view bytes);

  // `what` names the place ("payload", "reply", "note"): it is authenticated with the id, so that sealed bytes cannot
  // be moved to another record or another field.
  Sealed seal(const DataKey& key, const SubmissionId& id, std::string_view what, std::string_view plain) const;
  std::optional<std::string> open(const DataKey& key, const SubmissionId& id, std::string_view what,
                                  const Sealed& sealed) const;

  // For small objects that belong to no submission: sealed under the current key, authenticated with kind and name. The
  // kind must be one of sealed_kinds.h.
  Sealed seal_object(std::string_view kind, std::string_view name, std::string_view plain) const;
  std::optional<std::string> open_object(std::string_view kind, std::string_view name, const Sealed& sealed) const;

  // HMAC-SHA256 over `domain` and the parts, each with its length, so that no two lists collide; then along the chain.
  Digest keyed_hash(std::string_view domain, std::initializer_list<std::string_view> parts) const;
  // The same through the first `links` keys of the chain alone: what it was before the reindexes since.
  Digest keyed_hash_through(std::size_t links, std::string_view domain,
                            std::initializer_list<std::string_view> parts) const;
  // A digest that went through the first `links` keys, taken on to the end of the chain.
  Digest moved_on(const Digest& digest, std::size_t links) const;
  std::size_t index_links() const;

 private:
  struct Ring;
  struct Keys;
  explicit Sealer(std::unique_ptr<Ring> ring);
  std::unique_ptr<Ring> ring_;
};

}  // namespace titip::storage
