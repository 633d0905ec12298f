#include "tests/day/reads.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "tests/day/dialect.h"
#include "tests/day/settings.h"

namespace titip::day {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds read_patience{3000};
constexpr milliseconds ledger_patience{30000};

std::expected<HttpReply, std::string> get(HttpClient& client, const std::string& target, const std::string& facility,
                                          milliseconds patience) {
  HttpRequest request{.method = "GET", .target = target, .headers = {}, .body = {}};
  if (!facility.empty()) request.headers["x-kdppk"] = facility;
  auto reply = client.exchange(request, patience);
  if (!reply) return std::unexpected(fmt::format("GET {}: {}", target, reply.error().words));
  return *std::move(reply);
}

std::expected<json, std::string> get_json(HttpClient& client, const std::string& target, const std::string& facility,
                                          milliseconds patience) {
  const auto reply = get(client, target, facility, patience);
  if (!reply) return std::unexpected(reply.error());
  json parsed = json::parse(reply->body, nullptr, false);
  if (reply->status != 200 || parsed.is_discarded()) {
    return std::unexpected(fmt::format("GET {}: HTTP {} {}", target, reply->status, reply->body.substr(0, 120)));
  }
  return parsed;
}

// A number that must be there: a ledger with a missing field must not read as zero.
std::int64_t number(const json& object, const char* field, std::string& missing) {
  const auto found = object.find(field);
  if (found != object.end() && found->is_number()) return found->get<std::int64_t>();
  missing += fmt::format(" {}", field);
  return 0;
}

std::string text(const json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string attempt_line(const json& attempt) {
  const auto patched = attempt.find("patched");
  const bool is_patched = patched != attempt.end() && !patched->empty() && *patched != false;
  return fmt::format("{} {} opened {} ended {} {} {} http {}{} {}",
                     text(attempt, "probe") == "true" ? "probe" : "attempt", text(attempt, "number"),
                     text(attempt, "opened_at"), text(attempt, "ended_at"), text(attempt, "outcome"),
                     text(attempt, "rule"), text(attempt, "http_status"),
                     is_patched ? " patched " + patched->dump() : std::string(), text(attempt, "words").substr(0, 100));
}

}  // namespace

std::expected<GatewayStatus, std::string> read_status(HttpClient& front, const std::string& facility) {
  const auto answer = get_json(front, "/v1/status", facility, read_patience);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_object() || !answer->contains("destinations") || !(*answer)["destinations"].is_array()) {
    return std::unexpected("GET /v1/status names no destinations");
  }
  GatewayStatus status;
  std::string missing;
  for (const json& d : (*answer)["destinations"]) {
    status.upstream = text(d, "upstream");
    status.totals.accepted += number(d, "accepted", missing);
    status.totals.delivered += number(d, "delivered", missing);
    status.totals.rejected += number(d, "rejected", missing);
    status.totals.cancelled += number(d, "cancelled", missing);
    status.totals.expired += number(d, "expired", missing);
    status.totals.blocked += number(d, "blocked", missing);
    status.totals.held += number(d, "held", missing);
    status.totals.pending += number(d, "pending", missing);
    status.totals.ledger_difference += number(d, "ledger_difference", missing);
    status.in_flight += number(d, "in_flight", missing);
    status.unknown_state += number(d, "unknown", missing);
    status.unknown_outcomes += number(d, "unknown_outcomes", missing);
    status.probes += number(d, "probes", missing);
    status.outages += number(d, "outages", missing);
    status.open_attempts_at_start += number(d, "open_attempts_at_start", missing);
  }
  if (!missing.empty()) return std::unexpected("GET /v1/status lacks" + missing);
  if (const auto sentence = answer->find("sentence"); sentence != answer->end() && sentence->is_object()) {
    status.sentence_id = text(*sentence, "id");
    status.sentence_en = text(*sentence, "en");
  }
  return status;
}

