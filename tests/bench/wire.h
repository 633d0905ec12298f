// What is said to each of the servers that are compared: a request with a payload that nobody sent before, and whether
// its answer is whole and says yes. The payload is the same for all of them. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace titip::bench {

// A dose of a person whom nobody has seen, 800 bytes of JSON; the same number gives the same bytes.
class Payload {
 public:
  explicit Payload(std::string_view date);  // YYYY-MM-DD
  // Valid until the next call.
  std::string_view of(std::uint64_t number);

 private:
  void put(std::size_t at, std::size_t width, std::uint64_t number);
  std::string text_;
  std::size_t ticket_at_ = 0;
  std::array<std::size_t, 3> number_at_{};  // the whole number, which no other payload has
};

struct Reply {
  std::size_t bytes = 0;  // of what came, belong to this reply
  bool accepted = false;
};

class Wire {
 public:
  virtual ~Wire() = default;
  // Once, when the connection stands, before any request; empty where there is nothing to say.
  virtual std::string greeting(std::size_t connection) const = 0;
  virtual void request(std::uint64_t number, std::size_t connection, std::string& out) = 0;
  // Nothing: more is to come. What belongs to no request (a greeting's answer) is taken with the reply behind it.
  virtual std::optional<Reply> reply(std::string_view bytes) const = 0;
};

struct WireOptions {
  std::string protocol;  // http | redis | nats
  std::string path = "/";
  std::string facility = "P0001";
  std::string date;
};
// Nothing: no such protocol.
std::unique_ptr<Wire> make_wire(const WireOptions& options);

}  // namespace titip::bench
