// One record in the dispatcher's hands, from being peeked to being settled. Private to delivery.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>

#include "gateway/delivery/dispatcher.h"
#include "gateway/delivery/outbound.h"

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
  bool numbers_are_in = false;               // what the record quotes has been looked up
  std::vector<std::string> placed;           // where a real number was put in
  std::optional<Authorizations::User> user;  // whose authorization the last call carried
  std::string authorization;
  Outbound outbound;
  storage::WallTime opened_at{};
  clock::SteadyTime started{};
  std::uint32_t number = 0;  // of the timeline line
  std::uint64_t epoch = 0;   // of the lease it was taken under
  bool permitted = false;    // it holds a permit
  bool retry = false;        // as a repetition
  bool drained = false;      // the drain let it go

  std::uint64_t breaker_key() const { return breaker_key_of(record); }
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
