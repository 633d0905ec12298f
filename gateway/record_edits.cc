#include "gateway/record_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "gateway/intake/make_submission.h"
#include "metrics/words/said.h"
#include "storage/reference_keys.h"
#include "storage/veil.h"
#include "storage/waiting_home.h"
#include "upstream/profile/splice.h"

namespace titip::gateway {
namespace {

using admin::Edit;
using admin::Edited;
using nlohmann::json;
using storage::Submission;

// What stands for the value in JSON, by what stands there now.
std::string json_of(const Edit& edit, std::optional<std::string_view> now) {
  const bool is_text_now = now && now->starts_with('"');
  if (!is_text_now && json::accept(edit.value)) return edit.value;
  return json(edit.value).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<std::vector<Edited::Change>, words::Said> change_body(std::string& body, const std::vector<Edit>& edits) {
  if (!json::accept(body)) return std::unexpected(words::said("its body is no JSON, so nothing in it can be named"));
  std::vector<Edited::Change> changes;
  for (const auto& edit : edits) {
    const auto now = profile::json_at(body, edit.pointer);
    Edited::Change change{edit.pointer, std::string(now.value_or("")), json_of(edit, now)};
    if (change.from == change.to) continue;
    auto changed = profile::splice_json(body, edit.pointer, change.to);
    if (!changed) return std::unexpected(words::said("{}: there is no such place in the record", edit.pointer));
    body = std::move(*changed);
    changes.push_back(std::move(change));
  }
  if (changes.empty())
    return std::unexpected(words::said("these values stand there already; `titip requeue` sends it as it is"));
  return changes;
}

// One behind the other, without the last point: whoever says it sets one.
std::string words_of(const std::vector<intake::FieldFault>& faults, words::Language language) {
  std::string text;
  for (const auto& [pointer, sentence] : faults)
    text +=
        fmt::format("{}{}{}{}", text.empty() ? "" : " ", pointer, pointer.empty() ? "" : ": ", sentence.in(language));
  if (text.ends_with('.')) text.pop_back();
  return text;
}
words::Said words_of(const std::vector<intake::FieldFault>& faults) {
  return {words_of(faults, words::Language::en), words_of(faults, words::Language::id)};
}

// The numbers that the clinic was given stay those it was given.
std::vector<intake::MadeNumber> given_numbers(const storage::Payload& payload, const profile::Chain& chain,
                                              const storage::KeySpace& space, const storage::Sealer& sealer) {
  std::vector<intake::MadeNumber> made;
  for (const auto& [reference, number] : payload.provisional) {
    const auto yielded = std::ranges::find(chain.yields, reference, &profile::YieldedNumber::reference);
    if (yielded == chain.yields.end()) continue;
    made.push_back({reference, number, storage::reference_key(sealer, space, reference, yielded->scope, number)});
  }
  return made;
}

// What the store knows of the numbers it quotes; an error is a sentence.
words::Said look_up(intake::Draft& draft, const intake::Arrival& arrival, const EditDoors& doors) {
  if (draft.quoted_keys.empty()) return {};
  storage::WaitingHome home;
  const auto found = home.ask<std::vector<std::optional<storage::Reference>>>(
      [&](auto done) { doors.store.references(draft.quoted_keys, home, std::move(done)); });
  if (!found) return words::said("the store does not say what it knows of the numbers it quotes; try again");
  draft.quoted =
      intake::judge_quotes(*arrival.profile, *arrival.route, draft.identity.chain, draft.quoted_keys, *found);
  if (!draft.quoted.unknown.empty()) return words_of(draft.quoted.unknown);
  if (!draft.quoted.ordering_from) return {};
  const auto origin = home.ask<std::vector<std::optional<storage::Loaded>>>([&](auto done) {
    doors.store.load({{*draft.quoted.ordering_from, false, false, false}}, home, std::move(done));
  });
  if (!origin) return words::said("the record whose number it quotes cannot be read");
  if (origin->front()) draft.origin = origin->front()->submission;
  return {};
}

}  // namespace

std::expected<Edited, words::Said> edited_record(const profile::Profile& profile, const Submission& old,
                                                 storage::Payload payload, const std::vector<Edit>& edits,
                                                 const EditDoors& doors) {
  const auto* route = profile::find_route(profile, old.route);
  if (route == nullptr) return std::unexpected(words::said("the profile has no route {} any more", old.route));
  Edited edited;
  auto changes = change_body(payload.body, edits);
  if (!changes) return std::unexpected(std::move(changes.error()));
  edited.changes = std::move(*changes);

  intake::Arrival arrival;
  arrival.profile = &profile;
  arrival.route = route;
  const auto path = std::string_view(payload.target).substr(0, payload.target.find('?'));
  arrival.parameters = profile::match(profile, payload.method, path).parameters;
  arrival.destination = old.destination;
  arrival.facility = old.facility;
  arrival.channel = old.channel;
  arrival.method = payload.method;
  arrival.target = payload.target;
  arrival.content_type = payload.content_type;
  arrival.body = payload.body;
  arrival.credentials = payload.credentials;

  if (arrival.body.size() > route->max_body_bytes)
    return std::unexpected(words::said("the body would be larger than {} bytes", route->max_body_bytes));
  intake::Draft draft;
  auto identity = intake::read_identity({*route, intake::identity_pointers(*route), arrival.body, arrival.parameters,
                                         arrival.facility, profile.date_format});
  if (!identity) return std::unexpected(words_of(identity.error().faults));
  draft.identity = std::move(*identity);
  const storage::KeySpace space{arrival.destination, arrival.facility};
  draft.quoted_keys = intake::keys_of_quotes(doors.sealer, space, draft.identity.chain);
  draft.made = given_numbers(payload, draft.identity.chain, space, doors.sealer);
  if (auto fault = look_up(draft, arrival, doors); !fault.empty()) return std::unexpected(std::move(fault));
  const storage::Veil receipts(doors.sealer, storage::receipt_domain);
  edited.made = intake::make_submission(doors.sealer, receipts, arrival, draft, doors.clock.wall());
  return edited;
}

}  // namespace titip::gateway
