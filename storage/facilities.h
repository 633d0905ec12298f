// The facilities Titip serves: the tenants. Immutable after loading; any thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace titip::storage {

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
  bool disabled = false;                                // refused at the door; what is in custody is still delivered
};

class Facilities {
 public:
  void add(Facility facility) {
    auto code = facility.code;
    by_code_.insert_or_assign(std::move(code), std::move(facility));
  }
  const Facility* find(std::string_view code) const {
    const auto found = by_code_.find(code);
    return found != by_code_.end() ? &found->second : nullptr;
  }
  const std::map<std::string, Facility, std::less<>>& all() const { return by_code_; }

 private:
  std::map<std::string, Facility, std::less<>> by_code_;
};

}  // namespace titip::storage