std::expected<SimulatorStats, std::string> read_stats(HttpClient& simulator) {
  const auto whole = get_json(simulator, "/_sim/stats", "", read_patience);
  if (!whole) return std::unexpected(whole.error());
  const auto answer = whole->find("totals");
  if (answer == whole->end() || !answer->is_object()) return std::unexpected("GET /_sim/stats lacks totals");
  SimulatorStats stats;
  std::string missing;
  stats.effects = number(*answer, "effects", missing);
  stats.entries = number(*answer, "entries", missing);
  stats.repeated_effects = number(*answer, "repeated_effects", missing);
  stats.lost_replies = number(*answer, "lost_replies", missing);
  stats.late_applies = number(*answer, "late_applies", missing);
  stats.rejected = number(*answer, "rejected", missing);
  stats.logins = number(*answer, "logins", missing);
  if (const auto kinds = answer->find("weather"); kinds != answer->end() && kinds->is_object()) {
    for (const auto& [kind, hits] : kinds->items()) stats.weather[kind] = hits.get<std::int64_t>();
  } else {
    missing += " weather";
  }
  if (!missing.empty()) return std::unexpected("GET /_sim/stats lacks" + missing);
  return stats;
}

std::expected<void, std::string> set_weather(HttpClient& simulator, const std::string& script) {
  const auto reply = simulator.exchange(
      {.method = "POST", .target = "/_sim/weather", .headers = {{"Content-Type", "application/json"}}, .body = script},
      read_patience);
  if (!reply) return std::unexpected("POST /_sim/weather: " + reply.error().words);
  if (reply->status / 100 != 2) {
    return std::unexpected(fmt::format("POST /_sim/weather: HTTP {} {}", reply->status, reply->body.substr(0, 300)));
  }
  return {};
}

std::expected<void, std::string> fetch_ledger(HttpClient& simulator, Evidence& evidence) {
  std::optional<std::int64_t> after = 0;
  while (after) {
    const auto reply = get(simulator, fmt::format("/_sim/ledger?after={}", *after), "", ledger_patience);
    if (!reply) return std::unexpected(reply.error());
    if (reply->status != 200) return std::unexpected(fmt::format("GET /_sim/ledger: HTTP {}", reply->status));
    const auto next = read_ledger_page(reply->body, evidence);
    if (!next) return std::unexpected(next.error());
    after = *next;
  }
  return {};
}

std::expected<void, std::string> fetch_custody(HttpClient& front, Evidence& evidence) {
  for (const Call& call : evidence.calls) {
    const Try* acknowledgement = call.acknowledgement();
    if (acknowledgement == nullptr) continue;
    const std::string& id = acknowledgement->submission_id;
    const auto reply = get(front, "/v1/submissions/" + id, call.facility, read_patience);
    if (!reply) return std::unexpected(reply.error());
    Custody custody;
    if (reply->status == 200) {
      const json answer = json::parse(reply->body, nullptr, false);
      if (!answer.is_object()) return std::unexpected("GET /v1/submissions/" + id + " is no JSON object");
      custody.found = true;
      custody.state = text(answer, "state");
      custody.receipt = text(answer, "receipt");
      custody.rule = text(answer, "outcome_rule");
      custody.words = text(answer, "server_words");
      custody.settled_unix_ms = unix_ms(text(answer, "settled_at"));
      if (const auto attempts = answer.find("attempts"); attempts != answer.end() && attempts->is_array()) {
        for (const json& attempt : *attempts) custody.timeline.push_back(attempt_line(attempt));
      }
    } else if (reply->status != 404) {
      return std::unexpected(
          fmt::format("GET /v1/submissions/{}: HTTP {} {}", id, reply->status, reply->body.substr(0, 120)));
    }
    evidence.custody.emplace(id, std::move(custody));
  }
  return {};
}

Login log_in(std::uint16_t front_port, const FacilityLogin& facility, std::string when, milliseconds patience) {
  HttpClient client(front_port);
  const auto reply =
      client.exchange({.method = "POST",
                       .target = std::string(mount) + "/login",
                       .headers = {{"Content-Type", "application/json"}},
                       .body = json{{"username", facility.username}, {"password", facility.password}}.dump()},
                      patience);
  Login login{.facility = facility.code, .when = std::move(when), .ok = false, .words = {}};
  if (!reply) {
    login.words = reply.error().words;
    return login;
  }
  const json answer = json::parse(reply->body, nullptr, false);
  std::string code;
  if (answer.is_object() && answer.contains("response") && answer["response"].is_object()) {
    code = text(answer["response"], "kdPpk");
  }
  login.ok = reply->status == 200 && code == facility.code;
  login.words = fmt::format("HTTP {} {}", reply->status, reply->body.substr(0, 160));
  return login;
}

}  // namespace titip::day
