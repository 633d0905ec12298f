#include "gateway/front/cors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "metrics/words/said.h"
#include "upstream/scheme/api_key.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::front {
namespace {

namespace bpjs = scheme::bpjs_header;

constexpr std::string_view method_field = "Access-Control-Request-Method";
constexpr std::string_view told =
    "Age, Allow, Idempotency-Replayed, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, "
    "Titip-Receipt, Titip-Submission-Id, Warning, X-Request-Id";

bool is_let_read(const CorsOptions& options, std::string_view origin) {
  return std::ranges::find(options.origins, origin) != options.origins.end();
}

void let_read(const CorsOptions& options, std::string_view origin, http::Response& response) {
  response.headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
  if (options.credentials) response.headers.push_back({"Access-Control-Allow-Credentials", "true"});
}

}  // namespace

std::string fault_of_origin(std::string_view text) {
  const auto how = words::tell("write it as browsers do: https://app.example, with a port only if it is not 443");
  if (text == "*" || text == "null")
    return words::tell("stands for pages of anybody; name the origins one by one, such as https://app.example");
  const bool is_secure = text.starts_with("https://");
  if (!is_secure && !text.starts_with("http://")) return words::tell("has no scheme; {}", how);
  auto rest = text.substr(text.find("//") + 2);
  const auto is_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '[' || c == ']' || c == ':';
  };
  if (rest.empty() || rest.starts_with(':') || !std::ranges::all_of(rest, is_name))
    return words::tell("is no scheme and lower-case host without a path; {}", how);
  if (rest.ends_with(is_secure ? ":443" : ":80") || rest.ends_with(':'))
    return words::tell("has a port that browsers do not say; {}", how);
  return {};
}

bool is_preflight(const http::Request& request) {
  return request.method == "OPTIONS" && !request.header("Origin").empty() && !request.header(method_field).empty();
}

http::Response say_options(const CorsOptions& options, const http::Request& request,
                           const std::vector<std::string>& methods, const std::vector<std::string>& fields) {
  http::Response response;
  response.status = 204;
  response.headers = {{"Allow", fmt::format("{}", fmt::join(methods, ", "))},
                      {"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}};
  const auto origin = request.header("Origin");
  if (!is_preflight(request) || !is_let_read(options, origin)) return response;
  let_read(options, origin, response);
  response.headers.push_back({"Access-Control-Allow-Methods", fmt::format("{}", fmt::join(methods, ", "))});
  response.headers.push_back({"Access-Control-Allow-Headers", fmt::format("{}", fmt::join(fields, ", "))});
  response.headers.push_back({"Access-Control-Max-Age", std::to_string(options.max_age_s)});
  return response;
}

std::vector<std::string> fields_read(const profile::Scheme& of) {
  std::vector<std::string> fields{"Accept", "Content-Type", "Idempotency-Key", "Prefer"};
  switch (of.kind) {
    case profile::SchemeKind::bpjs_signature:
      for (const auto field : {bpjs::consumer, bpjs::timestamp, bpjs::signature, bpjs::authorization, bpjs::user_key})
        fields.emplace_back(field);
      break;
    case profile::SchemeKind::facility_login:
      fields.push_back(of.facility_header);
      fields.emplace_back(scheme::api_key_header);
      break;
    case profile::SchemeKind::none:
      break;
  }
  return fields;
}

http::Responder with_cors(std::shared_ptr<const CorsOptions> options, const http::Request& request,
                          http::Responder respond) {
  // Also where no page asked: what is kept on the way is not another's answer.
  std::string origin(request.header("Origin"));
  if (!is_let_read(*options, origin)) origin.clear();
  // Destroyed unanswered, the inner one says so itself.
  return {[options = std::move(options), origin = std::move(origin),
           respond = std::move(respond)](http::Response response) mutable {
            response.headers.push_back({"Vary", "Origin"});
            if (!origin.empty()) {
              let_read(*options, origin, response);
              response.headers.push_back({"Access-Control-Expose-Headers", std::string(told)});
            }
            respond(std::move(response));
          },
          nullptr};
}

}  // namespace titip::front
