// TLS at a listener: 1.2 and 1.3, suites with forward secrecy and authenticated encryption alone; no renegotiation, no
// compression, no tickets and no cached sessions (so that a key that leaks later opens nothing of the past), ALPN
// http/1.1. What it begins a connection with may be replaced at any time: who is connected stays as connected.
// Threads: any; a short lock a new connection, and a handshake's work on the loop of its connection.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace titip::http {

// As their PEM files have it.
struct TlsMaterial {
  std::string certificates;  // the listener's own one first, then those up to the authority
  std::string key;
  std::string client_authorities{};  // who signs clients' certificates; empty: none is asked for

  friend bool operator==(const TlsMaterial&, const TlsMaterial&) = default;
};

// DNS names of a client's certificate that was checked; none without one.
using PeerNames = std::shared_ptr<const std::vector<std::string>>;

// Until when certificates are valid. Of several that are needed together it is the one that ends first.
struct TlsValidity {
  std::chrono::system_clock::time_point own{};
  std::optional<std::chrono::system_clock::time_point> client_authorities{};  // nothing: no client is asked for one
};

class Tls {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;

  // For connections that begin from now on. The error is a sentence, and nothing has changed.
  std::expected<void, std::string> use(const TlsMaterial& material);
  Context context() const;
  TlsValidity validity() const;

 private:
  mutable std::mutex mutex_;
  Context context_;
  TlsValidity validity_;
};

}  // namespace titip::http
