#include "gateway/reads/submission_view.h"

#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/state_table.h"

namespace titip::reads {
namespace {

using nlohmann::ordered_json;

void put_note(ordered_json& document, words::Text note) {
  document["note"] = note.english;
  document["note_id"] = note.in(words::Language::id);
}

ordered_json time_or_null(const std::optional<storage::WallTime>& at) {
  return at ? ordered_json(clock::rfc3339(*at)) : ordered_json(nullptr);
}

}  // namespace

ordered_json submission_json(const storage::Loaded& loaded, const storage::Sealer& sealer) {
  const auto& record = loaded.submission;
  const auto key = sealer.unwrap(record.id, record.wrapped_key);
  auto attempts = ordered_json::array();
  std::string server_words;
  for (const auto& attempt : loaded.attempts) {
    const auto words = key && !attempt.note.empty() ? sealer.open(*key, record.id, "note", attempt.note) : std::nullopt;
    if (words && !attempt.probe) server_words = *words;
    attempts.push_back({{"number", attempt.number},
                        {"probe", attempt.probe},
                        {"opened_at", clock::rfc3339(attempt.opened_at)},
                        {"ended_at", time_or_null(attempt.ended_at)},
                        {"outcome", storage::name(attempt.outcome)},
                        {"rule", attempt.rule},
                        {"http_status", attempt.http_status},
                        {"patched", attempt.patched},
                        {"words", words.value_or("")}});
  }
  ordered_json document{{"id", record.id.text()},
                        {"receipt", record.receipt},
                        {"destination", record.destination},
                        {"facility", record.facility},
                        {"route", record.route},
                        {"state", storage::name(record.state)},
                        {"hold_reason", storage::name(record.hold_reason)},
                        {"position", record.position},
                        {"correction", record.correction},
                        {"accepted_at", clock::rfc3339(record.accepted_at)},
                        {"deadline", time_or_null(record.deadline)},
                        {"due_at", time_or_null(record.due_at)},
                        {"settled_at", time_or_null(record.settled_at)},
                        {"outcome_rule", record.outcome_rule},
                        {"attempts_counted", record.attempts},
                        {"unknown_attempts", record.unknown_attempts},
                        {"probes", record.probes},
                        {"server_words", server_words},
                        {"content_erased", record.content_erased},
                        {"attempts", std::move(attempts)}};
  if (record.content_erased) {
    put_note(document, words::text("What was sent and what the server said have been erased; this is what remains."));
  } else if (record.erase_when_settled) {
    put_note(document, words::text("It is on its way and will be erased as soon as it is known what became of it."));
  } else if (record.outcome_rule == storage::nothing_to_take_back) {
    const words::Said said =
        words::text("What it takes back never reached the national server, so there was nothing to send: it is done.");
    document["note"] = said.english() + " / " + said.in(words::Language::id);
  }
  return document;
}

}  // namespace titip::reads
