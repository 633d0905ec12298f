#include "gateway/reads/log_in.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/kept_login.h"
#include "upstream/profile/envelope.h"
#include "upstream/rules/classify.h"
#include "upstream/scheme/facility_login.h"

namespace titip::reads {
namespace {

constexpr std::string_view verifier_kind = "verifier";
constexpr std::chrono::seconds soon{2};  // a place at the server, or in the workers' queue, may be free again

}  // namespace

struct LogIn::Asked {
  LogInCall call;
  scheme::Login login;
  std::move_only_function<void(ReadAnswer)> done;
  bool crowded_out = false;  // the server may be well, but others hold the places
};

LogIn::LogIn(LogInOptions options, LogInDoors doors) : options_(options), doors_(std::move(doors)) {}

void LogIn::take(LogInCall call, std::move_only_function<void(ReadAnswer)> done) {
  const auto& profile = doors_.upstream.profile;
  auto login = scheme::read_login_request(profile.scheme, call.body);
  if (!login) {
    return done(own_answer(profile, 400, words::text("A log-in is a JSON object with a user name and a password."), {},
                           words::Language::en));
  }
  auto asked = std::make_shared<Asked>(Asked{std::move(call), std::move(*login), std::move(done)});
  if (doors_.upstream.upstream.health().state == rules::BreakerState::open) return check(asked);
  send_on(doors_.upstream,
          {"POST",
           profile.scheme.login_path,
           asked->call.content_type,
           asked->call.body,
           {},
           {},
           {},
           client::ReadDoor::For::log_in},
          [this, asked](const rules::Exchange& exchange) { answered(asked, exchange); });
}

void LogIn::answered(const AskedPtr& asked, const rules::Exchange& exchange) {
  const auto& profile = doors_.upstream.profile;
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  if (reply == nullptr || !rules::read_was_served(profile, exchange)) {
    asked->crowded_out = was_crowded_out(exchange);
    return check(asked);
  }
  const auto read = scheme::read_login_reply(profile, reply->http_status, reply->body);
  doors_.upstream.probes.answered("upstream");
  if (read.verdict == scheme::LoginVerdict::accepted) remember(asked, read.facility, *reply);
  if (read.verdict == scheme::LoginVerdict::refused) forget(asked);
  asked->done({reply->http_status, reply->content_type, reply->body});
}

// Keeps the verifier for outages and the credentials for delivery at night. The clinic does not wait for it, and if the
// workers are busy this log-in is simply not remembered: the next one will be.
void LogIn::remember(const AskedPtr& asked, const std::string& facility, const rules::Reply& reply) {
  doors_.tries->let_in(asked->call.site, name_of(asked), doors_.clock.steady());
  if (in_workers_ >= options_.waiting) return;
  ++in_workers_;
  doors_.workers([this, asked, facility, reply, now = doors_.clock.wall()] {
    auto verifier = make_verifier(asked->login.password, now);
    verifier.reply_status = reply.http_status;
    verifier.reply_content_type = reply.content_type;
    verifier.reply_body = reply.body;
    doors_.upstream.back([this, asked, facility, bytes = encode(verifier)] {
      --in_workers_;
      const auto& sealer = doors_.sealer;
      const storage::KeptLogin kept{asked->login.username, asked->login.password};
      std::vector<storage::PutObject> objects;
      const auto name = name_of(asked);
      objects.push_back(
          {std::string(verifier_kind), name, std::nullopt, sealer.seal_object(verifier_kind, name, bytes).bytes});
      if (!facility.empty()) {
        const auto login = storage::login_object_name(sealer, doors_.destination, facility);
        objects.push_back({std::string(storage::login_kind), login, std::nullopt,
                           sealer.seal_object(storage::login_kind, login, encode(kept)).bytes});
      }
      doors_.store.put_objects(std::move(objects), doors_.home, [this, facility](const auto& applied) {
        if (applied && !facility.empty()) doors_.renewed(facility);
      });
    });
  });
}

// The server refused what a verifier might still let in: the password was changed.
void LogIn::forget(const AskedPtr& asked) {
  doors_.store.get_object(std::string(verifier_kind), name_of(asked), doors_.home, [this, asked](const auto& object) {
    if (!object || !*object) return;
    const auto plain = doors_.sealer.open_object(verifier_kind, name_of(asked), storage::Sealed{(*object)->bytes});
    auto verifier = plain ? decode_verifier(*plain) : std::nullopt;
    // Half of the places stay for those who log in: a guesser must not crowd them out.
    if (!verifier || in_workers_ >= (options_.waiting + 1) / 2) return;
    ++in_workers_;
    // Only if it would let in this very password: a stranger's wrong guess must not take the verifier away.
    doors_.workers([this, asked, verifier = std::move(*verifier), version = (*object)->version] {
      const bool same = verifies(verifier, asked->login.password);
      doors_.upstream.back([this, asked, same, version] {
        --in_workers_;
        if (same)
          doors_.store.put_objects({{std::string(verifier_kind), name_of(asked), version, {}}}, doors_.home,
                                   [](const auto&) {});
      });
    });
  });
}

void LogIn::check(const AskedPtr& asked) {
  const auto wait = doors_.tries->wait(asked->call.site, name_of(asked), doors_.clock.steady());
  if (wait || in_workers_ >= options_.waiting)
    return refuse(asked, "throttled", 429, words::text("Too many tries to log in. Try again in a minute."),
                  wait.value_or(soon));
  doors_.store.get_object(std::string(verifier_kind), name_of(asked), doors_.home, [this, asked](const auto& object) {
    constexpr auto cannot = words::text(
        "The national server is not available, and this user has never logged in through the gateway; the log-in "
        "cannot "
        "be checked now.");
    if (!object || !*object) return cannot_check(asked, "unknown_user", cannot);
    const auto plain = doors_.sealer.open_object(verifier_kind, name_of(asked), storage::Sealed{(*object)->bytes});
    auto verifier = plain ? decode_verifier(*plain) : std::nullopt;
    if (!verifier) return cannot_check(asked, "unknown_user", cannot);
    if (doors_.clock.wall() - verifier->accepted_at > options_.maximum_age)
      return cannot_check(
          asked, "too_old",
          words::text("The national server is not available, and the last log-in was too long ago; the log-in "
                      "cannot be checked now."));
    check_against(asked, std::move(*verifier));
  });
}

void LogIn::check_against(const AskedPtr& asked, Verifier verifier) {
  ++in_workers_;
  doors_.workers([this, asked, verifier = std::move(verifier)]() mutable {
    const bool right = verifies(verifier, asked->login.password);
    doors_.upstream.back([this, asked, right, verifier = std::move(verifier)]() mutable {
      --in_workers_;
      if (!right) return refuse(asked, "wrong_password", 401, words::text("User name or password is wrong."));
      doors_.tries->let_in(asked->call.site, name_of(asked), doors_.clock.steady());
      doors_.upstream.probes.answered("verifier");
      asked->done({verifier.reply_status, std::move(verifier.reply_content_type), std::move(verifier.reply_body)});
    });
  });
}

void LogIn::refuse(const AskedPtr& asked, std::string_view reason, int status, words::Text sentence,
                   std::chrono::nanoseconds wait) {
  doors_.upstream.probes.login_refused(reason);
  auto answer = own_answer(doors_.upstream.profile, status, sentence);
  if (wait.count() > 0)
    answer.headers.emplace_back("Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()));
  asked->done(std::move(answer));
}

// The server could, so where it is there the sentence would be untrue.
void LogIn::cannot_check(const AskedPtr& asked, std::string_view reason, words::Text sentence) {
  if (!asked->crowded_out) return refuse(asked, reason, 503, sentence);
  refuse(asked, "crowded", 429, words::text("Too many people are logging in just now. Try again in a moment."), soon);
}

// Not sent, though nothing but the want of a place kept it here.
bool LogIn::was_crowded_out(const rules::Exchange& exchange) const {
  const auto* failure = std::get_if<rules::Failure>(&exchange);
  if (failure == nullptr || *failure != rules::Failure::not_admitted) return false;
  const auto health = doors_.upstream.upstream.health();
  const bool asked_to_wait = health.asked_to_wait_until && *health.asked_to_wait_until > doors_.clock.wall();
  return health.state == rules::BreakerState::closed && !asked_to_wait;
}

std::string LogIn::name_of(const AskedPtr& asked) const {
  std::string name;
  for (const auto byte : doors_.sealer.keyed_hash("verifier", {doors_.destination, asked->login.username}))
    fmt::format_to(std::back_inserter(name), "{:02x}", byte);
  return name;
}

}  // namespace titip::reads
