#include "gateway/admin_api/answers.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "gateway/http/accept_language.h"

namespace titip::admin_api {
namespace {

using admin::Trouble;
using nlohmann::ordered_json;

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Nobody on the way keeps what is said here.
http::Response made(int status, std::string_view type, const ordered_json& document, words::Wanted wanted) {
  http::Response response;
  response.status = status;
  response.content_type = type;
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = text_of(document);
  http::say_language(response, wanted);
  return response;
}

const std::string& sentence_in(const words::Said& sentence, words::Wanted wanted) {
  return sentence.in(wanted.value_or(words::Language::en));
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

http::Response problem(int status, std::string_view type, const words::Said& sentence, words::Wanted wanted) {
  return made(
      status, "application/problem+json",
      {{"type", fmt::format("/problems/{}", type)}, {"title", sentence_in(sentence, wanted)}, {"status", status}},
      wanted);
}

http::Response answer(const admin::Ended& ended, words::Wanted wanted) {
  auto result = ordered_json::parse(ended.result.empty() ? "{}" : ended.result, nullptr, false);
  if (result.is_discarded()) result = ordered_json::object();
  if (!ended.trouble)
    return made(
        200, "application/json",
        {{"sentence", sentence_in(ended.sentence, wanted)}, {"partial", ended.partial}, {"result", std::move(result)}},
        wanted);
  const bool was_refused = result.is_object() && (result.contains("refused") || result.contains("faults"));
  const auto [status, type] = told(*ended.trouble, was_refused);
  return made(status, "application/problem+json",
              {{"type", fmt::format("/problems/{}", type)},
               {"title", sentence_in(ended.sentence, wanted)},
               {"status", status},
               {"result", std::move(result)}},
              wanted);
}

http::Response goes_on(std::string_view look, words::Wanted wanted) {
  const auto sentence = words::said("It has begun and goes on; {} says how far it is.", look);
  auto response =
      made(202, "application/json",
           {{"sentence", sentence_in(sentence, wanted)}, {"partial", true}, {"result", {{"look", look}}}}, wanted);
  response.headers.push_back({"Location", std::string(look)});
  return response;
}

http::Response unauthorized(words::Wanted wanted) {
  auto response =
      problem(401, "unauthorized", words::text("Send a token that is valid: Authorization: Bearer titip_…"), wanted);
  response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"titip-admin\""});
  return response;
}

}  // namespace titip::admin_api
