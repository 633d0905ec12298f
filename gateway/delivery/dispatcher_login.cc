// The dispatcher's log-ins: with the newest credentials the server accepted from the clinic, else those of the config.
#include <nlohmann/json.hpp>

#include "gateway/delivery/work.h"
#include "metrics/log.h"
#include "storage/kept_login.h"
#include "upstream/scheme/facility_login.h"

namespace titip::delivery {

void Dispatcher::log_in(const std::string& facility) {
  logins_.began(facility);
  auto name = storage::login_object_name(doors_.sealer, options_.destination, facility);
  doors_.store.get_object(
      std::string(storage::login_kind), name, doors_.home,
      [this, facility, name](storage::Result<std::optional<storage::Object>> object) {
        if (!object) {
          logins_.inconclusive(facility, doors_.clock.steady());
          return pump();
        }
        if (*object) {
          const auto plain = doors_.sealer.open_object(storage::login_kind, name, storage::Sealed{(*object)->bytes});
          if (const auto kept = plain ? storage::decode_kept_login(*plain) : std::nullopt)
            return send_login(facility, kept->username, kept->password);
        }
        const auto configured = doors_.facilities.find(facility);
        if (configured != nullptr && !configured->username.empty())
          return send_login(facility, configured->username, configured->password);
        // Nobody ever logged in through us and the config names no log-in: only a person can end this.
        logins_.refused(facility, doors_.clock.steady());
        count_stop(facility);
        metrics::log(metrics::Level::warning, "no_login_known",
                     {{metrics::Field::destination, options_.destination}, {metrics::Field::facility, facility}});
      });
}

void Dispatcher::send_login(const std::string& facility, const std::string& username, const std::string& password) {
  client::OutboundRequest request;
  request.method = "POST";
  request.target = doors_.profile.scheme.login_path;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = scheme::login_body(doors_.profile.scheme, username, password);
  doors_.upstream.send_read(
      std::move(request), {}, client::Upstream::Asker::somebody, [this, facility](const rules::Exchange& exchange) {
        const auto* reply = std::get_if<rules::Reply>(&exchange);
        const auto read =
            scheme::read_login_reply(doors_.profile, reply ? std::optional(reply->http_status) : std::nullopt,
                                     reply ? std::string_view(reply->body) : std::string_view());
        auto verdict = read.verdict;
        const bool refused = verdict == scheme::LoginVerdict::refused;
        if (verdict != scheme::LoginVerdict::inconclusive && doors_.upstream.credentials_answered(facility, refused))
          verdict = scheme::LoginVerdict::inconclusive;
        switch (verdict) {
          case scheme::LoginVerdict::accepted:
            logins_.accepted(facility);
            break;
          case scheme::LoginVerdict::refused:
            logins_.refused(facility, doors_.clock.steady());
            metrics::log(metrics::Level::warning, "credentials_refused",
                         {{metrics::Field::destination, options_.destination}, {metrics::Field::facility, facility}});
            break;
          case scheme::LoginVerdict::inconclusive:
            logins_.inconclusive(facility, doors_.clock.steady());
            break;
        }
        count_stop(facility);
        pump();
      });
}

}  // namespace titip::delivery
