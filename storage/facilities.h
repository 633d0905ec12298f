// The facilities Titip serves: the tenants. Immutable after loading; any thread.
#pragma once

#include <chrono>
#include <map>
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
