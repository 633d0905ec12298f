// A small blocking HTTP/1.1 client, written for this driver alone: the oracle must not trust code it judges. One object
// is one keep-alive connection; one thread uses it. Every call has a deadline for the whole exchange. It never repeats
// a request by itself: whether to repeat is the clinic's decision, and part of what is tested.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace titip::day {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::map<std::string, std::string> headers;  // Host and Content-Length are added
  std::string body;
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& lower_case_name) const;
};

struct NoReply {
  enum class Why : std::uint8_t { refused, timed_out, broke_off, malformed } why;
  std::string words;
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) : port_(port) {}  // always 127.0.0.1
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient() { disconnect(); }

  std::expected<HttpReply, NoReply> exchange(const HttpRequest& request, std::chrono::milliseconds patience);
  void disconnect();

 private:
  using Clock = std::chrono::steady_clock;
  std::expected<void, NoReply> connect(Clock::time_point deadline);
  std::expected<void, NoReply> send_all(std::string_view bytes, Clock::time_point deadline);
  // Reads more into buffer_; false at the peer's orderly end.
  std::expected<bool, NoReply> receive(Clock::time_point deadline);
  std::expected<HttpReply, NoReply> read_reply(Clock::time_point deadline);
  std::expected<void, NoReply> read_body(HttpReply& reply, Clock::time_point deadline);
  std::expected<void, NoReply> read_chunks(HttpReply& reply, Clock::time_point deadline);
  std::expected<std::string, NoReply> read_line(Clock::time_point deadline);
  std::expected<std::string, NoReply> read_bytes(std::size_t count, Clock::time_point deadline);
  bool peer_closed() const;

  std::uint16_t port_;
  int socket_ = -1;
  std::string buffer_;
};

}  // namespace titip::day
