#include "gateway/front/answers.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"
#include "gateway/http/accept_language.h"
#include "gateway/intake/body_hash.h"
#include "upstream/profile/envelope.h"

namespace titip::front {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view json_type = "application/json";

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// The receipt: proof of custody without personal data. The SHA-256 is of the body as it arrived.
ordered_json receipt(const intake::InCustody& custody) {
  const auto& record = custody.submission;
  return {{"code", record.receipt},
          {"id", record.id.text()},
          {"destination", record.destination},
          {"facility", record.facility},
          {"route", record.route},
          {"state", storage::name(record.state)},
          {"accepted_at", clock::rfc3339(record.accepted_at)},
          {"body_sha256", intake::body_sha256(custody.body)}};
}

void add_custody_headers(http::Response& response, const intake::InCustody& custody, const std::string& id) {
  response.headers.reserve(4);
  response.headers.push_back({"Titip-Submission-Id", id});
  response.headers.push_back({"Titip-Receipt", custody.submission.receipt});
  response.headers.push_back({"Location", "/v1/submissions/" + id});
  if (custody.replayed) response.headers.push_back({"Idempotency-Replayed", "true"});
}

// Under /v1: the receipt, and what there is beside it.
http::Response native_acknowledgement(const intake::InCustody& custody, words::Language language) {
  ordered_json document{{"receipt", receipt(custody)}};
  if (custody.national)
    document["national"] = {{"status", custody.national->http_status}, {"body", custody.national->body}};
  if (!custody.numbers.empty()) document["numbers"] = custody.numbers;
  if (!custody.cancelled.empty()) {
    auto ids = ordered_json::array();
    for (const auto& id : custody.cancelled) ids.push_back(id.text());
    document["cancelled"] = std::move(ids);
  }
  if (!custody.note.empty()) document["note"] = custody.note.in(language);
  const bool is_settled = custody.national || !custody.note.empty() || storage::is_terminal(custody.submission.state);
  http::Response response;
  response.status = is_settled ? 200 : 202;
  response.content_type = json_type;
  response.body = text_of(document);
  if (!custody.preference.empty()) response.headers.push_back({"Preference-Applied", custody.preference});
  return response;
}

}  // namespace

words::Said in_both(const words::Said& said) {
  return words::verbatim(said.in(words::Language::id) + " (" + said.english() + ")");
}

http::Response problem(int status, std::string_view type, const words::Said& title, words::Wanted wanted,
                       const std::vector<intake::FieldFault>& errors, std::string_view submission) {
  const auto language = wanted.value_or(words::Language::en);
  ordered_json document{{"type", fmt::format("/problems/{}", type)}, {"title", title.in(language)}, {"status", status}};
  if (!submission.empty()) document["submission"] = submission;
  if (!errors.empty()) {
    auto list = ordered_json::array();
    for (const auto& error : errors)
      list.push_back({{"pointer", error.pointer}, {"detail", error.sentence.in(language)}});
    document["errors"] = std::move(list);
  }
  http::Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = text_of(document);
  http::say_language(response, wanted);
  return response;
}

http::Response national_fault(const profile::Profile& profile, int status, const words::Said& title,
                              words::Wanted wanted, const std::vector<intake::FieldFault>& errors) {
  const auto language = wanted.value_or(words::Language::en);
  // A list of {"field", "message"}, as the national service words its own faults.
  auto faults = ordered_json::array();
  for (const auto& error : errors)
    faults.push_back({{"field", error.pointer}, {"message", error.sentence.in(language)}});
  http::Response response;
  response.status = status;
  response.content_type = json_type;
  response.body =
      profile::write_envelope(profile.envelope, status, title.in(language), errors.empty() ? "" : text_of(faults));
  http::say_language(response, wanted);
  return response;
}

http::Response refusal(const profile::Profile& profile, bool on_mount, const intake::Refused& refused,
                       words::Wanted wanted) {
  const bool for_staff = on_mount && !wanted && refused.type == "too-many-pending";
  const auto& title = refused.title;
  auto response =
      on_mount ? national_fault(profile, refused.status, for_staff ? in_both(title) : title, wanted, refused.errors)
               : problem(refused.status, refused.type, refused.title, wanted, refused.errors, refused.submission);
  if (refused.retry_after_s > 0) response.headers.push_back({"Retry-After", std::to_string(refused.retry_after_s)});
  if (!refused.submission.empty()) response.headers.push_back({"Titip-Submission-Id", refused.submission});
  return response;
}

http::Response acknowledgement(const profile::Profile& profile, const profile::Route& route, bool on_mount,
                               const intake::InCustody& custody, const profile::Prerendered* prerendered,
                               words::Wanted wanted) {
  http::Response response;
  const auto language = wanted.value_or(words::Language::en);
  const auto& told = route.acknowledgement;
  const auto id = custody.submission.id.text();
  auto ready = prerendered != nullptr && on_mount && !custody.national && custody.note.empty()
                   ? prerendered->with(custody.submission.receipt, id)
                   : std::nullopt;
  if (custody.national && on_mount) {
    response.status = custody.national->http_status;
    response.content_type = custody.national->content_type;
    response.body = custody.national->body;
  } else if (ready) {
    response.status = told.http_status;
    response.content_type = json_type;
    response.body = *std::move(ready);
  } else if (on_mount) {
    response.status = told.http_status;
    response.content_type = json_type;
    auto numbers = custody.numbers;
    numbers.insert(custody.quoted.begin(), custody.quoted.end());
    const auto filled = profile::acknowledgement_response(told, custody.submission.receipt, id, numbers);
    // "Will be delivered" would be untrue of what ended long ago.
    const auto& message = custody.note.empty() ? told.message : custody.note.in(language);
    response.body = profile::write_envelope(profile.envelope, told.code, message, filled);
  } else {
    response = native_acknowledgement(custody, language);
  }
  add_custody_headers(response, custody, id);
  if (!custody.note.empty()) http::say_language(response, wanted);
  return response;
}

}  // namespace titip::front
