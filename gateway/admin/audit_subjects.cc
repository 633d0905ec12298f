#include "gateway/admin/audit_subjects.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/admin/bulk.h"
#include "gateway/admin/gates.h"
#include "gateway/admin/records.h"
#include "gateway/admin/tokens.h"
#include "gateway/delivery/drain_order.h"
#include "storage/hex.h"
#include "storage/kept_facility.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

constexpr std::string_view domain = "audit";
constexpr std::string_view of_record = "record:";
constexpr std::string_view of_token = "token:";
constexpr std::string_view of_gate = "gate:";
constexpr std::string_view of_drain = "drain:";

bool changes_a_record(Command command) {
  using enum Command;
  return command == hold || command == release || command == requeue || command == cancel || command == edit ||
         command == edit_approve || command == edit_withdraw;
}

// It may have been asked for by its receipt code, which is the clinic's.
std::string record_name(const std::string& id_or_receipt, const Doors& doors) {
  const auto loaded =
      load_record(id_or_receipt, doors, {.id = {}, .payload = false, .reply = false, .attempts = false});
  return std::string(of_record) + (loaded ? loaded->submission.id.text() : id_or_receipt);
}

bool changes_a_drain(Command command) {
  using enum Command;
  return command == drain || command == drain_pause || command == drain_resume || command == drain_cancel;
}

// All that a filter fits.
bool is_bulk(const Request& request) {
  using enum Command;
  const auto command = request.command;
  const bool acts = command == hold || command == release || command == requeue || command == cancel;
  return command == bulk_resume || command == bulk_stop || (acts && request.queue.id.empty());
}

std::vector<std::string> names_of(const Request& request, const Doors& doors) {
  std::vector<std::string> names;
  if (changes_a_record(request.command) && !request.queue.id.empty())
    names.push_back(record_name(request.queue.id, doors));
  for (const auto& each : request.facilities) names.push_back(facility_subject(each.code));
  if (!request.token.name.empty()) names.push_back(std::string(of_token) + request.token.name);
  if (request.command == Command::pause || request.command == Command::resume)
    names.push_back(std::string(of_gate) + request.destination);
  if (changes_a_drain(request.command)) names.push_back(std::string(of_drain) + request.destination);
  return names;
}

// Each with its length, so that no two lists are one text.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const auto part : parts) text += fmt::format("{}:{}", part.size(), part);
  return text;
}

std::optional<std::string> record_bytes(const std::string& id, const Doors& doors) {
  const auto loaded = load_record(id, doors, {.id = {}, .payload = true, .reply = false, .attempts = false});
  if (!loaded) return std::nullopt;
  const auto& record = loaded->submission;
  const auto content = opened_payload(*loaded, doors.sealer);
  return joined({storage::name(record.state), record.outcome_rule,
                 record.replaced_by ? record.replaced_by->text() : std::string(),
                 content ? storage::encode(*content) : std::string()});
}

std::optional<std::string> facility_bytes(const std::string& code, const Doors& doors) {
  const auto found = doors.facilities != nullptr ? doors.facilities->find(code) : nullptr;
  return found ? std::optional(storage::encode(*found)) : std::nullopt;
}

std::optional<std::string> token_bytes(const std::string& token, const Doors& doors) {
  const auto all = read_tokens(token_file(doors.data_directory));
  if (!all) return std::nullopt;
  const auto found = std::ranges::find(*all, token, &Token::name);
  if (found == all->end()) return std::nullopt;
  const auto ms = [](clock::WallTime at) { return fmt::format("{}", at.time_since_epoch().count()); };
  return joined({name(found->role), found->hash, ms(found->made), found->ends ? ms(*found->ends) : std::string()});
}

std::optional<std::string> gate_bytes(const std::string& what, const Doors& doors) {
  const auto gates = read_gates(doors.store);
  if (!gates) return std::nullopt;
  const auto of_facility = gates->facilities.find(what);
  const auto gate = of_facility != gates->facilities.end() ? std::optional(of_facility->second) : gates->before(what);
  return gate ? std::optional(encode(*gate)) : std::nullopt;
}

std::optional<std::string> drain_bytes(const std::string& destination, const Doors& doors) {
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>([&](auto done) {
    doors.store.get_object(std::string(delivery::drain_kind), destination, home, std::move(done));
  });
  return object && *object ? std::optional((*object)->bytes) : std::nullopt;
}

std::optional<storage::Digest> look(const std::string& subject, const Doors& doors) {
  const auto colon = subject.find(':') + 1;
  const auto kind = subject.substr(0, colon);
  const auto rest = subject.substr(colon);
  const auto bytes = kind == of_record  ? record_bytes(rest, doors)
                     : kind == of_token ? token_bytes(rest, doors)
                     : kind == of_gate  ? gate_bytes(rest, doors)
                     : kind == of_drain ? drain_bytes(rest, doors)
                                        : facility_bytes(rest, doors);
  return bytes ? std::optional(fingerprint(doors.sealer, subject, *bytes)) : std::nullopt;
}

std::optional<storage::Digest> look_at_all(const std::vector<std::string>& names, const Doors& doors) {
  std::string all;
  for (const auto& name : names) {
    const auto each = look(name, doors);
    all += joined({name, each ? std::string_view(reinterpret_cast<const char*>(each->data()), each->size())
                              : std::string_view()});
  }
  return fingerprint(doors.sealer, "all", all);
}

}  // namespace

std::string facility_subject(const std::string& code) {
  return "facility:" + code;
}

storage::Digest fingerprint(const storage::Sealer& sealer, const std::string& subject, const std::string& bytes) {
  return sealer.keyed_hash(domain, {subject, bytes});
}

storage::Digest rolled(const storage::Digest& so_far, const std::vector<storage::Submission>& records,
                       const Doors& doors) {
  auto text = storage::hex(so_far);
  for (const auto& record : records)
    text += joined({record.id.text(), storage::name(record.state), record.outcome_rule,
                    record.replaced_by ? record.replaced_by->text() : std::string()});
  return fingerprint(doors.sealer, "bulk", text);
}

std::vector<Subject> subjects_of(const Request& request, const Doors& doors) {
  const auto names = names_of(request, doors);
  if (names.size() > subjects_told) return {{fmt::format("all:{}", names.size()), look_at_all(names, doors)}};
  std::vector<Subject> subjects;
  for (const auto& name : names) subjects.push_back({name, look(name, doors)});
  return subjects;
}

void look_again(std::vector<Subject>& subjects, const Request& request, const Ended& ended, const Doors& doors) {
  const auto names = names_of(request, doors);
  if (names.size() > subjects_told)
    subjects.front().after = look_at_all(names, doors);
  else
    for (auto& each : subjects) each.after = look(each.name, doors);
  if (is_bulk(request) && !ended.trouble)
    if (const auto kept = read_job(doors); kept && *kept)
      subjects.push_back({fmt::format("bulk:{}", (*kept)->job.done + (*kept)->job.refused), (*kept)->job.hash_before,
                          (*kept)->job.hash_after});
  const auto result = nlohmann::ordered_json::parse(ended.result, nullptr, false);
  if (ended.trouble || !changes_a_record(request.command) || !result.is_object() || !result.contains("other")) return;
  Subject made{std::string(of_record) + result["other"].get<std::string>()};
  made.after = look(made.name, doors);
  subjects.push_back(std::move(made));
}

}  // namespace titip::admin
