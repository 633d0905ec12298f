#include "gateway/front/front.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "gateway/front/answers.h"
#include "gateway/front/native.h"
#include "gateway/front/openapi.h"
#include "gateway/http/accept_language.h"
#include "gateway/http/network.h"

namespace titip::front {
namespace {

using profile::Action;

http::Response json_response(std::string body, std::string_view route) {
  http::Response response;
  response.content_type = "application/json";
  response.body = std::move(body);
  response.route = route;
  return response;
}

http::Response fault_of(const Destination& destination, bool on_mount, int status, std::string_view type,
                        const words::Said& title, words::Wanted wanted) {
  return on_mount ? national_fault(*destination.profile, status, title, wanted) : problem(status, type, title, wanted);
}

bool is_read(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// A read's answer, or a log-in's.
std::move_only_function<void(reads::ReadAnswer)> relay(const profile::Route& route, words::Wanted wanted,
                                                       http::Responder respond) {
  return [&route, wanted, respond = std::move(respond)](reads::ReadAnswer answer) mutable {
    if (answer.both && wanted)
      answer.body = std::move(*wanted == words::Language::id ? answer.both->indonesian : answer.both->english);
    const bool is_own = answer.both.has_value();
    http::Response response{answer.status, std::move(answer.content_type), {}, std::move(answer.body), route.id, false};
    for (auto& [name, value] : answer.headers) response.headers.push_back({std::move(name), std::move(value)});
    if (is_own) http::say_language(response, wanted);
    respond(std::move(response));
  };
}

// Staff read it, so in both languages where none is asked for.
words::Said for_staff(const words::Said& said, words::Wanted wanted) {
  return wanted ? said : in_both(said);
}

words::Said too_fast(words::Wanted wanted) {
  return for_staff(words::text("Your facility asks faster than it may; wait and try again."), wanted);
}

http::Response wait_and_see(const RateOptions& options, const Allowance& given, http::Response response) {
  response.headers.push_back({"Retry-After", std::to_string(given.wait.count())});
  say_rate(options, given, response);
  return response;
}

}  // namespace

http::Response fault_response(int status, std::string_view reason, const words::Said& sentence, words::Wanted wanted) {
  return problem(status, reason, sentence, wanted);
}

http::Response health_response(bool ok, const words::Said& why_not, std::string_view route, words::Wanted wanted) {
  auto response = ok ? http::Response{} : problem(503, "not-healthy", why_not, wanted);
  if (ok) {
    response.content_type = "text/plain";
    response.body = "ok\n";
  }
  response.route = route;
  return response;
}

Front::Front(FrontDoors doors) : doors_(std::move(doors)) {
  for (const auto& destination : doors_.destinations) {
    mounts_.push_back({destination.profile->mount, destination.name});
    for (const auto& route : destination.profile->routes) {
      auto made = profile::Prerendered::of(destination.profile->envelope, route.acknowledgement);
      if (made && route.action == Action::queue) prerendered_.emplace(&route, *std::move(made));
    }
  }
}

const profile::Prerendered* Front::prerendered(const profile::Route& route) const {
  const auto found = prerendered_.find(&route);
  return found == prerendered_.end() ? nullptr : &found->second;
}

// Those of the table, and what goes with them: HEAD is a GET whose body is left out.
std::vector<std::string> Front::with_implied(std::vector<std::string> methods) const {
  if (const auto get = std::ranges::find(methods, "GET"); get != methods.end()) methods.insert(get + 1, "HEAD");
  if (doors_.cors && !methods.empty()) methods.emplace_back("OPTIONS");
  return methods;
}

std::vector<std::string> Front::methods_at(const Located& located) const {
  if (located.place == Place::nowhere) return {};
  if (located.place != Place::native && located.place != Place::mount) return with_implied({"GET"});
  return with_implied(
      profile::match(*doors_.destinations[located.destination].profile, "OPTIONS", located.rest).allowed_methods);
}

// Whoever asks need not say who it is: browsers do not, before they know.
http::Response Front::options_at(const Located& located, const http::Request& request) const {
  std::vector<std::string> fields;
  const bool is_of_one = located.place == Place::native || located.place == Place::mount;
  for (std::size_t at = 0; at < doors_.destinations.size(); ++at) {
    if (is_of_one && at != located.destination) continue;
    for (auto& field : fields_read(doors_.destinations[at].profile->scheme))
      if (std::ranges::find(fields, field) == fields.end()) fields.push_back(std::move(field));
  }
  auto response = say_options(*doors_.cors, request, methods_at(located), fields);
  response.route = name(located.place);
  return response;
}

http::Response Front::only_get(std::string_view route, words::Wanted wanted) const {
  auto response = problem(405, "method-not-allowed", words::text("Only GET is served here."), wanted);
  response.headers.push_back({"Allow", fmt::format("{}", fmt::join(with_implied({"GET"}), ", "))});
  response.route = route;
  return response;
}

void Front::handle(http::Request request, http::Responder respond) {
  const auto located = locate(mounts_, request.path());
  if (doors_.cors) {
    if (request.method == "OPTIONS" && !methods_at(located).empty()) return respond(options_at(located, request));
    respond = with_cors(doors_.cors, request, std::move(respond));
  }
  switch (located.place) {
    case Place::livez:
    case Place::readyz:
      return handle_health(located.place, request, std::move(respond));
    case Place::openapi:
      if (!is_read(request)) return respond(only_get(name(located.place), http::wanted_language(request)));
      return respond(json_response(std::string(openapi_document), name(located.place)));
    case Place::status:
      if (!is_read(request)) return respond(only_get("status", http::wanted_language(request)));
      return respond(json_response(doors_.status(), "status"));
    case Place::submissions:
    case Place::submission:
    case Place::receipt:
    case Place::attention:
      return handle_records(located, request, std::move(respond));
    case Place::native:
    case Place::mount:
      return handle_destination(located, std::move(request), std::move(respond));
    case Place::nowhere:
      break;
  }
  std::vector<std::string> names;
  for (const auto& mount : mounts_) names.push_back(mount.mount);
  respond(problem(404, "no-such-place",
                  words::said("Nothing is served here. Mounts: {}; the API stands under /v1.",
                              fmt::format("{}", fmt::join(names, ", "))),
                  http::wanted_language(request)));
}

void Front::handle_health(Place place, const http::Request& request, http::Responder respond) const {
  const auto wanted = http::wanted_language(request);
  if (!is_read(request)) return respond(only_get("health", wanted));
  if (place == Place::livez)
    return respond(
        health_response(doors_.alive(), words::text("A loop of the gateway stands still."), "livez", wanted));
  const auto why_not = doors_.why_not_ready();
  respond(health_response(why_not.empty(), why_not, "readyz", wanted));
}

void Front::handle_records(const Located& located, const http::Request& request, http::Responder respond) const {
  if (!is_read(request)) return respond(only_get(name(located.place), http::wanted_language(request)));
  auto owner = find_owner(doors_.destinations, doors_.facilities, request, doors_.clock.wall(), doors_.admission.get());
  if (owner)
    if (const auto given = allowance(owner->facility)) {
      if (!given->allowed) {
        const auto wanted = http::wanted_language(request);
        auto response = problem(429, "too-many-requests", too_fast(wanted), wanted);
        response.route = name(located.place);
        return respond(wait_and_see(doors_.rates->options(), *given, std::move(response)));
      }
      respond = with_rate(doors_.rates->options(), *given, std::move(respond));
    }
  answer_about_records({doors_.own_records, std::move(owner), doors_.clock.wall()}, located, request,
                       std::move(respond));
}

// Nothing: no facility is limited.
std::optional<Allowance> Front::allowance(std::string_view facility) const {
  if (!doors_.rates) return std::nullopt;
  const auto given = doors_.rates->take(facility, doors_.clock.steady());
  if (!given.allowed && doors_.throttled) doors_.throttled();
  return given;
}

std::optional<Caller> Front::caller(const Destination& destination, bool on_mount, const http::Request& request) const {
  return find_caller(*destination.profile, doors_.facilities, on_mount ? Door::mount : Door::native, request,
                     doors_.clock.wall(), doors_.admission.get());
}

void Front::handle_destination(const Located& located, http::Request&& request, http::Responder&& respond) {
  const auto& destination = doors_.destinations[located.destination];
  const bool on_mount = located.place == Place::mount;
  if (request.method == "HEAD") request.method = "GET";  // the listener knows what it was
  const auto match = profile::match(*destination.profile, request.method, located.rest);
  if (match.route == nullptr && match.allowed_methods.empty())
    return respond(fault_of(destination, on_mount, 404, "no-such-route", words::text("This service has no such path."),
                            http::wanted_language(request)));
  if (match.route == nullptr) {
    auto response = fault_of(destination, on_mount, 405, "method-not-allowed",
                             words::text("This path is not served with this method."), http::wanted_language(request));
    response.headers.push_back({"Allow", fmt::format("{}", fmt::join(with_implied(match.allowed_methods), ", "))});
    return respond(std::move(response));
  }
  std::string target(located.rest);
  if (const auto query = request.query(); !query.empty()) target += "?" + std::string(query);
  take(destination, match, std::move(target), on_mount, std::move(request), std::move(respond));
}

void Front::take(const Destination& destination, const profile::RouteMatch& match, std::string target, bool on_mount,
                 http::Request&& request, http::Responder&& respond) {
  const auto& route = *match.route;
  // Intake looks itself.
  if (route.action != Action::queue && request.body.size() > route.max_body_bytes) {
    auto response = fault_of(destination, on_mount, 413, "body-too-large",
                             words::said("The body is larger than {} bytes.", route.max_body_bytes),
                             http::wanted_language(request));
    response.route = route.id;
    return respond(std::move(response));
  }
  if (route.action == Action::login)
    return log_in(destination, route, on_mount, std::move(request), std::move(respond));
  const auto known = caller(destination, on_mount, request);
  if (!known) {
    auto response =
        fault_of(destination, on_mount, 401, "unknown-facility",
                 who_is_asked_for(*destination.profile, doors_.admission.get()), http::wanted_language(request));
    response.route = route.id;
    return respond(std::move(response));
  }
  // Under /v1 answers are Titip's own.
  if (on_mount) respond = in_dialect(known->dialect, std::move(respond), doors_.off_loop);
  if (const auto given = allowance(known->facility->code)) {
    if (!given->allowed) {
      const auto wanted = http::wanted_language(request);
      auto response = fault_of(destination, on_mount, 429, "too-many-requests", too_fast(wanted), wanted);
      response.route = route.id;
      return respond(wait_and_see(doors_.rates->options(), *given, std::move(response)));
    }
    respond = with_rate(doors_.rates->options(), *given, std::move(respond));
  }
  take_from(*known, destination, match, std::move(target), on_mount, std::move(request), std::move(respond));
}

// Whoever logs in is nobody yet: no facility's pace holds for it.
void Front::log_in(const Destination& destination, const profile::Route& route, bool on_mount, http::Request&& request,
                   http::Responder&& respond) {
  const auto wanted = http::wanted_language(request);
  if (const auto wait = doors_.log_ins ? doors_.log_ins->wait(request) : std::nullopt) {
    const auto title = for_staff(words::text("Too many log-ins come from your address; wait and try again."), wanted);
    auto response = fault_of(destination, on_mount, 429, "too-many-requests", title, wanted);
    response.headers.push_back({"Retry-After", std::to_string(wait->count())});
    response.route = route.id;
    return respond(std::move(response));
  }
  destination.reads->log_in(
      {std::string(request.header("content-type")), std::move(request.body), http::site_of(request.remote_address)},
      relay(route, wanted, std::move(respond)));
}

void Front::take_from(const Caller& caller, const Destination& destination, const profile::RouteMatch& match,
                      std::string target, bool on_mount, http::Request&& request, http::Responder&& respond) {
  const auto& route = *match.route;
  const auto& facility = caller.facility;
  std::string content_type(request.header("content-type"));
  switch (route.action) {
    case Action::cache:
    case Action::proxy: {
      const auto wanted = http::wanted_language(request);
      return destination.reads->read(route, match.parameters,
                                     {request.method, std::move(target), content_type, std::move(request.body),
                                      facility->code, facility, caller.credentials},
                                     relay(route, wanted, std::move(respond)));
    }
    case Action::refuse:
    case Action::login: {
      auto response =
          fault_of(destination, on_mount, 403, "route-refused",
                   words::text("This path is not offered through the gateway."), http::wanted_language(request));
      response.route = route.id;
      return respond(std::move(response));
    }
    case Action::queue:
      break;
  }
  intake::Arrival arrival;
  arrival.profile = destination.profile;
  arrival.route = &route;
  arrival.parameters = match.parameters;
  arrival.destination = destination.name;
  arrival.facility = facility->code;
  arrival.channel = on_mount ? "mount" : "api";
  arrival.idempotency_key = std::string(request.header("idempotency-key"));
  arrival.prefer = request.joined("prefer");
  arrival.method = std::move(request.method);
  arrival.target = std::move(target);
  arrival.content_type = std::move(content_type);
  arrival.body = std::move(request.body);
  arrival.credentials = scheme::encode(caller.credentials);
  arrival.most_pending = facility->most_pending.value_or(doors_.facility_pending);
  doors_.intake.take(std::move(arrival), [&destination, &route, on_mount, ready = prerendered(route),
                                          wanted = http::wanted_language(request),
                                          respond = std::move(respond)](intake::Answer&& answer) mutable {
    if (std::holds_alternative<intake::InDoubt>(answer))
      return;  // the responder dies unanswered: the connection closes
    const auto& profile = *destination.profile;
    const auto* custody = std::get_if<intake::InCustody>(&answer);
    auto response = custody ? acknowledgement(profile, route, on_mount, *custody, ready, wanted)
                            : refusal(profile, on_mount, std::get<intake::Refused>(answer), wanted);
    response.route = route.id;
    respond(std::move(response));
  });
}

}  // namespace titip::front
