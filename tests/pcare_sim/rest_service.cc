#include "tests/pcare_sim/rest_service.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tests/pcare_sim/form.h"
#include "tests/pcare_sim/sealing.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {

RestService::RestService(RestRules rules, std::vector<Consumer> consumers)
    : rules_(std::move(rules)), consumers_(std::move(consumers), rules_.signature_tolerance) {}

void RestService::replace_consumers(std::vector<Consumer> consumers) {
  consumers_ = Consumers(std::move(consumers), rules_.signature_tolerance);
}

void RestService::reset() {
  ledger_ = {};
  totals_ = {};
  queued_.clear();
}

Reply RestService::answer(const RestTarget& target, const RestRequest& request, const Circumstance& circumstance) {
  if (target.endpoint == RestEndpoint::missing) return missing_page();
  if (target.endpoint == RestEndpoint::wrong_method) return wrong_method_page();
  const auto& [consumer_id, timestamp, signature, authorization, user_key] = request.credentials;
  Answer answer;
  const auto caller = consumers_.caller(request.credentials, rules_.now());
  if (!caller) {
    ++totals_.unauthorized;
    if (target.write()) ++totals_.unauthorized_writes;
    answer = {401, 401, caller.error(), "null", true, false};
  } else {
    const Call call{target, request.body, **caller, circumstance};
    answer = target.write() ? write(call) : read(call);
  }
  if (answer.empty) return {204, "application/json;charset=UTF-8", ""};
  if (!user_key.empty() && target.mount != Mount::v3 && !answer.plain && answer.response != "null")
    answer.response = json_string(sealed_response(consumer_id, (*caller)->secret, timestamp, answer.response));
  Reply reply;
  reply.status = answer.status;
  reply.body =
      fmt::format(R"({{"response":{},"{}":{{"message":{},"code":{}}}}})", answer.response,
                  target.mount == Mount::antrean ? "metadata" : "metaData", json_string(answer.message), answer.code);
  return reply;
}

// 412 with its plain array, in both eras.
RestService::Answer RestService::refusal(std::string_view field, std::string_view message) {
  return {412,
          412,
          "PRECONDITION_FAILED",
          fmt::format(R"([{{"field":{},"message":{}}}])", json_string(field), json_string(message)),
          true,
          false};
}

RestService::Answer RestService::created(std::string_view name, std::string_view number, bool in_array) {
  const std::string one = fmt::format(R"({{"field":{},"message":{}}})", json_string(name), json_string(number));
  return {201, 201, "CREATED", in_array ? "[" + one + "]" : one, false, false};
}

RestService::Answer RestService::write(const Call& call) {
  ++totals_.writes;
  if (ledger_.effect_count() >= rules_.max_effects) return {500, 500, "Kapasitas simulasi habis", "null", true, false};
  const auto before = ledger_.effect_count();
  nlohmann::json body;
  if (call.target.method != "DELETE") {
    if (nesting_depth(call.body) <= max_nesting) body = nlohmann::json::parse(call.body, nullptr, false);
    if (!body.is_object()) {
      ++totals_.rejected;
      return {400, 400, "Format JSON tidak valid", "null", true, false};
    }
  }
  Answer answer = change(call, body);
  if (ledger_.effect_count() == before) ++totals_.rejected;
  return answer;
}

RestService::Answer RestService::change(const Call& call, const nlohmann::json& body) {
  switch (call.target.endpoint) {
    case RestEndpoint::register_patient:
      return register_patient(call, body);
    case RestEndpoint::unregister_patient:
      return unregister_patient(call);
    case RestEndpoint::add_visit:
      return add_visit(call, body);
    case RestEndpoint::change_visit:
      return change_visit(call, body);
    case RestEndpoint::delete_visit:
      return delete_visit(call);
    case RestEndpoint::add_drug:
    case RestEndpoint::add_action:
    case RestEndpoint::add_checkup:
      return add_item(call, body);
    case RestEndpoint::change_action:
    case RestEndpoint::change_checkup:
      return change_item(call, body);
    case RestEndpoint::delete_drug:
    case RestEndpoint::delete_action:
    case RestEndpoint::delete_checkup:
      return delete_item(call);
    case RestEndpoint::add_group_activity:
      return add_group_activity(call);
    case RestEndpoint::add_group_member: {
      const auto number = body.find("eduId");
      return with_group_activity(call, number != body.end() && number->is_string() ? number->get<std::string>() : "");
    }
    case RestEndpoint::delete_group_activity:
    case RestEndpoint::delete_group_member:
      return with_group_activity(call, call.target.parameters[0]);
    default:
      return queue(call, body);
  }
}

void RestService::apply(const Call& call, std::optional<Attendance> of, std::vector<NamedNumber> quoted,
                        std::optional<NamedNumber> given) {
  RestEffect effect;
  effect.at = rules_.now();
  effect.mount = call.target.mount;
  effect.endpoint = call.target.endpoint;
  effect.method = call.target.method;
  effect.route = call.target.route;
  effect.path = call.target.path;
  if (call.target.method != "DELETE") effect.body = call.body;
  effect.facility = call.consumer.facility;
  effect.given = std::move(given);
  effect.quoted = std::move(quoted);
  effect.of = std::move(of);
  effect.circumstance = call.circumstance;
  ledger_.apply(std::move(effect));
  totals_.effects = ledger_.effect_count();
  if (call.circumstance.late) ++totals_.late_applies;
  if (call.circumstance.reply_lost) ++totals_.lost_replies;
}

}  // namespace titip::pcare_sim
