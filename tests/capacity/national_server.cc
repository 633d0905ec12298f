#include "tests/capacity/national_server.h"

#include <algorithm>

#include "tests/capacity/cpu.h"

namespace titip::capacity {

void NationalServer::send(client::OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) {
  waiting_.emplace_back(std::move(request), std::move(done));
  if (waiting_.size() == 1) loop_.post([this] { answer_all(); });
}

void NationalServer::answer_all() {
  auto waiting = std::exchange(waiting_, {});
  const double began = this_thread_cpu_s();
  std::vector<rules::Reply> replies;
  replies.reserve(waiting.size());
  for (const auto& [request, done] : waiting) replies.push_back(take(request));
  own_cpu_s_ += this_thread_cpu_s() - began;
  slowing_.wait(received_.sound);
  for (std::size_t i = 0; i < waiting.size(); ++i) waiting[i].second(std::move(replies[i]));
}

rules::Reply NationalServer::take(const client::OutboundRequest& request) {
  rules::Reply reply;
  reply.content_type = "application/json";
  if (request.method == "GET") {  // a health read
    reply.http_status = 200;
    reply.body = R"({"response":{"list":[]},"metaData":{"message":"OK","code":200}})";
    return reply;
  }
  const auto number = Bodies::number_of(request.body);
  if (!number || *number >= seen_.size()) {
    ++received_.strange;
  } else if (seen_[*number]) {
    ++received_.twice;
  } else {
    seen_[*number] = true;
    bodies_.write(*number, expected_);
    ++(request.body == expected_ ? received_.sound : received_.altered);
  }
  reply.http_status = 201;
  reply.body = R"({"response":{"noTiket":"T-)" + std::to_string(number.value_or(0)) +
               R"("},"metaData":{"message":"CREATED","code":201}})";
  return reply;
}

std::uint64_t NationalServer::missing_below(std::uint64_t number) const {
  const auto end = seen_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(number, seen_.size()));
  return static_cast<std::uint64_t>(std::count(seen_.begin(), end, false)) +
         (number > seen_.size() ? number - seen_.size() : 0);
}

}  // namespace titip::capacity
