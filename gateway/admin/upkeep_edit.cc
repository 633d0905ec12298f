// Sends a rejected record again with other values: a new record that names the old, made as if the clinic had sent it
// so. The old one stays as it ended; the difference is kept sealed.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/act.h"
#include "gateway/admin/edit.h"
#include "gateway/admin/proposal.h"
#include "gateway/admin/records.h"
#include "gateway/admin/upkeep.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Ended refused(const storage::SubmissionId& id, const std::string& why) {
  auto ended = in_trouble(Trouble::failed,
                          words::said("{} cannot be edited and sent again: {}.", id.text(), refusal_words(why)));
  ended.result = text_of({{"id", id.text()}, {"refused", why}});
  return ended;
}

// Before the record itself: then there is no edited record without its difference.
storage::Result<void> keep_difference(const EditReasons& why, const Edited& edited, const Doors& doors) {
  const auto& record = edited.made.submission;
  auto changes = ordered_json::array();
  for (const auto& change : edited.changes)
    changes.push_back({{"pointer", change.pointer}, {"from", change.from}, {"to", change.to}});
  ordered_json document{{"of", edited.made.replaces.value_or(record.id).text()},
                        {"at", clock::rfc3339(doors.clock.wall())},
                        {"by", why.by},
                        {"reason", why.reason},
                        {"changes", std::move(changes)}};
  if (!why.approved_by.empty()) document["approved_by"] = why.approved_by;
  const auto key = doors.sealer.unwrap(record.id, record.wrapped_key);
  if (!key) return std::unexpected(storage::Error::unavailable);  // the key file changed at this very moment
  const auto sealed = doors.sealer.seal(*key, record.id, edit_kind, text_of(document));
  storage::WaitingHome home;
  const auto applied = home.ask_patiently<std::vector<storage::Applied>>([&](auto done) {
    doors.store.put_objects({{std::string(edit_kind), record.id.text(), std::nullopt, sealed.bytes}}, home,
                            std::move(done));
  });
  if (!applied) return std::unexpected(applied.error());
  return {};
}

void forget_difference(const storage::SubmissionId& id, const Doors& doors) {
  storage::WaitingHome home;
  static_cast<void>(home.ask<std::vector<storage::Applied>>([&](auto done) {
    doors.store.put_objects({{std::string(edit_kind), id.text(), std::nullopt, {}}}, home, std::move(done));
  }));
}

Ended told(const storage::SubmissionId& old, const Edited& edited, bool dry_run) {
  const auto& record = edited.made.submission;
  std::vector<std::string> places;
  for (const auto& change : edited.changes) places.push_back(change.pointer);
  ordered_json result{{"id", old.text()}, {"changed", places}};
  if (!dry_run) result["other"] = record.id.text();
  return {{},
          false,
          dry_run
              ? words::said("{} would be sent again with other values at {}.", old.text(), words::joined(places, ", "))
              : words::said("{} is sent again as {}, with other values at {}.", old.text(), record.id.text(),
                            words::joined(places, ", ")),
          text_of(result)};
}

// It is checked as if it were sent, so that nobody approves what cannot be done.
Ended propose(const Request& request, const storage::Submission& record, const PreparedEdit& prepared,
              const Doors& doors, const std::string& who) {
  const Proposal proposal{request.edits, request.not_landed, request.reason, who, clock::rfc3339(doors.clock.wall())};
  const auto kept = keep_proposal(record, proposal, doors);
  if (!kept) return store_trouble(kept.error());
  if (!*kept)
    return in_trouble(Trouble::busy, words::said("An edit of {} waits for approval already; approve or withdraw it.",
                                                 record.id.text()));
  auto ended = told(prepared.of, prepared.edited, true);
  ended.sentence =
      words::said("The edit of {0} waits until another person approves it: titip edits approve {0} --digest {1}.",
                  record.id.text(), **kept);
  auto result = ordered_json::parse(ended.result, nullptr, false);
  result["waits"] = true;
  result["digest"] = **kept;
  ended.result = text_of(result);
  return ended;
}

}  // namespace

std::expected<PreparedEdit, Ended> prepare_edit(const storage::Loaded& loaded, const std::vector<Edit>& edits,
                                                bool not_landed, const Doors& doors) {
  if (!doors.edit) return std::unexpected(in_trouble(Trouble::not_found, words::said("No profiles are known here.")));
  const auto& old = loaded.submission;
  if (const auto why = refusal_of({Command::requeue, not_landed}, loaded, doors); !why.empty())
    return std::unexpected(refused(old.id, why));
  const auto payload = opened_payload(loaded, doors.sealer);
  if (!payload) return std::unexpected(refused(old.id, "content_erased"));
  auto edited = doors.edit(old, *payload, edits);
  if (!edited) return std::unexpected(in_trouble(Trouble::usage, edited.error() + "."));
  edited->made.replaces = old.id;
  return PreparedEdit{old.id, *std::move(edited)};
}

Ended told_edit(const PreparedEdit& prepared) {
  return told(prepared.of, prepared.edited, true);
}

Ended send_edit(PreparedEdit prepared, const EditReasons& reasons, const Doors& doors) {
  const auto& edited = prepared.edited;
  if (const auto kept = keep_difference(reasons, edited, doors); !kept) return store_trouble(kept.error());
  storage::WaitingHome home;
  const auto verdicts = home.ask<std::vector<storage::Verdict>>(
      [&](auto done) { doors.store.accept({edited.made}, home, std::move(done)); });
  const auto& id = edited.made.submission.id;
  if (!verdicts) {
    if (verdicts.error() != storage::Error::in_doubt) forget_difference(id, doors);
    return store_trouble(verdicts.error());
  }
  const auto why = word_of(verdicts->front());
  if (why.empty()) return told(prepared.of, edited, false);
  forget_difference(id, doors);
  return refused(prepared.of, why);
}

Ended edit(const Request& request, const Doors& doors, Telling& telling) {
  const auto loaded =
      load_record(request.queue.id, doors, {.id = {}, .payload = true, .reply = false, .attempts = false});
  if (!loaded) return loaded.error();
  auto prepared = prepare_edit(*loaded, request.edits, request.not_landed, doors);
  if (!prepared) return prepared.error();
  if (request.dry_run) return told_edit(*prepared);
  if (doors.edit_needs_approval) return propose(request, loaded->submission, *prepared, doors, telling.who());
  return send_edit(*std::move(prepared), {request.reason, telling.who()}, doors);
}

std::optional<std::string> difference_of(const storage::Submission& record, const Doors& doors) {
  if (!record.replaces) return std::nullopt;
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>(
      [&](auto done) { doors.store.get_object(std::string(edit_kind), record.id.text(), home, std::move(done)); });
  const auto key = doors.sealer.unwrap(record.id, record.wrapped_key);
  if (!object || !*object || !key) return std::nullopt;
  return doors.sealer.open(*key, record.id, edit_kind, storage::Sealed{(*object)->bytes});
}

}  // namespace titip::admin
