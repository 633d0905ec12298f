// A request and a response as the rooms above see them: plain values, no socket, no Beast.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/tls.h"

namespace titip::http {

struct Header {
  std::string name;
  std::string value;
};

// Who said which address a request comes from. `nobody`: it is a proxy's own, which does not say for whom it asks.
enum class AddressBy : std::uint8_t { connection, proxy, nobody };

struct Request {
  std::string method;
  std::string target;  // origin form: path and query, as received
  std::vector<Header> headers;
  std::string body;
  std::string id;              // made by the listener, or by a trusted proxy; the answer names it too
  std::string remote_address;  // the client's
  AddressBy address_by = AddressBy::connection;
  PeerNames peer_names{};  // of the client's certificate
  std::chrono::steady_clock::time_point received_at{};

  // The first header of that name in any case; empty if there is none.
  std::string_view header(std::string_view name) const;
  // Of a field that may be said in several lines: all of them, by commas.
  std::string joined(std::string_view name) const;
  std::string_view path() const;   // target without the query
  std::string_view query() const;  // after the '?', empty if none
};

struct Response {
  int status = 200;
  std::string content_type;  // empty: no body is announced
  std::vector<Header> headers;
  std::string body;
  std::string_view route = "other";  // metrics label; must outlive the response: a route id or a literal
  bool close = false;                // close the connection after this answer
};

// Answers one request. Call it at most once, on the loop that called the handler. Destroying it unanswered closes the
// connection without an answer: the honest thing when nobody knows whether a commit happened.
class Responder {
 public:
  using Send = std::move_only_function<void(Response)>;
  using Abandon = std::move_only_function<void()>;
  Responder(Send send, Abandon abandon) : send_(std::move(send)), abandon_(std::move(abandon)) {}
  Responder(Responder&& other) noexcept : send_(std::move(other.send_)), abandon_(std::move(other.abandon_)) {
    other.send_ = nullptr;
    other.abandon_ = nullptr;
  }
  Responder& operator=(Responder&& other) noexcept {
    std::swap(send_, other.send_);
    std::swap(abandon_, other.abandon_);
    return *this;
  }
  ~Responder() {
    if (abandon_) abandon_();
  }
  void operator()(Response response) {
    if (!send_) return;
    abandon_ = nullptr;
    auto send = std::exchange(send_, nullptr);
    send(std::move(response));
  }

 private:
  Send send_;
  Abandon abandon_;
};

// Runs on the listener's loop; must not block.
using Handler = std::function<void(Request, Responder)>;

// "Created" for 201.
std::string_view reason_phrase(int status);

// What the connection adds to an answer.
struct Rendering {
  std::string_view date;
  std::string_view request_id;
  bool keep_alive = true;
  bool to_head = false;  // the body is left out, and its length is said
};
std::string render(const Response& response, const Rendering& with);

}  // namespace titip::http
