// The admin API's listener: its TLS. Over plain HTTP its tokens are for this machine alone, or for a proxy that speaks
// TLS.
#include <array>

#include "gateway/config_reading.h"
#include "gateway/http/network.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using R = Reading;

constexpr std::array<Key<AdminConfig>, 4> admin_keys{{
    {"listen", words::text("where it listens; loopback, unless it has a certificate or a proxy stands before it"),
     [](const R& r, AdminConfig& c) { read_side_listen(r, c.listen); }},
    {"tls", words::text("certificate and key of the listener; without it: plain HTTP"),
     [](const R& r, AdminConfig& c) { read_tls(r, c.tls.emplace(), false); }},
    {"behind_proxy",
     words::text(
         "whether a proxy with TLS stands before it, and nobody else reaches it: then it may listen elsewhere than on "
         "loopback"),
     [](const R& r, AdminConfig& c) { c.behind_proxy = r.flag(); }},
    {"edit_needs_approval", words::text("whether an edit of a record waits until another person approves it"),
     [](const R& r, AdminConfig& c) { c.edit_needs_approval = r.flag(); }},
}};

}  // namespace

void read_admin(const R& r, Config& config) {
  auto& admin = config.admin;
  read_object<AdminConfig>(r, admin_keys, admin);
  if (r.failed() || r.describes()) return;
  if (admin.tls) read_tls_files(r.at("tls"), config.directory, *admin.tls);
  if (r.failed() || admin.tls || admin.behind_proxy || http::is_loopback(admin.listen.address)) return;
  r.at("listen").at("address").fail(words::tell(
      "is not loopback, and over plain HTTP everybody on the way reads the tokens: give it a certificate (\"tls\": "
      "{{\"certificate_file\", \"key_file\"}}), listen on 127.0.0.1, or put a proxy with TLS before it and say "
      "\"behind_proxy\": true"));
}

}  // namespace titip::gateway
