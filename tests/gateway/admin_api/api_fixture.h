// The admin API's door before a real desk and a store with records in it; requests as they would come from the network.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/admin/act.h"
#include "gateway/admin_api/door.h"
#include "tests/gateway/admin/queue_fixture.h"

namespace titip::admin_api {

class ApiFixture : public admin::QueueFixture {
 protected:
  explicit ApiFixture(bool edit_needs_approval = false) {
    auto doors = this->doors();
    doors.status = [] { return admin::Ended{{}, false, words::verbatim("All is well."), R"({"destinations":[]})"}; };
    doors.drain = [](const admin::Request&) { return admin::Ended{{}, false, words::verbatim("It drains."), "{}"}; };
    doors.facilities = &facilities_;
    doors.edit_needs_approval = edit_needs_approval;
    doors.edit = [this](const storage::Submission& record, const storage::Payload&,
                        const std::vector<admin::Edit>& edits) -> std::expected<admin::Edited, words::Said> {
      if (edits.front().pointer == "/none") return std::unexpected(words::verbatim("nothing stands there"));
      auto again = admin::repetition_of(whole(record.id), *sealer_, clock_.wall());
      again->submission.fingerprint = sealer_->keyed_hash("fingerprint", {edits.front().value});
      return admin::Edited{*std::move(again), {{edits.front().pointer, "\"old\"", "\"new\""}}};
    };
    doors.tokens_changed = [this] {
      reread();
      return words::verbatim("Read again.");
    };
    desk_.emplace(std::move(doors), clock_);
    for (const auto* role : {"viewer", "operator", "admin"}) secrets_[role] = made(role, role);
    reread();
    make_door({});
  }
  ~ApiFixture() override {
    desk_->begin_stop();
    desk_->join();
    work_.clear();
  }

  void make_door(std::function<void(admin::Request, std::shared_ptr<admin::Caller>)> take) {
    if (!take)
      take = [this](admin::Request request, std::shared_ptr<admin::Caller> caller) {
        desk_->take(std::move(request), std::move(caller));
      };
    door_.emplace(DoorParts{tokens_, std::move(take),
                            [this](std::move_only_function<void()> work) {
                              const std::lock_guard lock(mutex_);
                              work_.push_back(std::move(work));
                              wake_.notify_all();
                            },
                            timers_, clock_});
  }
  std::string made(const std::string& name, const std::string& role,
                   std::optional<std::chrono::milliseconds> valid = {}) {
    const auto secret = admin::new_token_secret();
    const auto file = admin::token_file(directory_.path());
    auto all = admin::read_tokens(file).value();
    admin::Token token{name, *admin::role_named(role), admin::token_hash(secret), clock_.wall(), {}};
    if (valid) token.ends = clock_.wall() + *valid;
    all.push_back(std::move(token));
    EXPECT_TRUE(admin::write_tokens(file, all));
    return secret;
  }
  void reread() { tokens_.replace(admin::read_tokens(admin::token_file(directory_.path())).value()); }

  http::Response call(const std::string& method, const std::string& target, const std::string& secret,
                      const nlohmann::json& body = nullptr, const std::string& from = "127.0.0.1",
                      const std::string& language = {}) {
    http::Request request;
    if (!language.empty()) request.headers.push_back({"accept-language", language});
    request.method = method;
    request.target = target;
    request.remote_address = from;
    if (!secret.empty()) request.headers.push_back({"authorization", "Bearer " + secret});
    if (!body.is_null()) request.body = body.is_string() ? body.get<std::string>() : body.dump();
    std::optional<http::Response> answer;
    door_->handle(std::move(request),
                  http::Responder([&](http::Response given) { answer = std::move(given); }, nullptr));
    while (!answer) run_one();
    return *answer;
  }
  http::Response as(const std::string& role, const std::string& method, const std::string& target,
                    const nlohmann::json& body = nullptr) {
    return call(method, target, secrets_.at(role), body);
  }
  // What was posted to the loop, waited for.
  void run_one() {
    std::move_only_function<void()> next;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !work_.empty(); });
      next = std::move(work_.front());
      work_.pop_front();
    }
    next();
  }
  static nlohmann::json body_of(const http::Response& response) {
    return nlohmann::json::parse(response.body, nullptr, false);
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& each : response.headers)
      if (each.name == name) return each.value;
    return {};
  }

  storage::Facilities facilities_;
  admin::TokenBook tokens_;
  std::map<std::string, std::string> secrets_;
  tests::FakeTimers timers_{clock_};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> work_;
  std::optional<admin::Desk> desk_;
  std::optional<Door> door_;
};

}  // namespace titip::admin_api
