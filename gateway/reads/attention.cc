#include "gateway/reads/attention.h"

#include <utility>

#include "storage/facilities.h"
#include "storage/kept_reply.h"
#include "storage/payload.h"

namespace titip::reads {
namespace {

using storage::HoldReason;
using storage::State;

constexpr std::size_t most_shown = 16U << 10U;

AttentionItem::Text shown(std::string text) {
  const bool is_long = text.size() > most_shown;
  if (is_long) text.resize(most_shown);
  return {std::move(text), is_long};
}

// The last words of the server about the record itself; of a probe only if there are no others.
void put_words(AttentionItem& item, const storage::Loaded& loaded, const storage::Sealer& sealer,
               const storage::DataKey& key) {
  for (const bool of_probes : {true, false}) {
    for (const auto& attempt : loaded.attempts) {
      if (attempt.probe != of_probes || attempt.note.empty()) continue;
      auto words = sealer.open(key, loaded.submission.id, "note", attempt.note);
      if (!words || words->empty()) continue;
      item.server_words = *std::move(words);
      item.http_status = attempt.http_status;
    }
  }
}

}  // namespace

words::Text what_to_do(const storage::Submission& record) {
  if (record.destination == storage::callback_destination)
    return words::text(
        "This callback could not be brought to your program. The record it tells of is as it was: see its state here, "
        "do not enter it again, and look at the callback's address with whoever runs Titip.");
  if (record.state == State::rejected)
    return words::text(
        "The national server refused this record. Read why, correct it in your program, and send it again.");
  if (record.state == State::expired && storage::may_have_landed(record))
    return words::text(
        "This record could not be brought to an end for too long, and may have arrived. Look at the national "
        "server first; send it again only if it is not there.");
  if (record.state == State::expired)
    return words::text(
        "The national server did not take this record for too long, and it is not tried any more. Send it again "
        "from your program if it is still wanted.");
  switch (record.hold_reason) {
    case HoldReason::unknown:
      return words::text(
          "Nobody knows whether this record has arrived. Do not enter it again; look at the national server, then "
          "tell whoever runs Titip.");
    case HoldReason::requirement:
      return words::text(
          "This record needs another one that the national server has not taken. Correct and send that one first, "
          "then tell whoever runs Titip.");
    case HoldReason::conflict:
      return words::text(
          "The national server has another record of the same thing. Compare the two, then tell whoever runs "
          "Titip.");
    case HoldReason::late_entry:
      return words::text(
          "The national server wants a reason for the late entry, and none is set for your facility. Tell whoever "
          "runs Titip.");
    case HoldReason::damaged:
      return words::text(
          "What was stored of this record is damaged and cannot be sent. Keep it in your program and tell whoever "
          "runs Titip.");
    case HoldReason::deadline:
      return words::text(
          "The deadline of this record passed before it could be sent. If it must still go, tell whoever runs "
          "Titip.");
    case HoldReason::credentials:
      return words::text(
          "The national server goes on refusing the user name and password that this record was sent with. Correct the "
          "password in your program, do not enter the record again, and ask whoever runs Titip to release it.");
    case HoldReason::person:
    case HoldReason::none:
      break;
  }
  return words::text("Whoever runs Titip holds this record back. Do not enter it again; ask them.");
}

AttentionItem attention_item(const storage::Loaded& loaded, const storage::Sealer& sealer) {
  const auto& record = loaded.submission;
  const auto to_do = what_to_do(record);
  AttentionItem item;
  item.id = record.id.text();
  item.receipt = record.receipt;
  item.destination = record.destination;
  item.route = record.route;
  item.state = storage::name(record.state);
  if (record.hold_reason != HoldReason::none) item.reason = storage::name(record.hold_reason);
  item.rule = record.outcome_rule;
  item.accepted_at = record.accepted_at;
  item.settled_at = record.settled_at;
  item.deadline = record.deadline;
  item.to_do = to_do;
  item.content_erased = record.content_erased;
  const auto key = sealer.unwrap(record.id, record.wrapped_key);
  if (!key) return item;
  put_words(item, loaded, sealer, *key);
  const auto plain = sealer.open(*key, record.id, "payload", loaded.payload);
  if (auto payload = plain ? storage::decode_payload(*plain) : std::nullopt) {
    item.method = std::move(payload->method);
    item.target = std::move(payload->target);
    item.sent = shown(std::move(payload->body));  // and never the credentials beside it
  }
  const auto answer = sealer.open(*key, record.id, "reply", loaded.reply);
  if (auto reply = answer ? storage::decode_kept_reply(*answer) : std::nullopt)
    item.reply = shown(std::move(reply->body));
  return item;
}

}  // namespace titip::reads
