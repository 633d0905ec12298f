#include "gateway/admin/wire_facility.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "metrics/words/said.h"
#include "upstream/scheme/api_key.h"
#include "upstream/scheme/callback_url.h"
#include "upstream/scheme/facility_login.h"
#include "upstream/scheme/standard_webhook.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::Facility;

constexpr std::size_t name_bytes = 200;
constexpr std::size_t secret_bytes = 256;
constexpr std::size_t short_bytes = 64;
constexpr std::chrono::hours farthest_zone{14};
constexpr std::chrono::hours oldest_signature{24};

struct TextField {
  const char* key;
  std::string Facility::* member;
};
constexpr TextField texts[] = {
    {"code", &Facility::code},
    {"name", &Facility::name},
    {"late_entry_reason", &Facility::late_entry_reason},
    {"username", &Facility::username},
    {"password", &Facility::password},
    {"consumer_id", &Facility::consumer_id},
    {"consumer_secret", &Facility::consumer_secret},
    {"callback_url", &Facility::callback_url},
    {"callback_secret", &Facility::callback_secret},
    {"api_key_hash", &Facility::api_key_hash},
};

bool is_utf8(std::string_view text) {
  try {
    static_cast<void>(ordered_json(text).dump());
    return true;
  } catch (const ordered_json::exception&) {
    return false;
  }
}

words::Said fault_of_text(words::Text what, std::string_view text, std::size_t longest) {
  if (text.size() > longest) return words::said("the {} is longer than {} bytes", what, longest);
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return words::said("the {} holds a control character; it is one line of text", what);
  if (!is_utf8(text)) return words::said("the {} is not UTF-8", what);
  return {};
}

bool read_facility(const ordered_json& value, Facility& facility) {
  if (!value.is_object()) return false;
  for (const auto& [key, each] : value.items()) {
    const auto* text = std::ranges::find_if(texts, [&](const TextField& field) { return key == field.key; });
    if (text != std::end(texts)) {
      if (!each.is_string()) return false;
      facility.*text->member = each.get<std::string>();
    } else if (key == "utc_offset_minutes" && each.is_number_integer() && std::abs(each.get<double>()) < 1e6) {
      facility.utc_offset = std::chrono::minutes(each.get<std::int64_t>());
    } else if (key == "callback_delivered" && each.is_boolean()) {
      facility.callback_delivered = each.get<bool>();
    } else if (key == "encrypted_replies" && each.is_boolean()) {
      facility.encrypted_replies = each.get<bool>();
    } else if (key == "signature_age_s" && each.is_number_integer()) {
      facility.signature_age = std::chrono::seconds(each.get<std::int64_t>());
    } else if (key == "most_pending" && each.is_number_unsigned()) {
      facility.most_pending = each.get<std::uint64_t>();
    } else {
      return false;
    }
  }
  return true;
}

// Its path may hold what only the receiver and the facility should know.
std::string callback_host(const Facility& facility) {
  const auto url = scheme::parse_callback_url(facility.callback_url);
  return url ? url->origin() : std::string();
}

}  // namespace

bool read_facilities(const ordered_json& value, std::vector<Facility>& facilities) {
  if (!value.is_array()) return false;
  return std::ranges::all_of(value,
                             [&](const ordered_json& each) { return read_facility(each, facilities.emplace_back()); });
}

ordered_json facilities_json(const std::vector<Facility>& facilities) {
  auto list = ordered_json::array();
  for (const auto& each : facilities) {
    auto document = ordered_json::object();
    for (const auto& [key, member] : texts)
      if (!(each.*member).empty()) document[key] = each.*member;
    if (each.utc_offset.count() != 0) document["utc_offset_minutes"] = each.utc_offset.count();
    if (each.callback_delivered) document["callback_delivered"] = true;
    if (each.encrypted_replies) document["encrypted_replies"] = *each.encrypted_replies;
    if (each.signature_age) document["signature_age_s"] = each.signature_age->count();
    if (each.most_pending) document["most_pending"] = *each.most_pending;
    list.push_back(std::move(document));
  }
  return list;
}

