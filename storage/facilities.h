// The facilities Titip serves: the tenants, as the config and the registry (kept_facility.h) have them. A change is
// seen by whoever looks next, without a restart; what was found stays as it was found for as long as it is held.
// Threads: any. Looking takes a lock that only changes, which are rare and short, ever keep anybody waiting for.
// Invariant: no two facilities have the same consumer id.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metrics/words/said.h"

namespace titip::storage {

// The destination of the records that tell facilities what became of theirs. No national service may have its name.
inline constexpr std::string_view callback_destination = "callback";

inline constexpr std::uint64_t most_pending_of_a_facility = 1'000'000'000;

struct Facility {
  std::string code;  // as the national service knows it
  std::string name;
  std::chrono::minutes utc_offset{0};
  std::string late_entry_reason;  // code sent when a record is entered on a later day; empty: such records are held
  std::string username;           // the log-in delivery uses until a clinic's own was accepted; may be empty
  std::string password;
  // How the P-Care REST services know it (scheme bpjs_signature). Secrets: never logged, never in a file unsealed.
  std::string consumer_id{};                            // empty: it does not use them
  std::string consumer_secret{};                        // the one requests to the server are signed with
  std::string former_secret{};                          // while rotating: clinics may still sign with it; empty: none
  std::optional<bool> encrypted_replies{};              // none: as the profile says
  std::optional<std::chrono::seconds> signature_age{};  // older or newer timestamps are refused; none: no check
  // Where it is told what became of its submissions (Standard Webhooks). Empty: nowhere. The secrets are "whsec_…".
  std::string callback_url{};
  std::string callback_secret{};
  std::string former_callback_secret{};  // while rotating: signed with both; empty: none
  // Hashes of what proves it where the protocol does not; hexadecimal. Two live keys, so that it can change over.
  std::string api_key_hash{};
  std::string former_api_key_hash{};
  std::optional<std::uint64_t> most_pending{};  // so many of its records; 0: any number; none: as for everybody
  bool callback_delivered = false;              // told of deliveries too, not of rejections alone
  bool disabled = false;                        // refused at the door; what is in custody is still delivered
  bool in_config = false;                       // of the config file: only there it can be changed
};

class Facilities {
 public:
  using Found = std::shared_ptr<const Facility>;

  // Also one that is disabled: what is in custody is still delivered. Who stands at the door must look.
  Found find(std::string_view code) const;
  // For the door alone: never one that is disabled.
  Found find_consumer(std::string_view consumer_id) const;
  // Somebody who is not disabled and has a secret: for what is asked on nobody's behalf.
  Found any_consumer() const;

  // Takes the place of one with the same code. The error is a sentence: another facility has its consumer id.
  std::expected<void, words::Said> add(Facility facility);
  // What add() would say, without a change; empty: nothing.
  words::Said conflict(const Facility& facility) const;
  // Held from the look to the add() by whoever changes what is kept.
  std::unique_lock<std::mutex> changing() { return std::unique_lock(changing_); }

  std::vector<Found> page(std::string_view after, std::size_t limit) const;  // by code
  struct Counts {
    std::size_t enabled = 0;
    std::size_t disabled = 0;
  };
  Counts counts() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Table = std::unordered_map<std::string, Found, Hash, std::equal_to<>>;
  words::Said conflict_of(const Facility& facility) const;

  mutable std::shared_mutex mutex_;
  Table by_code_;
  Table by_consumer_;
  std::size_t disabled_ = 0;
  std::mutex changing_;
};

}  // namespace titip::storage
