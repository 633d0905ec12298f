#include "gateway/admin_api/door.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "gateway/admin_api/answers.h"
#include "gateway/admin_api/openapi.h"
#include "gateway/http/accept_language.h"
#include "gateway/http/network.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::admin_api {
namespace {

using admin::Ended;
using metrics::Level;
using Parts = std::shared_ptr<const DoorParts>;

constexpr std::string_view scheme = "Bearer ";
constexpr std::size_t longest_token = 256;

// Empty: none is sent.
std::string_view token_of(const http::Request& request) {
  const auto header = request.header("Authorization");
  if (!header.starts_with(scheme) || header.size() > longest_token) return {};
  return header.substr(scheme.size());
}

// Answers once, on the loop; whoever comes later is not heard.
class Reply {
 public:
  Reply(http::Responder respond, std::string_view route, words::Wanted wanted)
      : respond_(std::move(respond)), route_(route), wanted_(wanted) {}
  words::Wanted wanted() const { return wanted_; }
  void operator()(http::Response response) {
    if (!respond_) return;
    response.route = route_;
    auto respond = std::move(*respond_);
    respond_.reset();
    respond(std::move(response));
  }

 private:
  std::optional<http::Responder> respond_;
  const std::string_view route_;
  const words::Wanted wanted_;
};

// Whom the desk tells: the end alone, brought to the loop.
class Waiting final : public admin::Caller {
 public:
  Waiting(Parts parts, Asker asker, std::function<void(const Ended&)> then)
      : parts_(std::move(parts)), asker_(std::move(asker)), then_(std::move(then)) {}

  bool tell(const admin::Answer& answer) override {
    if (const auto* ended = std::get_if<Ended>(&answer)) parts_->post([then = then_, ended = *ended] { then(ended); });
    return true;
  }
  std::string who() const override { return asker_.who; }
  std::string request_id() const override { return asker_.request_id; }

 private:
  const Parts parts_;
  const Asker asker_;
  const std::function<void(const Ended&)> then_;
};

std::uint64_t count_of(const Ended& ended) {
  const auto document = nlohmann::ordered_json::parse(ended.result, nullptr, false);
  return document.is_object() ? document.value("count", std::uint64_t{0}) : 0;
}

// The action itself. What takes long is answered before it has ended.
void perform(const Parts& parts, const Asker& asker, admin::Request request, const char* look,
             const std::shared_ptr<Reply>& reply) {
  if (*look != '\0') parts->timers.after(parts->patience, [reply, look] { (*reply)(goes_on(look, reply->wanted())); });
  parts->take(std::move(request), std::make_shared<Waiting>(parts, asker, [reply](const Ended& ended) {
                (*reply)(answer(ended, reply->wanted()));
              }));
}

}  // namespace

Door::Door(DoorParts parts)
    : parts_(std::make_shared<const DoorParts>(std::move(parts))), refusals_(parts_->refusals) {}

void Door::handle(http::Request request, http::Responder respond) {
  if (request.path() == document_path && (request.method == "GET" || request.method == "HEAD")) {
    http::Response response;
    response.content_type = "application/json";
    response.body = openapi_document;
    response.route = document_path;
    return respond(std::move(response));
  }
  const auto wanted = http::wanted_language(request);
  const auto secret = token_of(request);
  const auto token = parts_->tokens.find(secret, parts_->clock.wall());
  if (!token) return refuse(request, std::move(respond));
  const auto found = find(request.method, request.path());
  if (found.methods.empty())
    return respond(
        problem(404, "no-such-place", words::said("Nothing is here; {} says what is.", document_path), wanted));
  if (found.route == nullptr) {
    auto response = problem(405, "method-not-allowed", words::text("This is not done here with that method."), wanted);
    response.headers.push_back({"Allow", fmt::format("{}", fmt::join(found.methods, ", "))});
    return respond(std::move(response));
  }
  auto asked = admin_api::asked(found, request.query(), request.body, parts_->clock.wall());
  const auto needed = admin::least_role(asked ? asked->request.command : found.route->command);
  if (!admin::may(token->role, needed)) {
    auto response = problem(403, "not-allowed",
                            words::said("This needs the role {}; the token {} has the role {}.", name(needed),
                                        token->name, name(token->role)),
                            wanted);
    response.route = found.route->path;
    return respond(std::move(response));
  }
  if (!asked) {
    auto response = problem(400, "malformed", asked.error() + ".", wanted);
    response.route = found.route->path;
    return respond(std::move(response));
  }
  ask({"token:" + token->name, request.id}, *found.route, *std::move(asked), wanted, std::move(respond));
}

void Door::refuse(const http::Request& request, http::Responder respond) {
  const auto wanted = http::wanted_language(request);
  const auto wait = refusals_.count(http::site_of(request.remote_address), parts_->clock.steady());
  if (!wait) {
    metrics::log(Level::warning, "admin_refused",
                 {{metrics::Field::request, request.id}, {metrics::Field::address, request.remote_address}});
    return respond(unauthorized(wanted));
  }
  auto response = problem(429, "too-many-requests",
                          words::text("Too many requests without a valid token came from here; wait."), wanted);
  response.headers.push_back({"Retry-After", std::to_string(wait->count())});
  response.close = true;
  respond(std::move(response));
}

void Door::ask(Asker asker, const Route& route, Asked asked, words::Wanted wanted, http::Responder respond) {
  const auto reply = std::make_shared<Reply>(std::move(respond), route.path, wanted);
  if (!route.is_bulk || asked.request.dry_run)
    return perform(parts_, asker, std::move(asked.request), asked.request.dry_run ? "" : route.look, reply);
  // Counted once more before anything is touched: what is acted on is no more than somebody has seen.
  auto foreseen = asked.request;
  foreseen.dry_run = true;
  const auto then = [parts = parts_, asker, look = route.look, reply, asked = std::move(asked)](const Ended& seen) {
    if (seen.trouble) return (*reply)(answer(seen, reply->wanted()));
    if (const auto count = count_of(seen); count > asked.at_most.value_or(0)) {
      Ended more = admin::in_trouble(
          admin::Trouble::busy,
          words::said("{} fit by now, more than {}: look again. Nothing was done.", count, asked.at_most.value_or(0)));
      more.result = seen.result;
      return (*reply)(answer(more, reply->wanted()));
    }
    perform(parts, asker, asked.request, look, reply);
  };
  parts_->take(std::move(foreseen), std::make_shared<Waiting>(parts_, std::move(asker), then));
}

}  // namespace titip::admin_api
