// Edits that wait for a second person: listed, approved by another name, withdrawn.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/proposal.h"
#include "gateway/admin/records.h"
#include "gateway/admin/tokens.h"
#include "gateway/admin/upkeep.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

ordered_json shown(const std::string& id, const KeptProposal& kept) {
  const auto& proposal = kept.proposal;
  auto places = ordered_json::array();
  for (const auto& each : proposal.edits) places.push_back(each.pointer);  // never the value
  return {{"id", id},          {"by", proposal.by},    {"at", proposal.at}, {"reason", proposal.reason},
          {"changed", places}, {"digest", kept.digest}};
}

Ended list(const Request& request, const Doors& doors) {
  storage::WaitingHome home;
  const auto objects = home.ask<std::vector<std::pair<std::string, storage::Object>>>([&](auto done) {
    doors.store.list_objects(std::string(proposal_kind), request.after, queue_page, home, std::move(done));
  });
  if (!objects) return store_trouble(objects.error());
  auto items = ordered_json::array();
  std::size_t unreadable = 0;
  for (const auto& [id, object] : *objects) {
    const auto loaded = load_record(id, doors, {.id = {}, .payload = false, .reply = false, .attempts = false});
    const auto proposal = loaded ? read_proposal(loaded->submission, doors) : std::unexpected(storage::Error::corrupt);
    if (proposal && *proposal) items.push_back(shown(id, **proposal));
    if (proposal) continue;
    // Its record is gone or damaged: nobody can approve it, but whoever sees it can withdraw it.
    items.push_back({{"id", id}, {"unreadable", true}, {"digest", digest_of(object, doors)}});
    ++unreadable;
  }
  const auto waiting = items.size() - unreadable;
  auto sentence = waiting == 1 ? words::said("1 edit waits for approval.")
                               : words::said("{} edits wait for approval.", words::grouped(waiting));
  if (unreadable > 0)
    sentence +=
        words::said(" {} cannot be read any more; withdraw them.", words::counted(unreadable, words::text("others")));
  ordered_json result{{"items", std::move(items)}, {"unreadable", unreadable}};
  if (objects->size() == queue_page) result["next"] = objects->back().first;
  return {{}, unreadable > 0, std::move(sentence), result.dump()};
}

// One person may have many names: whoever works on this machine is one, and a token counts that was there before the
// edit was proposed, so that nobody makes himself a second person for it.
bool is_another_person(const std::string& who, const Proposal& what, const Doors& doors) {
  constexpr std::string_view on_this_machine = "uid:";
  constexpr std::string_view by_token = "token:";
  if (who == what.by) return false;
  if (who.starts_with(on_this_machine)) return !what.by.starts_with(on_this_machine);
  const auto tokens = read_tokens(token_file(doors.data_directory));
  if (!who.starts_with(by_token) || !tokens) return false;
  const auto mine = std::ranges::find(*tokens, std::string_view(who).substr(by_token.size()), &Token::name);
  return mine != tokens->end() && clock::rfc3339(mine->made) < what.at;
}

Ended approve(const Request& request, const Doors& doors, const std::string& who) {
  const auto loaded =
      load_record(request.queue.id, doors, {.id = {}, .payload = true, .reply = false, .attempts = false});
  if (!loaded) return loaded.error();
  const auto& id = loaded->submission.id;
  const auto proposal = read_proposal(loaded->submission, doors);
  if (!proposal) return store_trouble(proposal.error());
  if (!*proposal) return in_trouble(Trouble::not_found, words::said("No edit of {} waits for approval.", id.text()));
  const auto& [what, digest] = **proposal;
  if (digest != request.digest)
    return in_trouble(
        Trouble::busy,
        words::said("Another edit of {} waits now than the one you saw. `titip edits ls` shows it and its "
                    "digest: look at it, and approve that one or withdraw it.",
                    id.text()));
  if (!is_another_person(who, what, doors))
    return in_trouble(Trouble::not_allowed,
                      words::said("{} proposed this edit; another person has to approve it, by a token that is older "
                                  "than the proposal, or on this machine where a token proposed it.",
                                  what.by));
  auto prepared = prepare_edit(*loaded, what.edits, what.not_landed, doors);
  if (!prepared) return prepared.error();
  if (request.dry_run) return told_edit(*prepared);
  auto ended = send_edit(*std::move(prepared), {what.reason, what.by, who}, doors);
  if (ended.trouble) return ended;
  // The record is replaced by now: what is left of the proposal can do nothing.
  if (!forget_proposal(id, doors)) ended.sentence += words::said(" (The proposal is still listed; withdraw it.)");
  return ended;
}

Ended withdraw(const Request& request, const Doors& doors) {
  const auto loaded =
      load_record(request.queue.id, doors, {.id = {}, .payload = false, .reply = false, .attempts = false});
  // A record that is gone, or damaged, may have left one behind: that is named by the record's id.
  const auto named = loaded ? std::optional(loaded->submission.id) : storage::SubmissionId::parse(request.queue.id);
  if (!named) return loaded.error();
  const auto& id = *named;
  const auto gone = forget_proposal(id, doors);
  if (!gone) return store_trouble(gone.error());
  if (!*gone) return in_trouble(Trouble::not_found, words::said("No edit of {} waits for approval.", id.text()));
  return {{}, false, words::said("The edit of {} is withdrawn.", id.text()), ordered_json{{"id", id.text()}}.dump()};
}

}  // namespace

Ended proposals(const Request& request, const Doors& doors, Telling& telling) {
  if (request.command == Command::edit_proposals) return list(request, doors);
  if (request.command == Command::edit_withdraw) return withdraw(request, doors);
  return approve(request, doors, telling.who());
}

}  // namespace titip::admin
