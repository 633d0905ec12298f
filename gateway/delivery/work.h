// One record in the dispatcher's hands, from being peeked to being settled. Private to delivery.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "gateway/delivery/dispatcher.h"
#include "gateway/delivery/outbound.h"
#include "upstream/profile/chains.h"
#include "upstream/profile/json_text.h"

namespace titip::delivery {

// Tells people apart in the breaker without telling who they are.
inline std::uint64_t breaker_key_of(const storage::Submission& record) {
  std::uint64_t hash = 0;
  std::memcpy(&hash, record.ordering_key.data(), sizeof hash);
  return hash;
}

struct Dispatcher::Work {
  storage::Submission record;
  storage::Lane lane;
  storage::DataKey key;
  storage::Payload payload;
  const profile::Route* route = nullptr;
  storage::Facilities::Found facility;
  bool numbers_are_in = false;                           // what the record quotes has been looked up
  std::set<std::string, std::less<>> unknown_numbers{};  // kinds of those that it quotes and nobody here knows
  bool may_be_in_doubt = true;                           // until it has been looked for
  std::vector<std::string> placed;                       // where a real number was put in
  rules::Others others{};                                // what in the list that was read is another record's
  std::optional<storage::Digest> claimed{};              // the key of the number there that it is about to be given
  std::optional<Authorizations::User> user;              // whose authorization the last call carried
  scheme::Credentials carried;                           // by the last call
  std::optional<Authorizations::User> tries;             // it shows whether the server takes one of this user's again
  std::chrono::milliseconds cut_short{0};                // so much sooner than another call it is given up
  bool password_refused = false;                         // and no other is known
  Outbound outbound;
  storage::WallTime opened_at{};
  clock::SteadyTime started{};
  std::uint32_t number = 0;  // of the timeline line
  std::uint64_t epoch = 0;   // of the lease it was taken under
  bool permitted = false;    // it holds a permit
  bool retry = false;        // as a repetition
  bool drained = false;      // the drain let it go
  bool in_index = true;      // a peek at what is due meets it still
  bool answered = false;     // the server has; what came of it is on its way to the store

  std::uint64_t breaker_key() const { return breaker_key_of(record); }
};

// The request as the profile's sources see it.
struct Dispatcher::Request {
  Request(const profile::Profile& profile, const Work& work)
      : match(profile::match(profile, work.payload.method,
                             std::string_view(work.payload.target).substr(0, work.payload.target.find('?')))),
        body(profile::parse_request(work.payload.body)),
        facility(work.record.facility) {
    if (body) chain = profile::read_chain(profile.date_format, *work.route, view());
  }
  profile::RequestView view() const { return {body ? &*body : nullptr, &match.parameters, facility}; }

  profile::RouteMatch match;
  std::optional<nlohmann::json> body;
  std::string_view facility;
  std::optional<profile::Chain> chain;
};

// One who waited for a list, and what was in it.
struct Dispatcher::Answered {
  rules::ProbeRead read;
  rules::Exchange last;
  bool may_decide = false;  // the first page was asked for after the late-apply wait
};

// Others are only asked about: whether they landed, or which number they were given.
inline bool is_sent(const storage::Submission& record) {
  return record.state == storage::State::queued || record.state == storage::State::deferred;
}

// Our own side refused to send it: no finding about the record.
inline bool never_left(const rules::Exchange& exchange) {
  const auto* failure = std::get_if<rules::Failure>(&exchange);
  return failure != nullptr && *failure == rules::Failure::not_admitted;
}

template <typename T>
void Dispatcher::until_answered(std::function<void(storage::Done<T>)> ask,
                                std::function<void(storage::Result<T>)> take) {
  auto once_more = ask;
  ask([this, ask = std::move(once_more), take = std::move(take)](storage::Result<T> answer) mutable {
    if (stopping_) return;
    if (answer || answer.error() == storage::Error::corrupt) return take(std::move(answer));
    doors_.timers.after(std::chrono::milliseconds(1'000),
                        [this, ask = std::move(ask), take = std::move(take)]() mutable {
                          if (!stopping_) until_answered<T>(std::move(ask), std::move(take));
                        });
  });
}

}  // namespace titip::delivery
