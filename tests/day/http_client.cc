#include "tests/day/http_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace titip::day {
namespace {

using Why = NoReply::Why;
constexpr std::size_t max_reply_bytes = 256U << 20U;  // a whole day's ledger is some megabytes
constexpr std::size_t max_line_bytes = 64U << 10U;

std::unexpected<NoReply> failed(Why why, std::string words) {
  return std::unexpected(NoReply{why, std::move(words)});
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// Waits until the socket is ready; false when the time is up.
bool wait_for(int socket, short events, std::chrono::steady_clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{.fd = socket, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 1000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

std::string HttpReply::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string() : found->second;
}

void HttpClient::disconnect() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  buffer_.clear();
}

std::expected<HttpReply, NoReply> HttpClient::exchange(const HttpRequest& request, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  std::string bytes =
      request.method + " " + request.target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n";
  for (const auto& [name, value] : request.headers) bytes += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  bytes += "\r\n" + request.body;

  if (socket_ >= 0 && peer_closed()) disconnect();
  if (socket_ < 0) {
    if (auto ok = connect(deadline); !ok) return std::unexpected(ok.error());
  }
  auto sent = send_all(bytes, deadline);
  auto reply = sent ? read_reply(deadline) : std::unexpected(sent.error());
  // A connection whose exchange did not end cleanly may still bring the old answer: never use it again.
  if (!reply || lower(reply->header("connection")) == "close") disconnect();
  return reply;
}

// An idle connection that the server has closed meanwhile is no failure of a request.
bool HttpClient::peer_closed() const {
  char byte = 0;
  return ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::expected<void, NoReply> HttpClient::connect(Clock::time_point deadline) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return failed(Why::refused, std::string("no socket: ") + std::strerror(errno));
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int error = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    if (!wait_for(socket_, POLLOUT, deadline)) {
      disconnect();
      return failed(Why::timed_out, "no connection in time");
    }
    socklen_t size = sizeof error;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) {
    disconnect();
    return failed(Why::refused, std::strerror(error));
  }
  return {};
}

std::expected<void, NoReply> HttpClient::send_all(std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(socket_, POLLOUT, deadline))
        return failed(Why::timed_out, "the request could not be written in time");
    } else if (errno != EINTR) {
      return failed(Why::broke_off, std::strerror(errno));
    }
  }
  return {};
}

std::expected<bool, NoReply> HttpClient::receive(Clock::time_point deadline) {
  char bytes[16384];
  while (true) {
    const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got > 0) {
      buffer_.append(bytes, static_cast<std::size_t>(got));
      if (buffer_.size() > max_reply_bytes) return failed(Why::malformed, "the reply is too large");
      return true;
    }
    if (got == 0) return false;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(socket_, POLLIN, deadline)) return failed(Why::timed_out, "gave up waiting for an answer");
    } else if (errno != EINTR) {
      return failed(Why::broke_off, std::strerror(errno));
    }
  }
}

std::expected<std::string, NoReply> HttpClient::read_line(Clock::time_point deadline) {
  while (true) {
    if (const auto end = buffer_.find("\r\n"); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      return line;
    }
    if (buffer_.size() > max_line_bytes) return failed(Why::malformed, "a header line without an end");
    const auto more = receive(deadline);
    if (!more) return std::unexpected(more.error());
    if (!*more) return failed(Why::broke_off, "the connection ended before the answer did");
  }
}

std::expected<std::string, NoReply> HttpClient::read_bytes(std::size_t count, Clock::time_point deadline) {
  if (count > max_reply_bytes) return failed(Why::malformed, "the reply is too large");
  while (buffer_.size() < count) {
    const auto more = receive(deadline);
    if (!more) return std::unexpected(more.error());
    if (!*more) return failed(Why::broke_off, "the connection ended before the answer did");
  }
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

std::expected<HttpReply, NoReply> HttpClient::read_reply(Clock::time_point deadline) {
  HttpReply reply;
  const auto status_line = read_line(deadline);
  if (!status_line) return std::unexpected(status_line.error());
  if (!status_line->starts_with("HTTP/1.") || status_line->size() < 12 ||
      std::from_chars(status_line->data() + 9, status_line->data() + 12, reply.status).ec != std::errc()) {
    return failed(Why::malformed, "not an HTTP status line: " + status_line->substr(0, 60));
  }
  while (true) {
    const auto line = read_line(deadline);
    if (!line) return std::unexpected(line.error());
    if (line->empty()) break;
    const auto colon = line->find(':');
    if (colon == std::string::npos) return failed(Why::malformed, "not a header: " + line->substr(0, 60));
    reply.headers[lower(line->substr(0, colon))] = trimmed(std::string_view(*line).substr(colon + 1));
  }
  if (auto body = read_body(reply, deadline); !body) return std::unexpected(body.error());
  return reply;
}

std::expected<void, NoReply> HttpClient::read_body(HttpReply& reply, Clock::time_point deadline) {
  if (reply.status == 204 || reply.status == 304) return {};
  if (lower(reply.header("transfer-encoding")) == "chunked") return read_chunks(reply, deadline);
  const std::string length = reply.header("content-length");
  if (length.empty()) {  // framed by the end of the connection
    while (true) {
      const auto more = receive(deadline);
      if (!more) return std::unexpected(more.error());
      if (!*more) break;
    }
    reply.body = std::move(buffer_);
    disconnect();
    return {};
  }
  std::size_t count = 0;
  if (std::from_chars(length.data(), length.data() + length.size(), count).ec != std::errc()) {
    return failed(Why::malformed, "Content-Length is no number: " + length);
  }
  auto bytes = read_bytes(count, deadline);
  if (!bytes) return std::unexpected(bytes.error());
  reply.body = std::move(*bytes);
  return {};
}

std::expected<void, NoReply> HttpClient::read_chunks(HttpReply& reply, Clock::time_point deadline) {
  while (true) {
    const auto size_line = read_line(deadline);
    if (!size_line) return std::unexpected(size_line.error());
    std::size_t count = 0;
    if (std::from_chars(size_line->data(), size_line->data() + size_line->size(), count, 16).ec != std::errc()) {
      return failed(Why::malformed, "a chunk without a size");
    }
    if (count == 0) break;
    auto bytes = read_bytes(count, deadline);
    if (!bytes) return std::unexpected(bytes.error());
    reply.body += *bytes;
    if (reply.body.size() > max_reply_bytes) return failed(Why::malformed, "the reply is too large");
    if (auto end = read_line(deadline); !end) return std::unexpected(end.error());
  }
  while (true) {
    const auto trailer = read_line(deadline);
    if (!trailer) return std::unexpected(trailer.error());
    if (trailer->empty()) return {};
  }
}

}  // namespace titip::day
