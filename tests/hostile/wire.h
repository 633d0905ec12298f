// A connection that says bytes and hears bytes, from a loopback address of one's choice, under TLS where the port
// speaks it. Non-blocking; the blocking calls wait with poll. One thread.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace titip::hostile {

class Wire {
 public:
  enum class Heard : std::uint8_t { bytes, nothing, end };

  // From 127.NET.HOST.1; a small window makes it a slow reader.
  // Shakes hands first on the port of speaks_tls(), and believes whoever is there.
  Wire(std::uint16_t port, std::uint8_t net, std::uint8_t host, bool small_window = false);
  Wire(const Wire&) = delete;
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&&) = delete;
  ~Wire();

  // From now on this port does; set before the first connection to it.
  static void speaks_tls(std::uint16_t port);

  bool open() const { return socket_ >= 0; }
  int descriptor() const { return socket_; }

  // How many bytes the kernel took; what a closed connection does not take is lost.
  std::size_t try_send(std::string_view bytes);
  // Until all is taken, or the other side is gone, or time is up.
  bool send(std::string_view bytes, std::chrono::milliseconds patience);
  void say_no_more();
  // What has come is added to `to`.
  Heard try_hear(std::string& to);
  Heard hear(std::string& to, std::chrono::milliseconds patience);

 private:
  bool shake_hands();
  bool wait(short events, std::chrono::milliseconds patience) const;
  int socket_ = -1;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, &SSL_free};
};

}  // namespace titip::hostile
