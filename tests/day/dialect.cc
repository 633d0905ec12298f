#include "tests/day/dialect.h"

#include <fmt/format.h>

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace titip::day {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// The header's value is a quoted string, and the ledger keeps it as it came.
std::string unquoted(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

std::string person_entity(std::string_view facility, std::string_view nik) {
  return fmt::format("person {} {}", facility, nik);
}

std::string dose_entity(std::string_view facility, std::string_view nik, std::string_view number,
                        std::string_view date) {
  return fmt::format("dose {} {} {} {}", facility, nik, number, date);
}

}  // namespace

std::int64_t unix_ms(std::string_view rfc3339) {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0;
  char zone = 0;
  if (std::sscanf(std::string(rfc3339).c_str(), "%4d-%2u-%2uT%2u:%2u:%2u.%3u%c", &year, &month, &day, &hour, &minute,
                  &second, &fraction, &zone) != 8 ||
      zone != 'Z') {
    return 0;
  }
  const std::chrono::sys_days date{std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)};
  return std::chrono::milliseconds(date.time_since_epoch()).count() + ((hour * 60LL + minute) * 60 + second) * 1000 +
         fraction;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

std::vector<std::string> patched_hashes(std::string_view body, std::string_view reason) {
  auto values = nlohmann::ordered_json::parse(body, nullptr, false);
  if (!values.is_object() || (values.contains("alasan") && values["alasan"] != "")) return {};
  values["alasan"] = std::string(reason);
  return {sha256_hex(values.dump()), sha256_hex(json::parse(values.dump()).dump())};
}

std::string canonical_values(std::string_view body) {
  json values = json::parse(body, nullptr, false);
  if (!values.is_object()) return std::string(body);
  values.erase("alasan");
  return values.dump();
}

std::string entity_of(std::string_view facility, std::string_view route, std::string_view body) {
  const json values = json::parse(body, nullptr, false);
  if (!values.is_object()) return {};
  if (route.starts_with("sasaran/")) return person_entity(facility, text_of(values, "nik"));
  return dose_entity(facility, text_of(values, "nik"), text_of(values, "dosis"), text_of(values, "tglVaksin"));
}

std::expected<std::optional<std::int64_t>, std::string> read_ledger_page(std::string_view json_text,
                                                                         Evidence& evidence) {
  const json page = json::parse(json_text, nullptr, false);
  if (!page.is_object() || !page.contains("entries") || !page["entries"].is_array() || !page.contains("more")) {
    return std::unexpected("the simulator's ledger is not what it was: " + std::string(json_text.substr(0, 120)));
  }
  for (const json& entry : page["entries"]) {
    const std::string facility = text_of(entry, "kdPpk");
    const std::string nik = text_of(entry, "nik");
    const std::string entity = text_of(entry, "kind") == "person"
                                   ? person_entity(facility, nik)
                                   : dose_entity(facility, nik, text_of(entry, "dosis"), text_of(entry, "tglVaksin"));
    evidence.final_values[entity] = canonical_values(text_of(entry, "values"));
    for (const json& effect : entry.value("effects", json::array())) {
      Effect one;
      one.order = effect.value("seq", std::uint64_t{0});
      one.facility = facility;
      one.route = text_of(effect, "route");
      one.entity = entity;
      one.body_sha256 = text_of(effect, "body_sha256");
      one.at_unix_ms = effect.value("time_ms", std::int64_t{0});
      if (effect.contains("idempotency_key") && effect["idempotency_key"].is_string()) {
        one.idempotency_key = unquoted(effect["idempotency_key"].get<std::string>());
      }
      one.when = text_of(effect, "time") + (effect.value("late", false) ? " late" : "") +
                 (effect.value("reply_lost", false) ? " reply lost" : "");
      if (one.order == 0 || one.route.empty() || one.body_sha256.size() != 64) {
        return std::unexpected("an effect of the simulator's ledger lacks seq, route or body_sha256: " + effect.dump());
      }
      evidence.effects.push_back(std::move(one));
    }
  }
  if (!page.value("more", false)) return std::nullopt;
  return page.value("next_after", std::int64_t{0});
}

void read_answer(const HttpReply& reply, std::string_view method, Try& attempt) {
  attempt.connected = true;
  attempt.http_status = reply.status;
  // A refusal may name the submission that stands in its way; only a receipt says that this one is in custody.
  attempt.receipt = reply.header("titip-receipt");
  const std::string named = reply.header("titip-submission-id");
  std::string replayed = reply.header("idempotency-replayed");
  std::ranges::transform(replayed, replayed.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  attempt.replayed = replayed == "true";
  const json envelope = json::parse(reply.body, nullptr, false);
  std::string code;
  std::string promised;
  if (envelope.is_object()) {
    if (const auto meta = envelope.find("metaData"); meta != envelope.end() && meta->is_object()) {
      code = text_of(*meta, "code");
      attempt.words = text_of(*meta, "message");
    }
    if (const auto response = envelope.find("response"); response != envelope.end() && response->is_object()) {
      promised = text_of(*response, "receipt");
    }
  } else {
    attempt.words = "not an envelope: " + reply.body.substr(0, 80);
  }
  if (attempt.receipt.empty() || !promised.empty()) attempt.receipt = promised;  // what the clinic's app keeps
  const bool in_custody = !attempt.receipt.empty() || (reply.status >= 200 && reply.status < 300);
  if (in_custody) attempt.submission_id = named;
  attempt.national_answer = !attempt.submission_id.empty() && promised.empty();
  const bool sent = reply.status >= 200 && reply.status < 300 && code == (method == "POST" ? "201" : "200");
  attempt.answer = sent ? Answer::ok : Answer::refused;
}

}  // namespace titip::day
