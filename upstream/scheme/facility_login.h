// The scheme of services that know a facility by its code in a header and let it in by a log-in with user name and
// password (protocols of 2021's P-Care Vaksinasi). Pure: builds and reads the bodies; sends and stores nothing. The
// caller keeps what it reads sealed: these are passwords.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/profile/profile.h"

namespace titip::scheme {

struct Login {
  std::string username;
  std::string password;
};

// The log-in as the gateway itself sends it, at night or after an expired one.
std::string login_body(const profile::Scheme& scheme, std::string_view username, std::string_view password);

// A clinic's log-in. Nothing if the body is not JSON, or lacks a user name or password, or one is over 256 bytes.
std::optional<Login> read_login_request(const profile::Scheme& scheme, std::string_view body);

enum class LoginVerdict : std::uint8_t {
  accepted,
  refused,       // the service itself says that these credentials are wrong
  inconclusive,  // anything else: an outage, an error page, an answer that is not understood
};

struct LoginReply {
  LoginVerdict verdict = LoginVerdict::inconclusive;
  std::string facility;  // accepted only: the facility's code
};

// `http_status` is nothing if no reply came.
LoginReply read_login_reply(const profile::Profile& profile, std::optional<int> http_status, std::string_view body);

// 1 to 32 letters, digits, dots, dashes and underscores: what may stand in a header and in a path as it is.
bool is_facility_code(std::string_view code);

struct Header {
  std::string name;
  std::string value;
};
// The header that names the facility on every call but log-in. Nothing if the scheme has none, or the code is none.
std::optional<Header> facility_header(const profile::Scheme& scheme, std::string_view facility);

}  // namespace titip::scheme
