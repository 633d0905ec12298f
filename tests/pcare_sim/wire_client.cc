#include "tests/pcare_sim/wire_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

namespace titip::pcare_sim {
namespace {

// The length of the whole first answer in `text`, once its head is there.
std::optional<std::size_t> answer_length(const std::string& text) {
  const auto head_end = text.find("\r\n\r\n");
  if (head_end == std::string::npos) return std::nullopt;
  const auto field = text.find("Content-Length: ");
  const std::size_t body = field < head_end ? std::strtoul(text.c_str() + field + 16, nullptr, 10) : 0;
  return head_end + 4 + body;
}

}  // namespace

std::string request_text(const Call& call) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n", call.method, call.path);
  if (!call.facility.empty()) text += fmt::format("x-kdppk: {}\r\n", call.facility);
  if (!call.idempotency_key.empty()) text += fmt::format("Idempotency-Key: {}\r\n", call.idempotency_key);
  if (call.method != "GET") text += fmt::format("Content-Length: {}\r\n", call.body.size());
  return text + "\r\n" + call.body;
}

bool WireClient::connect() {
  hang_up();
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  hang_up();
  return false;
}

bool WireClient::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void WireClient::hang_up() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  pending_.clear();
}

WireAnswer WireClient::read_answer(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  WireAnswer answer;
  for (;;) {
    if (const auto length = answer_length(pending_); length && pending_.size() >= *length) {
      const auto head_end = pending_.find("\r\n\r\n");
      answer.came = Came::answer;
      answer.head = pending_.substr(0, head_end);
      answer.body = pending_.substr(head_end + 4, *length - head_end - 4);
      answer.status = std::atoi(answer.head.c_str() + 9);
      pending_.erase(0, *length);
      if (answer.head.find("Connection: close") != std::string::npos) hang_up();
      return answer;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd wait{fd_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) == 0) {
      hang_up();
      return answer;  // silence
    }
    char bytes[4096];
    const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) {
      answer.came = got == 0 ? Came::closed : Came::reset;
      hang_up();
      return answer;
    }
    pending_.append(bytes, static_cast<std::size_t>(got));
  }
}

WireAnswer WireClient::send(const Call& call) {
  WireAnswer nothing;
  if (fd_ < 0 && !connect()) {
    nothing.came = Came::refused;
    return nothing;
  }
  if (!write(request_text(call))) {
    hang_up();
    nothing.came = Came::reset;
    return nothing;
  }
  return read_answer(call.patience);
}

}  // namespace titip::pcare_sim
