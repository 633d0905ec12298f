// What goes over the control socket: one request, a line of JSON; answers, lines of JSON, the last of which says how it
// ended. Pure; both ends use it, so that they cannot disagree. What is personal (the numbers of people) is in a request
// alone, never in an answer's sentence, and is never logged.
//
//   {"command":"backup","to":"/srv/backup/1"}
//   {"done":1200,"of":5000}
//   {"data":{…}}                                       (export alone)
//   {"ok":true,"sentence":"…","sentence_id":"…","result":{…}}    (with "partial":true where something is left to do)
//   {"error":"…","error_id":"…","kind":"busy"}                   (verify adds its "result")
//
// A sentence is said in English, and beside it, under the name with _id, in Indonesian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/admin/edit.h"
#include "gateway/admin/wire_drain.h"
#include "gateway/admin/wire_facility.h"
#include "gateway/admin/wire_queue.h"
#include "gateway/admin/wire_token.h"
#include "metrics/words/said.h"
#include "storage/upkeep.h"

namespace titip::admin {

enum class Command : std::uint8_t {
  status,
  resume,
  backup,
  verify,
  rotate_keys,
  erase,
  export_person,
  retain,
  pause,
  drain,
  drain_pause,
  drain_resume,
  drain_status,
  drain_cancel,
  outages,
  facility_add,
  facility_import,
  facility_ls,
  facility_rotate,
  facility_disable,
  facility_enable,
  queue_ls,
  queue_show,
  queue_shape,
  hold,
  release,
  requeue,
  cancel,
  edit,
  bulk_status,
  bulk_resume,
  bulk_stop,
  audit_verify,
  audit_ls,
  edit_proposals,
  edit_approve,
  edit_withdraw,
  token_add,
  token_ls,
  token_revoke,
};
inline constexpr int command_count = static_cast<int>(Command::token_revoke) + 1;
std::string_view name(Command command);
constexpr bool is_of_a_drain(Command command) {
  return command >= Command::drain && command <= Command::drain_cancel;
}

// Looks at records in custody.
constexpr bool is_of_the_queue(Command command) {
  return command >= Command::queue_ls && command <= Command::queue_shape;
}
// Changes records: one by its id, or all that a filter fits; an edit is of one.
constexpr bool acts_on_records(Command command) {
  return command >= Command::hold && command <= Command::cancel;
}
// Edits that wait for a second person.
constexpr bool is_of_proposals(Command command) {
  return command >= Command::edit_proposals && command <= Command::edit_withdraw;
}
constexpr bool is_of_tokens(Command command) {
  return command >= Command::token_add && command <= Command::token_revoke;
}
constexpr bool is_of_facilities(Command command) {
  return command >= Command::facility_add && command <= Command::facility_enable;
}

inline constexpr std::size_t request_bytes = 64U << 10U;
inline constexpr std::size_t people_at_once = 1'000;
inline constexpr std::size_t facilities_at_once = 500;
inline constexpr std::size_t reason_bytes = 500;

struct Request {
  Command command = Command::status;
  std::string reason{};               // wanted by whatever changes something
  bool dry_run = false;               // says what would be done
  std::string to{};                   // backup: an absolute path that does not exist yet
  std::string destination{};          // resume, pause (also destination/facility), drain; outages, empty: all
  DrainWords drain{};                 // drain, and until when it is paused
  QueueWords queue{};                 // which records
  bool clock_is_right = false;        // retain: a person says so
  std::vector<std::string> people{};  // erase, export, queue ls (one): their 16-digit numbers
  bool forget_damaged = false;        // keys rotate: old keys go although damaged records may need them
  bool forget_lost = false;           // keys rotate: although records are under keys that are not in the file
  std::string after{};  // outages, facility ls, queue ls, bulk status: goes on behind this one, as the page said
  std::optional<std::int64_t> since_ms{};  // outages: only what lasted at that time, or began later
  // facility add, import: as they shall be. Of rotate, disable and enable one: its code, and the new secret.
  std::vector<storage::Facility> facilities{};
  bool done = false;           // facility rotate: the former secret goes
  bool callback_done = false;  // facility rotate: the callback's former secret goes
  bool key_done = false;       // facility rotate: the former API key goes
  bool keys_revoked = false;   // facility rotate: all its API keys go
  bool replace = false;        // facility add, import: those that are there take these values
  std::vector<Edit> edits{};   // edit: what shall stand where; personal
  TokenWords token{};          // admin token add, revoke
  std::string digest{};        // edit approve: of the proposal that was seen
  bool not_landed = false;     // requeue, cancel, edit: a person looked, and what may have landed did not
  bool only_finish = false;    // keys rotate, bulk resume, by the gateway itself: never over the wire
};

// The error is a sentence for whoever wrote the request.
std::expected<Request, words::Said> parse_request(std::string_view line);
std::string encode(const Request& request);  // with its line end

// What every request must fulfil, from a file, a command line or the socket; empty: nothing is wrong.
words::Said fault_of(const Request& request);
// 16 digits and nothing else.
bool is_person_number(std::string_view text);

// Why something did not work; each has its exit status.
enum class Trouble : std::uint8_t { failed, usage, not_found, unreachable, not_allowed, busy };
std::string_view name(Trouble trouble);

// How it ended. `result` is a JSON object as text, the numbers behind the sentence.
struct Ended {
  std::optional<Trouble> trouble;
  bool partial = false;  // done as far as it goes; the sentence says what is left
  words::Said sentence;
  std::string result{};
};
inline Ended in_trouble(Trouble trouble, words::Said sentence) {
  return {trouble, false, std::move(sentence)};
}

struct Data {
  std::string json;  // one object as text
};
using Answer = std::variant<storage::Progress, Data, Ended>;

std::string encode(const Answer& answer);  // with its line end
std::optional<Answer> parse_answer(std::string_view line);

}  // namespace titip::admin
