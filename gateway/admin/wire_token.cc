#include "gateway/admin/wire_token.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/tokens.h"
#include "metrics/words/said.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t longest_name = 64;
constexpr std::uint64_t most_days = 3'650;

// It stands in the audit log as who acted: nothing that could pass for something else.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

}  // namespace

bool read_words(const ordered_json& value, TokenWords& words) {
  if (!value.is_object()) return false;
  for (const auto& [key, each] : value.items()) {
    if (key == "name" && each.is_string()) {
      words.name = each.get<std::string>();
    } else if (key == "role" && each.is_string()) {
      words.role = each.get<std::string>();
    } else if (key == "days" && each.is_number_unsigned()) {
      words.days = each.get<std::uint64_t>();
    } else {
      return false;
    }
  }
  return true;
}

ordered_json words_json(const TokenWords& words) {
  auto document = ordered_json::object();
  if (!words.name.empty()) document["name"] = words.name;
  if (!words.role.empty()) document["role"] = words.role;
  if (words.days) document["days"] = *words.days;
  return document;
}

words::Said fault_of(const TokenWords& words, bool is_new) {
  if (words.name.empty() || words.name.size() > longest_name || !std::ranges::all_of(words.name, is_plain))
    return words::said("the token's name is 1 to {} letters, digits, dots, dashes and underscores", longest_name);
  if (!is_new)
    return words.role.empty() && !words.days ? words::Said() : words::said("only a new token is given a role and days");
  if (!role_named(words.role)) return words::said("the token's role is one of: viewer, operator, admin");
  if (words.days && (*words.days == 0 || *words.days > most_days))
    return words::said("a token is valid for 1 to {} days; without days, until it is revoked", most_days);
  return {};
}

}  // namespace titip::admin
