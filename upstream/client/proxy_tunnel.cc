#include "upstream/client/proxy_tunnel.h"

#include <openssl/crypto.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace titip::client {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using rules::Failure;

std::optional<Failure> meaning(std::string_view code) {
  if (code.front() == '2') return std::nullopt;
  if (code == "407") return Failure::proxy_credentials;
  if (code == "502" || code == "503" || code == "504") return Failure::proxy_cannot_reach;
  // Before 200 nothing is said of a CONNECT: an interim answer would leave the real one in the tunnel.
  return code.front() == '1' ? Failure::proxy_malformed : Failure::proxy_refused;
}

// "HTTP/1.1 200 Connection established": the code alone counts, and its reason may be missing.
std::optional<std::string_view> status_code(std::string_view line) {
  constexpr std::size_t version = 9;  // with the blank
  constexpr std::size_t digits = 3;
  if (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")) return std::nullopt;
  const auto code = line.substr(version, digits);
  const bool is_number = std::ranges::all_of(code, [](char each) { return each >= '0' && each <= '9'; });
  const auto rest = line.substr(version + code.size());
  if (code.size() != digits || !is_number || code.front() < '1' || code.front() > '5') return std::nullopt;
  return rest.empty() || rest.front() == ' ' ? std::optional(code) : std::nullopt;
}

class Tunnel : public std::enable_shared_from_this<Tunnel> {
 public:
  using Done = std::move_only_function<void(std::optional<Failure>)>;
  Tunnel(asio::ip::tcp::socket& socket, std::string request, Done done)
      : socket_(socket), request_(std::move(request)), done_(std::move(done)) {}
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;
  ~Tunnel() { OPENSSL_cleanse(request_.data(), request_.size()); }  // the proxy's password is in it

  void write() {
    asio::async_write(socket_, asio::buffer(request_), [self = shared_from_this()](error_code error, std::size_t) {
      error ? self->done_(Failure::proxy_malformed) : self->read();
    });
  }

 private:
  void read() {
    socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code error, std::size_t count) {
      if (error) return self->done_(Failure::proxy_malformed);  // hung up within its answer
      self->received_.append(self->chunk_.data(), count);
      const auto verdict = judge_proxy_reply(self->received_);
      verdict.whole ? self->done_(verdict.failure) : self->read();
    });
  }

  asio::ip::tcp::socket& socket_;
  std::string request_;
  std::string received_;
  std::array<char, 1024> chunk_{};
  Done done_;
};

}  // namespace

std::string connect_request(std::string_view host, std::string_view port, const Proxy& proxy) {
  constexpr std::string_view shown = "Proxy-Authorization: ";
  constexpr std::string_view line_end = "\r\n";
  const auto authority = std::string(host) + ":" + std::string(port);
  auto text = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  // At once: what grew would leave a copy of the password behind, which nobody wipes.
  text.reserve(text.size() + shown.size() + proxy.authorization.size() + 2 * line_end.size());
  if (!proxy.authorization.empty()) text.append(shown).append(proxy.authorization).append(line_end);
  text.append(line_end);
  return text;
}

ProxyVerdict judge_proxy_reply(std::string_view received) {
  constexpr std::string_view protocol = "HTTP/1.";
  constexpr std::string_view end = "\r\n\r\n";
  const ProxyVerdict malformed{.whole = true, .failure = Failure::proxy_malformed};
  const auto begun = std::min(received.size(), protocol.size());
  if (received.substr(0, begun) != protocol.substr(0, begun)) return malformed;
  const auto at = received.find(end);
  if (at == std::string_view::npos) return received.size() < proxy_reply_bytes ? ProxyVerdict{} : malformed;
  if (at + end.size() > proxy_reply_bytes) return malformed;
  const auto code = status_code(received.substr(0, received.find("\r\n")));
  if (!code) return malformed;
  const auto failure = meaning(*code);
  // A refusal may bring a page along, the tunnel's beginning nothing.
  if (!failure && received.size() > at + end.size()) return malformed;
  return {.whole = true, .failure = failure};
}

void open_tunnel(asio::ip::tcp::socket& socket, std::string request,
                 std::move_only_function<void(std::optional<Failure>)> done) {
  std::make_shared<Tunnel>(socket, std::move(request), std::move(done))->write();
}

}  // namespace titip::client
