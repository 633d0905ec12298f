#include "tests/pcare_sim/facilities.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

namespace titip::pcare_sim {
namespace {

constexpr std::size_t max_expired_codes = 100'000;  // codes come from clients when the server is open

bool well_formed_code(std::string_view code) {
  return !code.empty() && code.size() <= 20 && std::ranges::all_of(code, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

}  // namespace

std::expected<Facility, std::string> parse_facility(std::string_view text) {
  const auto first = text.find(':');
  const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos)
    return std::unexpected(fmt::format("facility '{}' must be written code:user:password", text.substr(0, first)));
  Facility facility{std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)),
                    std::string(text.substr(second + 1))};
  if (!well_formed_code(facility.code))
    return std::unexpected(fmt::format("facility code '{}' must be 1 to 20 letters and digits", facility.code));
  if (facility.user.empty() || facility.password.empty())
    return std::unexpected(fmt::format("facility {} needs a user and a password", facility.code));
  return facility;
}

std::expected<std::vector<Facility>, std::string> parse_facilities(std::string_view json_text) {
  const auto parsed = nlohmann::json::parse(json_text, nullptr, false);
  if (!parsed.is_array()) return std::unexpected("/: must be a JSON array of {\"code\", \"user\", \"password\"}");
  std::vector<Facility> facilities;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    if (!parsed[i].is_object()) return std::unexpected(fmt::format("/{}: must be an object", i));
    for (const auto& [name, value] : parsed[i].items()) {
      if (name != "code" && name != "user" && name != "password")
        return std::unexpected(fmt::format("/{}/{}: unknown key; there are code, user, password", i, name));
      if (!value.is_string()) return std::unexpected(fmt::format("/{}/{}: must be a string", i, name));
    }
    auto facility = parse_facility(fmt::format("{}:{}:{}", parsed[i].value("code", ""), parsed[i].value("user", ""),
                                               parsed[i].value("password", "")));
    if (!facility) return std::unexpected(fmt::format("/{}: {}", i, facility.error()));
    facilities.push_back(*std::move(facility));
  }
  return facilities;
}

std::optional<std::string> twice_named(const std::vector<Facility>& facilities) {
  std::unordered_set<std::string_view> codes;
  std::unordered_set<std::string_view> users;
  for (const auto& facility : facilities) {
    if (!codes.insert(facility.code).second) return fmt::format("facility {} is given twice", facility.code);
    if (!users.insert(facility.user).second) return fmt::format("user {} is given to two facilities", facility.user);
  }
  return std::nullopt;
}

Desk::Desk(std::vector<Facility> facilities) {
  for (auto& facility : facilities) {
    codes_.insert(facility.code);
    std::string user = facility.user;
    by_user_.insert_or_assign(std::move(user), std::move(facility));
  }
}

const std::string* Desk::log_in(const std::string& user, const std::string& password) {
  if (open()) {  // nobody says which facility a user belongs to, so this renews all of them
    expired_.clear();
    open_code_ = user;
    return &open_code_;
  }
  const auto found = by_user_.find(user);
  if (found == by_user_.end() || found->second.password != password) return nullptr;
  return &*logged_in_.insert(found->second.code).first;
}

Standing Desk::standing(std::string_view code) const {
  const std::string key(code);
  if (open()) {
    if (!well_formed_code(code)) return Standing::unknown_facility;
    return expired_.contains(key) ? Standing::log_in_expired : Standing::logged_in;
  }
  if (!codes_.contains(key)) return Standing::unknown_facility;
  return logged_in_.contains(key) ? Standing::logged_in : Standing::log_in_expired;
}

void Desk::expire(std::string_view code) {
  if (open() && expired_.size() < max_expired_codes)
    expired_.emplace(code);
  else
    logged_in_.erase(std::string(code));
}

void Desk::log_everyone_out() {
  logged_in_.clear();
  expired_.clear();
}

}  // namespace titip::pcare_sim
