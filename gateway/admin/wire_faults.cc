// What every request must fulfil, whether it comes from a file, a command line or the socket.

#include <algorithm>
#include <array>
#include <filesystem>

#include "gateway/admin/wire.h"
#include "metrics/words/said.h"
#include "storage/hex.h"

namespace titip::admin {
namespace {

constexpr std::size_t number_digits = 16;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// A reason is kept for ever and read by many: nobody's number may stand in it.
bool holds_a_number(std::string_view text) {
  std::size_t run = 0;
  for (const char c : text) {
    run = digit(c) ? run + 1 : (c == ' ' || c == '-' || c == '.') && run > 0 ? run : 0;
    if (run >= number_digits) return true;
  }
  return false;
}

words::Said fault_of_reason(const Request& request) {
  constexpr std::array changing{Command::resume,      Command::rotate_keys,  Command::erase,
                                Command::retain,      Command::pause,        Command::drain,
                                Command::drain_pause, Command::drain_resume, Command::drain_cancel};
  const bool changes = std::ranges::find(changing, request.command) != changing.end() ||
                       (is_of_facilities(request.command) && request.command != Command::facility_ls) ||
                       acts_on_records(request.command) || request.command == Command::edit ||
                       request.command == Command::bulk_resume || request.command == Command::bulk_stop ||
                       request.command == Command::token_add || request.command == Command::token_revoke ||
                       request.command == Command::edit_approve || request.command == Command::edit_withdraw;
  constexpr std::array at_once{Command::drain_pause, Command::drain_resume, Command::drain_cancel,
                               Command::bulk_resume, Command::bulk_stop,    Command::edit_withdraw};
  if (request.dry_run && std::ranges::find(at_once, request.command) != at_once.end())
    return words::said("{} cannot be tried without doing it", name(request.command));
  if (changes && !request.dry_run && request.reason.empty())
    return words::said("{} changes what is in custody: say why, with --reason", name(request.command));
  if (request.reason.size() > reason_bytes) return words::said("the reason is longer than {} bytes", reason_bytes);
  if (std::ranges::any_of(request.reason, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return words::said("the reason holds a control character; write it on one line");
  if (holds_a_number(request.reason))
    return words::said(
        "the reason holds a number of 16 digits; reasons are kept in the audit log and must name nobody");
  return {};
}

words::Said fault_of_people(const Request& request) {
  const bool wanted = request.command == Command::erase || request.command == Command::export_person;
  if (request.command == Command::queue_ls && request.people.empty()) return {};
  if (request.command == Command::queue_ls && request.people.size() > 1)
    return words::said("records are listed by one person at most");
  if (request.command == Command::queue_ls)
    return is_person_number(request.people.front()) ? words::Said()
                                                    : words::said("the person is a number of 16 digits");
  if (!wanted) return request.people.empty() ? words::Said() : words::said("{} takes no people", name(request.command));
  if (request.people.empty()) return words::said("name at least one person: a number of 16 digits on each line");
  if (request.people.size() > people_at_once)
    return words::said("{} people are too many at once; at most {}", request.people.size(), people_at_once);
  for (std::size_t at = 0; at < request.people.size(); ++at)  // never the number itself
    if (!is_person_number(request.people[at])) return words::said("entry {} is not a number of 16 digits", at + 1);
  return {};
}

words::Said fault_of_path(const Request& request) {
  if (request.command != Command::backup)
    return request.to.empty() ? words::Said() : words::said("only a backup goes to a directory");
  if (request.to.empty()) return words::said("say where the backup goes: a directory that does not exist yet");
  if (!std::filesystem::path(request.to).is_absolute() || request.to.contains('\0'))
    return words::said("the backup's directory must be an absolute path");
  return {};
}

words::Said fault_of_destination(const Request& request) {
  if (request.command == Command::outages) return {};
  const bool wanted =
      request.command == Command::resume || request.command == Command::pause || is_of_a_drain(request.command);
  if (!wanted)
    return request.destination.empty() ? words::Said()
                                       : words::said("only resume, pause, drain and outages name a destination");
  return request.destination.empty() ? words::said("name the destination") : words::Said();
}

words::Said fault_of_drain(const Request& request) {
  const auto& words = request.drain;
  if (words.until_ms && request.command != Command::drain_pause) return words::said("only drain pause has an end");
  const DrainWords only_until{{}, {}, {}, {}, words.until_ms};
  if (words != only_until && request.command != Command::drain)
    return words::said(
        "only the beginning of a drain is told its canary, its pace, its daily pause and when to stop by itself");
  return fault_of(words);
}

words::Said fault_of_page(const Request& request) {
  const bool pages = !request.after.empty() || request.since_ms;
  if (request.command == Command::facility_ls)
    return request.since_ms ? words::said("facilities have no beginning") : words::Said();
  if (request.command == Command::queue_ls || request.command == Command::bulk_status ||
      request.command == Command::audit_verify || request.command == Command::audit_ls ||
      request.command == Command::edit_proposals)
    return request.since_ms ? words::said("records have no such beginning") : words::Said();
  return pages && request.command != Command::outages
             ? words::said("only outages, facilities and records are listed a page at a time")
             : words::Said();
}

words::Said fault_of_queue(const Request& request) {
  if (request.command == Command::edit_approve || request.command == Command::edit_withdraw)
    return request.queue.id.empty()  ? words::said("name the record by its id or its receipt code")
           : request.queue.filters() ? words::said("an edit is of one record")
           : !request.edits.empty()  ? words::said("what was proposed is approved as it is, or withdrawn")
                                     : fault_of(request.queue);
  if (request.command == Command::queue_show)
    return request.queue.id.empty() ? words::said("name the record by its id or its receipt code")
                                    : fault_of(request.queue);
  if (request.command == Command::audit_ls)
    return request.queue == QueueWords{.limit = request.queue.limit}
               ? fault_of(request.queue)
               : words::said("the audit log is listed by lines alone");
  if (request.command == Command::queue_ls)
    return request.queue.attention && !request.people.empty()
               ? words::said("what needs attention is not listed by person")
           : request.queue.id.empty() ? fault_of(request.queue)
                                      : words::said("a list has no id; queue show shows one record");
  const bool is_edit = request.command == Command::edit;
  const bool looks_first = request.command == Command::requeue || request.command == Command::cancel || is_edit;
  if (request.not_landed && (!looks_first || request.queue.id.empty()))
    return words::said("only a requeue, a cancel or an edit of one record is told that it did not land");
  if (!is_edit && !request.edits.empty()) return words::said("{} changes no values", name(request.command));
  if (is_edit && request.queue.id.empty()) return words::said("name the record by its id or its receipt code");
  if (is_edit) return request.queue.filters() ? words::said("an edit is of one record") : fault_of(request.edits);
  if (!acts_on_records(request.command))
    return request.queue == QueueWords{} ? words::Said() : words::said("{} takes no records", name(request.command));
  if (request.queue.id.empty() && !request.queue.filters())
    return words::said("say which records: one by its id, or with a filter, such as --state; all of them is refused");
  if (request.queue.attention)
    return words::said("records that need attention are only listed; say which with a filter");
  if (request.queue.limit != 0) return words::said("a bulk action has no limit: it acts on all that fit");
  return fault_of(request.queue);
}

words::Said fault_of_digest(const Request& request) {
  if (request.command != Command::edit_approve)
    return request.digest.empty() ? words::Said() : words::said("{} takes no digest", name(request.command));
  if (request.digest.empty())
    return words::said("say which proposal you saw: its digest, as `titip edits ls` shows it, with --digest");
  return storage::digest_of_hex(request.digest) ? words::Said()
                                                : words::said("a digest is 32 lower-case hexadecimal digits");
}

words::Said fault_of_clock(const Request& request) {
  return request.clock_is_right && request.command != Command::retain
             ? words::said("only retain is told about the clock")
             : words::Said();
}

words::Said fault_of_forgetting(const Request& request) {
  const bool forgets = request.forget_damaged || request.forget_lost;
  return forgets && request.command != Command::rotate_keys
             ? words::said("only keys rotate gives up what cannot be read")
             : words::Said();
}

words::Said fault_of_facilities(const Request& request) {
  const auto command = request.command;
  const auto count = request.facilities.size();
  const bool is_whole = command == Command::facility_add || command == Command::facility_import;
  if ((request.done || request.callback_done || request.key_done || request.keys_revoked) &&
      command != Command::facility_rotate)
    return words::said("only facility rotate has an end");
  if (request.replace && !is_whole) return words::said("only facility add and import replace what is there");
  if (!is_of_facilities(command) || command == Command::facility_ls)
    return count == 0 ? words::Said() : words::said("{} takes no facilities", name(command));
  if (count == 0 || (count > 1 && command != Command::facility_import)) return words::said("name one facility");
  if (count > facilities_at_once)
    return words::said("{} facilities are too many at once; at most {}", count, facilities_at_once);
  for (std::size_t at = 0; at < count; ++at) {
    const auto& each = request.facilities[at];
    auto fault = is_whole ? fault_of(each) : fault_of_code(each.code);
    if (fault.empty()) fault = fault_of_secret(each.consumer_secret);
    if (fault.empty()) fault = fault_of_callback_secret(each.callback_secret);
    if (fault.empty()) fault = fault_of_api_key_hash(each.api_key_hash);
    if (!fault.empty()) return count == 1 ? fault : words::said("facility {}: {}", at + 1, fault);
  }
  const auto& first = request.facilities.front();
  const int what = int{!first.consumer_secret.empty()} + int{!first.callback_secret.empty()} +
                   int{!first.api_key_hash.empty()} + int{request.done} + int{request.callback_done} +
                   int{request.key_done} + int{request.keys_revoked};
  if (command == Command::facility_rotate && what != 1)
    return words::said("name the file of the new secret, or say that the rotation is done");
  return {};
}

words::Said fault_of_token(const Request& request) {
  const bool named = request.command == Command::token_add || request.command == Command::token_revoke;
  if (!named)
    return request.token == TokenWords{} ? words::Said() : words::said("{} takes no token", name(request.command));
  if (request.dry_run) return words::said("a token is made or revoked, or it is not: there is nothing to foresee");
  return fault_of(request.token, request.command == Command::token_add);
}

}  // namespace

bool is_person_number(std::string_view text) {
  return text.size() == number_digits && std::ranges::all_of(text, digit);
}

words::Said fault_of(const Request& request) {
  for (const auto& check :
       {fault_of_reason, fault_of_people, fault_of_path, fault_of_destination, fault_of_page, fault_of_clock,
        fault_of_forgetting, fault_of_drain, fault_of_facilities, fault_of_queue, fault_of_token, fault_of_digest})
    if (auto fault = check(request); !fault.empty()) return fault;
  return {};
}

}  // namespace titip::admin
