// A world whose facility 0905R002 has a callback, and what its receiver makes of what it is told.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/gateway/delivery/world.h"
#include "upstream/scheme/base64.h"
#include "upstream/scheme/standard_webhook.h"

namespace titip::tests {

inline std::string webhook_secret(char of) {
  return "whsec_" + scheme::to_base64(std::string(32, of));
}

inline WorldOptions with_callbacks(delivery::CallbacksOptions callbacks = {}) {
  WorldOptions options;
  options.callbacks = callbacks;
  options.surge.minimum = options.surge.sample = 10'000;  // many rejections are what is wanted here
  return options;
}

inline void give_callback(World& world, std::string facility, std::string url, std::string secret,
                          std::string former = {}, bool delivered = false) {
  auto changed = *world.facilities().find(facility);
  changed.callback_url = std::move(url);
  changed.callback_secret = std::move(secret);
  changed.former_callback_secret = std::move(former);
  changed.callback_delivered = delivered;
  if (!world.facilities().add(std::move(changed))) ADD_FAILURE() << "the facility cannot be changed";
}

inline bool is_signed(const client::CallbackRequest& request, std::string_view secret) {
  const auto id = header(request, "webhook-id");
  const scheme::WebhookMessage message{
      id, std::chrono::sys_seconds(std::chrono::seconds(std::stoll(header(request, "webhook-timestamp")))),
      request.body};
  return scheme::webhook_is_signed(scheme::webhook_key(secret).value(), message, header(request, "webhook-signature"));
}

inline nlohmann::json body_of(const client::CallbackRequest& request) {
  return nlohmann::json::parse(request.body);
}

inline std::vector<storage::Submission> callbacks_of(World& world, std::string facility = "0905R002") {
  return world.records_of("callback", std::move(facility));
}

// A record that the national server rejects.
inline storage::SubmissionId reject(World& world, int number, std::string_view facility = "0905R002") {
  world.server.next_writes.push_back(Mood::reject);
  return world.accept({.nik = person(number)}, "vaksin/simpan", facility);
}

}  // namespace titip::tests
