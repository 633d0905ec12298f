// The admin API's listener. Over plain HTTP its tokens are for this machine alone, or for a proxy that speaks TLS.
#include <arpa/inet.h>

#include <array>

#include "gateway/config_reading.h"

namespace titip::gateway {
namespace {

using R = Reading;

constexpr std::array<Key<AdminConfig>, 3> admin_keys{{
    {"listen", "where it listens; loopback, unless a proxy stands before it",
     [](const R& r, AdminConfig& c) { read_listen(r, c.listen); }},
    {"behind_proxy",
     "whether a proxy with TLS stands before it, and nobody else reaches it: then it may listen elsewhere than on "
     "loopback",
     [](const R& r, AdminConfig& c) { c.behind_proxy = r.flag(); }},
    {"edit_needs_approval", "whether an edit of a record waits until another person approves it",
     [](const R& r, AdminConfig& c) { c.edit_needs_approval = r.flag(); }},
}};

bool is_loopback(const std::string& address) {
  in_addr four{};
  if (::inet_pton(AF_INET, address.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24U) == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, address.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six) != 0;
}

}  // namespace

void read_admin(const R& r, Config& config) {
  auto& admin = config.admin;
  read_object<AdminConfig>(r, admin_keys, admin);
  if (r.failed() || r.describes() || admin.behind_proxy || is_loopback(admin.listen.address)) return;
  r.at("listen").at("address").fail(
      "is not loopback, and over plain HTTP everybody on the way reads the tokens: listen on 127.0.0.1, or put a proxy "
      "with TLS before it and say \"behind_proxy\": true");
}

}  // namespace titip::gateway
