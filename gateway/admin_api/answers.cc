#include "gateway/admin_api/answers.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace titip::admin_api {
namespace {

using admin::Trouble;
using nlohmann::ordered_json;

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Nobody on the way keeps what is said here.
http::Response made(int status, std::string_view type, const ordered_json& document) {
  http::Response response;
  response.status = status;
  response.content_type = type;
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = text_of(document);
  return response;
}

struct Told {
  int status;
  const char* type;
};
Told told(Trouble trouble, bool was_refused) {
  switch (trouble) {
    case Trouble::usage:
      return {400, "malformed"};
    case Trouble::not_found:
      return {404, "not-found"};
    case Trouble::not_allowed:
      return {403, "not-allowed"};
    case Trouble::busy:
      return {409, "busy"};
    case Trouble::unreachable:
      return {503, "unreachable"};
    case Trouble::failed:
      break;
  }
  return was_refused ? Told{409, "refused"} : Told{500, "failed"};
}

}  // namespace

http::Response problem(int status, std::string_view type, std::string_view sentence) {
  return made(status, "application/problem+json",
              {{"type", fmt::format("/problems/{}", type)}, {"title", sentence}, {"status", status}});
}

http::Response answer(const admin::Ended& ended) {
  auto result = ordered_json::parse(ended.result.empty() ? "{}" : ended.result, nullptr, false);
  if (result.is_discarded()) result = ordered_json::object();
  if (!ended.trouble)
    return made(200, "application/json",
                {{"sentence", ended.sentence}, {"partial", ended.partial}, {"result", std::move(result)}});
  const bool was_refused = result.is_object() && (result.contains("refused") || result.contains("faults"));
  const auto [status, type] = told(*ended.trouble, was_refused);
  return made(status, "application/problem+json",
              {{"type", fmt::format("/problems/{}", type)},
               {"title", ended.sentence},
               {"status", status},
               {"result", std::move(result)}});
}

http::Response goes_on(std::string_view look) {
  auto response = made(202, "application/json",
                       {{"sentence", fmt::format("It has begun and goes on; {} says how far it is.", look)},
                        {"partial", true},
                        {"result", {{"look", look}}}});
  response.headers.push_back({"Location", std::string(look)});
  return response;
}

http::Response unauthorized() {
  auto response = problem(401, "unauthorized", "Send a token that is valid: Authorization: Bearer titip_…");
  response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"titip-admin\""});
  return response;
}

}  // namespace titip::admin_api
