// Who may call the P-Care REST services: consumers with their secrets, and the facility's user behind each. Says no in
// the server's words. One thread.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/pcare_sim/dates.h"

namespace titip::pcare_sim {

struct Consumer {
  std::string id;
  std::string secret;
  std::string user_key;  // of 2022 and after
  std::string facility;  // "0114A026": its numbers start with it
  std::string user;
  std::string password;
  std::string application = "095";
};

// A JSON array of {"cons_id", "secret", "user_key", "facility", "user", "password", "application"}; the last may be
// left out. The error starts with a JSON pointer.
std::expected<std::vector<Consumer>, std::string> parse_consumers(std::string_view json_text);

// As the headers of one request say it.
struct Credentials {
  std::string_view consumer;       // X-cons-id
  std::string_view timestamp;      // X-timestamp
  std::string_view signature;      // X-signature
  std::string_view authorization;  // X-authorization
  std::string_view user_key;       // user_key; empty: none
};

class Consumers {
 public:
  Consumers(std::vector<Consumer> consumers, std::chrono::seconds tolerance);

  // The caller, or why it is none: the message of a 401. A user key is checked where one is sent.
  std::expected<const Consumer*, std::string> caller(const Credentials& credentials, WallTime now) const;

  bool empty() const { return by_id_.empty(); }

 private:
  std::unordered_map<std::string, Consumer> by_id_;
  std::chrono::seconds tolerance_;
};

}  // namespace titip::pcare_sim
