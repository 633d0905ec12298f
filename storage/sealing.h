// Sealing: AES-256-GCM before anything reaches the database, so that write-ahead log, tables and LOG hold no plaintext.
// Each submission has a data key of its own, wrapped by the key file's current key; destroying the wrapped key makes
// every copy unreadable. Keyed hashes use an index key of their own, which key rotation never touches.
//
// Threads: a Sealer is immutable after open; every member may be called from any thread.
#pragma once

#include <array>
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

  NewDataKey new_data_key(const SubmissionId& id) const;
  std::optional<DataKey> unwrap(const SubmissionId& id, std::string_view wrapped) const;

  // `what` names the place ("payload", "reply", "note.3"): it is authenticated with the id, so that sealed bytes cannot
  // be moved to another record or another field.
  Sealed seal(const DataKey& key, const SubmissionId& id, std::string_view what, std::string_view plain) const;
  std::optional<std::string> open(const DataKey& key, const SubmissionId& id, std::string_view what,
                                  const Sealed& sealed) const;

  // For small objects that belong to no submission; sealed by the key file's current key, authenticated with `what`.
  Sealed seal_object(std::string_view what, std::string_view plain) const;
  std::optional<std::string> open_object(std::string_view what, const Sealed& sealed) const;

  // HMAC-SHA256 under the index key over `domain` and the parts, each with its length, so that no two lists collide.
  Digest keyed_hash(std::string_view domain, std::initializer_list<std::string_view> parts) const;

 private:
  struct Keys;
  explicit Sealer(std::unique_ptr<Keys> keys);
  std::unique_ptr<Keys> keys_;
};

}  // namespace titip::storage