std::string offset_text(std::chrono::minutes utc_offset) {
  const auto minutes = std::abs(utc_offset.count());
  return fmt::format("{}{:02}:{:02}", utc_offset.count() < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

ordered_json shown_json(const Facility& facility) {
  ordered_json document{{"code", facility.code},
                        {"name", facility.name},
                        {"state", facility.disabled ? "disabled" : "enabled"},
                        {"kept_in", facility.in_config ? "config" : "registry"},
                        {"utc_offset", offset_text(facility.utc_offset)},
                        {"late_entry_reason", facility.late_entry_reason},
                        {"consumer_id", facility.consumer_id},
                        {"has_secret", !facility.consumer_secret.empty()},
                        {"is_rotating", !facility.former_secret.empty()},
                        {"api_keys", int{!facility.api_key_hash.empty()} + int{!facility.former_api_key_hash.empty()}},
                        {"has_login", !facility.username.empty()},
                        {"callback_host", callback_host(facility)},
                        {"callback_delivered", facility.callback_delivered},
                        {"callback_is_rotating", !facility.former_callback_secret.empty()},
                        {"encrypted", "profile"},
                        {"signature_age_s", nullptr},
                        {"most_pending", nullptr}};
  if (facility.encrypted_replies) document["encrypted"] = *facility.encrypted_replies ? "yes" : "no";
  if (facility.signature_age) document["signature_age_s"] = facility.signature_age->count();
  if (facility.most_pending) document["most_pending"] = *facility.most_pending;
  return document;
}

words::Said fault_of_code(std::string_view code) {
  return scheme::is_facility_code(code)
             ? words::Said()
             : words::said("the code must be 1 to 32 letters, digits, dots, dashes and underscores");
}

words::Said fault_of_secret(std::string_view secret) {
  return fault_of_text(words::text("consumer secret"), secret, secret_bytes);
}

words::Said fault_of_callback_secret(std::string_view secret) {
  if (secret.empty() || scheme::webhook_key(secret)) return {};
  return words::said(
      "the callback's secret must be whsec_ and the Base64 of 24 to 64 bytes, as Standard Webhooks has it");
}

words::Said fault_of_api_key_hash(std::string_view hash) {
  return hash.empty() || scheme::is_api_key_hash(hash)
             ? words::Said()
             : words::said("the hash of an API key has 64 hexadecimal digits");
}

// A callback without a secret could be anybody's.
static words::Said fault_of_callback(const Facility& facility) {
  if (facility.callback_url.empty() != facility.callback_secret.empty())
    return words::said("a callback's URL and its secret go together: name both");
  if (facility.callback_delivered && facility.callback_url.empty())
    return words::said("there is no callback to tell of deliveries");
  if (facility.callback_url.empty()) return {};
  if (const auto url = scheme::parse_callback_url(facility.callback_url); !url) return url.error();
  return fault_of_callback_secret(facility.callback_secret);
}

words::Said fault_of(const Facility& facility) {
  if (auto fault = fault_of_code(facility.code); !fault.empty()) return fault;
  if (auto fault = fault_of_secret(facility.consumer_secret); !fault.empty()) return fault;
  if (auto fault = fault_of_text(words::text("name"), facility.name, name_bytes); !fault.empty()) return fault;
  if (auto fault = fault_of_text(words::text("late entry reason"), facility.late_entry_reason, short_bytes);
      !fault.empty())
    return fault;
  if (auto fault = fault_of_text(words::text("user name"), facility.username, name_bytes); !fault.empty()) return fault;
  if (auto fault = fault_of_text(words::text("password"), facility.password, secret_bytes); !fault.empty())
    return fault;
  const auto& id = facility.consumer_id;
  if (id.size() > short_bytes || std::ranges::any_of(id, [](char c) { return c <= ' ' || c > '~'; }))
    return words::said("the consumer id must be 1 to {} visible ASCII characters", short_bytes);
  if (auto fault = fault_of_api_key_hash(facility.api_key_hash); !fault.empty()) return fault;
  if (id.empty() != facility.consumer_secret.empty())
    return words::said("a consumer id and its secret go together: name both");
  if (facility.username.empty() != facility.password.empty())
    return words::said("a user name and its password go together: name both");
  if (std::chrono::abs(facility.utc_offset) > farthest_zone) return words::said("the UTC offset is at most 14 hours");
  const auto& age = facility.signature_age;
  if (age && (*age < std::chrono::seconds(1) || *age > oldest_signature))
    return words::said("the age of a signature is a number of seconds from 1 to 86400");
  if (facility.most_pending.value_or(0) > storage::most_pending_of_a_facility)
    return words::said("so many records may be pending: a number up to {}", storage::most_pending_of_a_facility);
  return fault_of_callback(facility);
}

}  // namespace titip::admin
