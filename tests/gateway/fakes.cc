#include "tests/gateway/fakes.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

namespace titip::tests {

clock::Timers::Id FakeTimers::after(std::chrono::milliseconds delay, std::move_only_function<void()> work) {
  EXPECT_GT(delay.count(), 0) << "a timer of no time spins";
  const auto id = next_id_++;
  timers_.emplace(id, Timer{clock_.steady() + delay, std::move(work)});
  return id;
}

void FakeTimers::cancel(Id id) {
  timers_.erase(id);
}

bool FakeTimers::run_due() {
  const auto due = std::ranges::find_if(timers_, [&](const auto& t) { return t.second.at <= clock_.steady(); });
  if (due == timers_.end()) return false;
  auto work = std::move(due->second.work);
  timers_.erase(due);
  work();
  return true;
}

std::optional<clock::SteadyTime> FakeTimers::next() const {
  std::optional<clock::SteadyTime> first;
  for (const auto& [id, timer] : timers_)
    if (!first || timer.at < *first) first = timer.at;
  return first;
}

bool FakeHome::run() {
  if (work_.empty()) return false;
  auto work = std::move(work_.front());
  work_.pop_front();
  work();
  return true;
}

void ScriptedTransport::send(client::OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) {
  if (on_request) on_request(request);
  seen.push_back(request);
  new_.push_back({std::move(request), std::move(done)});
}

bool ScriptedTransport::run() {
  if (new_.empty()) return false;
  auto call = std::move(new_.front());
  new_.pop_front();
  auto exchange = closed_  ? std::optional<rules::Exchange>(rules::Failure::not_admitted)
                  : server ? server(call.request)
                           : std::nullopt;
  if (exchange) {
    call.done(std::move(*exchange));
  } else {
    waiting_.push_back(std::move(call));
  }
  return true;
}

void ScriptedTransport::answer(std::size_t place, rules::Exchange exchange) {
  ASSERT_LT(place, waiting_.size()) << "no such request waits";
  auto call = std::move(waiting_[place]);
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(place));
  call.done(std::move(exchange));
}

void ScriptedTransport::close() {
  closed_ = true;
  auto open = std::exchange(waiting_, {});
  for (auto& call : open) call.done(rules::Failure::response_timeout);
}

std::vector<client::OutboundRequest> ScriptedTransport::open() const {
  std::vector<client::OutboundRequest> requests;
  for (const auto* calls : {&new_, &waiting_})
    for (const auto& call : *calls) requests.push_back(call.request);
  return requests;
}

std::size_t ScriptedTransport::count(std::string_view method, std::string_view target) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(seen, [&](const auto& r) { return r.method == method && r.target == target; }));
}

std::string_view header(const client::OutboundRequest& request, std::string_view name) {
  const auto found = std::ranges::find_if(request.headers, [&](const auto& h) { return h.first == name; });
  return found == request.headers.end() ? std::string_view() : std::string_view(found->second);
}

rules::Reply national(int http_status, int code, std::string_view message, std::string_view response) {
  rules::Reply reply;
  reply.http_status = http_status;
  reply.content_type = "application/json";
  reply.body = R"({"response":)" + std::string(response) + R"(,"metaData":{"message":")" + std::string(message) +
               R"(","code":)" + std::to_string(code) + "}}";
  return reply;
}

TestSealer::TestSealer() {
  auto sealer = storage::Sealer::open(directory_ / "test.key", true);
  if (!sealer) throw std::runtime_error(sealer.error());
  sealer_.emplace(std::move(*sealer));
}

}  // namespace titip::tests
