#include "gateway/record_views.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "gateway/intake/identity.h"
#include "gateway/reads/attention.h"
#include "gateway/reads/submission_view.h"

namespace titip::gateway {

std::string person_in(const profile::Profile& profile, const storage::Submission& record,
                      const storage::Payload& payload) {
  const auto* route = profile::find_route(profile, record.route);
  if (route == nullptr || route->ordering_key.empty()) return {};
  const auto path = std::string_view(payload.target).substr(0, payload.target.find('?'));
  const auto match = profile::match(profile, payload.method, path);
  const auto pointers = intake::identity_pointers(*route);
  const auto identity =
      intake::read_identity({*route, pointers, payload.body, match.parameters, record.facility, profile.date_format});
  return identity && !identity->ordering.empty() ? identity->ordering.front() : std::string();
}

std::string timeline_of(const storage::Loaded& loaded, const storage::Sealer& sealer) {
  using storage::State;
  auto document = reads::submission_json(loaded, sealer);
  const auto state = loaded.submission.state;
  if (state == State::rejected || state == State::expired || state == State::held) {
    const auto to_do = reads::what_to_do(loaded.submission);
    document["to_do"] = {{"id", to_do.in(words::Language::id)}, {"en", to_do.english}};
  }
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace titip::gateway
