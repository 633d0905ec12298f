// The facilities of the config, with the secrets they name.
#include <array>
#include <map>
#include <set>

#include "gateway/admin/wire_facility.h"
#include "gateway/clock/local_date.h"
#include "gateway/config_reading.h"
#include "gateway/secret.h"
#include "metrics/words/said.h"
#include "upstream/scheme/api_key.h"

namespace titip::gateway {
namespace {

using R = Reading;

struct FacilityEntry {
  storage::Facility facility;
  std::filesystem::path password_file;
  std::filesystem::path consumer_secret_file;
  std::filesystem::path callback_secret_file;
  std::filesystem::path former_callback_secret_file;
  std::filesystem::path api_key_file;
  std::filesystem::path former_api_key_file;
};
constexpr std::array<Key<FacilityEntry>, 2> login_keys{{
    {"username", words::text("user name at the national service"),
     [](const R& r, FacilityEntry& c) { c.facility.username = r.text(); }},
    {"password_file", words::text("file with the password, mode 0600"),
     [](const R& r, FacilityEntry& c) { c.password_file = r.text(); }},
}};
constexpr std::array<Key<FacilityEntry>, 4> callback_keys{{
    {"url", words::text("where it is told what became of its submissions: https://host/path"),
     [](const R& r, FacilityEntry& c) { c.facility.callback_url = r.text(); }},
    {"secret_file", words::text("file with the secret they are signed with (whsec_…), mode 0600"),
     [](const R& r, FacilityEntry& c) { c.callback_secret_file = r.text(); }},
    {"former_secret_file", words::text("file with the secret before that, while it is being changed"),
     [](const R& r, FacilityEntry& c) { c.former_callback_secret_file = r.text(); }},
    {"delivered", words::text("whether it is told of deliveries too, not of rejections alone"),
     [](const R& r, FacilityEntry& c) { c.facility.callback_delivered = r.flag(); }},
}};
constexpr std::array<Key<FacilityEntry>, 13> facility_keys{{
    {"code", words::text("code at the national service"),
     [](const R& r, FacilityEntry& c) {
       c.facility.code = r.text();
       const auto fault = r.failed() ? words::Said() : admin::fault_of_code(c.facility.code);
       if (!fault.empty()) r.fail(fault.own());
     }},
    {"name", words::text("what people call it"), [](const R& r, FacilityEntry& c) { c.facility.name = r.text(); }},
    {"time_zone", words::text("WIB, WITA or WIT"),
     [](const R& r, FacilityEntry& c) { c.facility.utc_offset = read_zone(r); }},
    {"late_entry_reason", words::text("code sent when a record is entered on a later day"),
     [](const R& r, FacilityEntry& c) { c.facility.late_entry_reason = r.text(); }},
    {"login", words::text("the log-in delivery uses until the clinic's own was accepted"),
     [](const R& r, FacilityEntry& c) { read_object<FacilityEntry>(r, login_keys, c); }},
    {"consumer_id", words::text("how the P-Care REST services know it (X-cons-id)"),
     [](const R& r, FacilityEntry& c) { c.facility.consumer_id = r.text(); }},
    {"consumer_secret_file", words::text("file with the secret that belongs to it, mode 0600"),
     [](const R& r, FacilityEntry& c) { c.consumer_secret_file = r.text(); }},
    {"encrypted_replies",
     words::text("whether its clinics' programs expect encrypted answers; without it: as the profile says"),
     [](const R& r, FacilityEntry& c) { c.facility.encrypted_replies = r.flag(); }},
    {"signature_age_s",
     words::text("its signatures must not be older or newer than this; without it: no check on a mount, ten minutes "
                 "under /v1"),
     [](const R& r, FacilityEntry& c) {
       c.facility.signature_age = std::chrono::seconds(r.integer<std::int64_t>(1, 86'400));
     }},
    {"most_pending", words::text("records of it that may be pending; without it front/facility_pending; 0: any number"),
     [](const R& r, FacilityEntry& c) {
       c.facility.most_pending = r.integer<std::uint64_t>(0, storage::most_pending_of_a_facility);
     }},
    {"api_key_file", words::text("file with the API key that lets it in (front/admission), mode 0600"),
     [](const R& r, FacilityEntry& c) { c.api_key_file = r.text(); }},
    {"former_api_key_file", words::text("file with the key before that, while it is being changed"),
     [](const R& r, FacilityEntry& c) { c.former_api_key_file = r.text(); }},
    {"callback", words::text("where it is told what became of its submissions, by Standard Webhooks"),
     [](const R& r, FacilityEntry& c) { read_object<FacilityEntry>(r, callback_keys, c); }},
}};

void read_secrets(const R& r, const std::filesystem::path& directory, FacilityEntry& entry) {
  if (entry.facility.username.empty() != entry.password_file.empty())
    return r.at("login").fail(words::tell("needs a \"{}\" and a \"{}\"", "username", "password_file"));
  if (entry.facility.consumer_id.empty() != entry.consumer_secret_file.empty())
    return r.fail(words::tell("needs a \"{}\" and a \"{}\", or neither", "consumer_id", "consumer_secret_file"));
  const auto take = [&](const Reading& at, const std::filesystem::path& file, std::string& into) {
    if (file.empty() || r.failed()) return;
    auto secret = read_secret(directory / file);
    if (!secret) return at.fail(secret.error());
    into = std::move(*secret);
  };
  auto& facility = entry.facility;
  if (!entry.password_file.empty()) take(r.at("login").at("password_file"), entry.password_file, facility.password);
  if (!entry.consumer_secret_file.empty())
    take(r.at("consumer_secret_file"), entry.consumer_secret_file, facility.consumer_secret);
  if (!entry.callback_secret_file.empty())
    take(r.at("callback").at("secret_file"), entry.callback_secret_file, facility.callback_secret);
  const auto take_key = [&](const char* name, const std::filesystem::path& file, std::string& into) {
    std::string key;
    if (file.empty()) return;
    take(r.at(name), file, key);
    if (r.failed()) return;
    if (key.size() < scheme::least_api_key || key.size() > scheme::most_api_key)
      return r.at(name).fail(words::tell("an API key has {} to {} characters that nobody can guess",
                                         scheme::least_api_key, scheme::most_api_key));
    into = scheme::api_key_hash(key);
  };
  take_key("api_key_file", entry.api_key_file, facility.api_key_hash);
  take_key("former_api_key_file", entry.former_api_key_file, facility.former_api_key_hash);
  if (entry.former_callback_secret_file.empty()) return;
  const auto former = r.at("callback").at("former_secret_file");
  take(former, entry.former_callback_secret_file, facility.former_callback_secret);
  if (const auto fault = admin::fault_of_callback_secret(facility.former_callback_secret); !fault.empty())
    former.fail(fault.own());
}

}  // namespace

std::chrono::minutes read_zone(const R& r) {
  const auto name = r.text();
  const auto offset = clock::zone_offset(name);
  if (!offset) r.fail(words::tell("must be WIB, WITA or WIT"));
  return offset.value_or(std::chrono::minutes(0));
}

void read_facilities(const R& r, Config& config) {
  if (FacilityEntry none; r.describes()) return read_object<FacilityEntry>(r.each(), facility_keys, none);
  if (!r.value().is_array()) return r.fail(words::tell("must be a list of facilities"));
  std::set<std::string> codes;
  std::map<std::string, std::string> consumers;
  for (std::size_t at = 0; at < r.value().size() && !r.failed(); ++at) {
    FacilityEntry entry;
    read_object<FacilityEntry>(r.at(at), facility_keys, entry);
    if (r.failed()) return;
    auto& facility = entry.facility;
    if (facility.code.empty()) return r.at(at).fail(words::tell("needs a \"{}\"", "code"));
    if (!codes.insert(facility.code).second) return r.at(at).at("code").fail(words::tell("stands in the list twice"));
    read_secrets(r.at(at), config.directory, entry);
    if (r.failed()) return;
    if (const auto fault = admin::fault_of(facility); !fault.empty()) return r.at(at).fail(fault.own());
    if (!facility.consumer_id.empty())
      if (const auto [other, is_new] = consumers.emplace(facility.consumer_id, facility.code); !is_new)
        return r.at(at)
            .at("consumer_id")
            .fail(words::tell("is that of facility {} already; each facility has its own", other->second));
    config.facilities.push_back(std::move(facility));
  }
}

}  // namespace titip::gateway
