// A receiver of callbacks by script: what it is told waits here until it is answered. One thread, no sleeping.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "upstream/client/callback_door.h"

namespace titip::tests {

inline rules::Reply status(int http_status) {
  rules::Reply reply;
  reply.http_status = http_status;
  return reply;
}

class ScriptedReceiver final : public client::CallbackDoor {
 public:
  // Asked for every new call: an answer, or nothing to leave it waiting.
  using Script = std::function<std::optional<rules::Exchange>(const client::CallbackRequest&)>;

  void post(client::CallbackRequest request, std::move_only_function<void(rules::Exchange)> done) override {
    seen.push_back(request);
    new_.emplace_back(std::move(request), std::move(done));
  }
  void close() override {}

  bool run() {  // one new call; false: there is none
    if (new_.empty()) return false;
    auto call = std::move(new_.front());
    new_.pop_front();
    if (auto answer = script ? script(call.first) : std::nullopt) {
      call.second(*std::move(answer));
    } else {
      waiting_.push_back(std::move(call));
    }
    return true;
  }
  std::size_t waiting() const { return waiting_.size(); }
  void answer(rules::Exchange exchange) {  // the one that has waited longest
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    call.second(std::move(exchange));
  }

  Script script = [](const client::CallbackRequest&) { return status(204); };
  std::vector<client::CallbackRequest> seen;

 private:
  using Call = std::pair<client::CallbackRequest, std::move_only_function<void(rules::Exchange)>>;
  std::deque<Call> new_;
  std::deque<Call> waiting_;
};

inline std::string header(const client::CallbackRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return {};
}

}  // namespace titip::tests
