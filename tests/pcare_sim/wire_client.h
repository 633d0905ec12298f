// A client that sees what happens on the wire: refused, reset, closed without an answer, or silence, each told apart.
// Plain sockets, so that the simulator is not tested with the library it is made of. One thread an object.
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace titip::pcare_sim {

enum class Came { answer, refused, reset, closed, silence };
inline std::ostream& operator<<(std::ostream& out, Came came) {
  constexpr const char* names[] = {"answer", "refused", "reset", "closed", "silence"};
  return out << names[static_cast<int>(came)];
}

struct WireAnswer {
  Came came = Came::silence;
  int status = 0;
  std::string head;  // status line and header fields
  std::string body{};
};

struct Call {
  std::string_view method = "GET";
  std::string path{};
  std::string body{};
  std::string facility = "0905R001";
  std::string idempotency_key{};
  std::chrono::milliseconds patience{2'000};  // then the client hangs up
};

class WireClient {
 public:
  explicit WireClient(std::uint16_t port) : port_(port) {}
  ~WireClient() { hang_up(); }
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  // Keeps the connection if the server does.
  WireAnswer send(const Call& call);

  // For pipelining and broken requests: bytes out, then one answer at a time.
  bool connect();
  bool write(std::string_view bytes);
  WireAnswer read_answer(std::chrono::milliseconds patience = std::chrono::milliseconds(2'000));
  void hang_up();

 private:
  std::uint16_t port_;
  int fd_ = -1;
  std::string pending_;
};

std::string request_text(const Call& call);

}  // namespace titip::pcare_sim
