#include "gateway/delivery/callback_news.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "gateway/clock/local_date.h"
#include "storage/payload.h"
#include "storage/veil.h"

namespace titip::delivery {
namespace {

using storage::Event;
using storage::State;

// What the event would make of the record; the store has the last word, and takes the news in only if it was right.
std::optional<State> end_of(Event event) {
  switch (event) {
    case Event::delivered:
      return State::delivered;
    case Event::rejected:
    case Event::blocked:  // the third time it is a rejection
      return State::rejected;
    case Event::expire:
      return State::expired;
    default:
      return std::nullopt;
  }
}

// The conventions of Standard Webhooks: type, timestamp, data.
std::string body_of(const CallbackNews& what, const std::string& type, State state) {
  const nlohmann::ordered_json document{{"type", type},
                                        {"timestamp", clock::rfc3339(what.now)},
                                        {"data",
                                         {{"submission", what.record.id.text()},
                                          {"receipt", what.record.receipt},
                                          {"state", storage::name(state)},
                                          {"rule", what.rule}}}};
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::vector<storage::News> callback_news(const storage::Sealer& sealer, const storage::Facility* facility,
                                         const CallbackNews& what, std::uint64_t most_due) {
  const auto state = end_of(what.event);
  if (!state || facility == nullptr || facility->callback_url.empty()) return {};
  if (*state == State::delivered && !facility->callback_delivered) return {};
  storage::News news{*state, {}, most_due};
  auto& submission = news.submission.submission;
  submission.id = storage::SubmissionId::make(what.now);
  submission.destination = callback_destination;
  submission.facility = what.record.facility;
  submission.route = fmt::format("submission.{}", storage::name(*state));
  submission.channel = callback_destination;
  submission.receipt = storage::veil(sealer, storage::receipt_domain, submission.id).text();
  submission.accepted_at = what.now;
  const auto origin = what.record.id.text();
  submission.ordering_key = sealer.keyed_hash("callback", {origin});
  const auto body = body_of(what, submission.route, *state);
  submission.fingerprint = sealer.keyed_hash("fingerprint", {"callback", origin, body});
  auto key = sealer.new_data_key(submission.id);
  submission.wrapped_key = std::move(key.wrapped);
  news.submission.payload =
      sealer.seal(key.key, submission.id, "payload",
                  storage::encode(storage::Payload{"POST", "", "application/json", body, "", {}}));
  std::vector<storage::News> all;
  all.push_back(std::move(news));
  return all;
}

}  // namespace titip::delivery
