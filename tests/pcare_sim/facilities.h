// The facilities the national server knows, and who is logged in. Without any it is open: every well-formed code is
// welcome and counts as logged in until its log-in expires. One thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace titip::pcare_sim {

struct Facility {
  std::string code;
  std::string user;
  std::string password;
};

// "code:user:password"; the password may contain colons.
std::expected<Facility, std::string> parse_facility(std::string_view text);

// A JSON array of {"code", "user", "password"}. The error starts with a JSON pointer.
std::expected<std::vector<Facility>, std::string> parse_facilities(std::string_view json_text);

// Codes and users must be told apart; a sentence if one comes twice.
std::optional<std::string> twice_named(const std::vector<Facility>& facilities);

enum class Standing { logged_in, unknown_facility, log_in_expired };

class Desk {
 public:
  explicit Desk(std::vector<Facility> facilities);

  // The code of the facility that is logged in now; nothing for a wrong user or password.
  const std::string* log_in(const std::string& user, const std::string& password);
  Standing standing(std::string_view code) const;
  void expire(std::string_view code);
  void log_everyone_out();
  bool open() const { return by_user_.empty(); }

 private:
  std::unordered_map<std::string, Facility> by_user_;
  std::unordered_set<std::string> codes_;
  std::unordered_set<std::string> logged_in_;
  std::unordered_set<std::string> expired_;  // when open
  std::string open_code_;                    // when open: of the last log-in
};

}  // namespace titip::pcare_sim
