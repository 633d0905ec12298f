#include "gateway/admin/audit.h"

#include <nlohmann/json.hpp>

#include "storage/hex.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

ordered_json opening(const Request& request, std::string_view who, std::string_view phase) {
  return {{"action", name(request.command)}, {"phase", phase}, {"by", who}};
}
void tell(const std::vector<Subject>& subjects, ordered_json& document) {
  const auto text = [](const std::optional<storage::Digest>& digest) {
    return digest ? ordered_json(storage::hex(*digest)) : ordered_json();
  };
  for (const auto& each : subjects)
    document["changed"].push_back({{"what", each.name}, {"before", text(each.before)}, {"after", text(each.after)}});
}
std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::string begun_line(const Request& request, std::string_view who, const std::vector<storage::Digest>& people) {
  auto document = opening(request, who, "begun");
  document["reason"] = request.reason;
  if (!request.to.empty()) document["to"] = request.to;
  if (!request.destination.empty()) document["destination"] = request.destination;
  if (request.queue != QueueWords{}) document["records"] = words_json(request.queue);
  if (!request.digest.empty()) document["digest"] = request.digest;
  if (request.not_landed) document["not_landed"] = true;
  for (const auto& each : request.edits) document["places"].push_back(each.pointer);  // never the value
  if (request.token != TokenWords{}) document["token"] = words_json(request.token);   // never its secret
  if (request.drain != DrainWords{}) document["drain"] = words_json(request.drain);
  if (request.forget_damaged) document["forget_damaged"] = true;
  if (request.forget_lost) document["forget_lost"] = true;
  for (const auto& each : request.facilities) document["facilities"].push_back(each.code);
  if (request.done) document["done"] = true;
  if (request.replace) document["replace"] = true;
  for (const auto& person : people) document["people"].push_back(storage::hex(person));
  return text_of(document);
}

std::string ended_line(const Request& request, std::string_view who, const Ended& ended,
                       const std::vector<Subject>& subjects) {
  auto document = opening(request, who, "ended");
  document["outcome"] = ended.trouble ? name(*ended.trouble) : ended.partial ? "partial" : "ok";
  document["said"] = ended.sentence.english();
  document["said_id"] = ended.sentence.in(words::Language::id);
  tell(subjects, document);
  return text_of(document);
}

std::string done_line(std::string_view action, std::string_view who, std::string_view reason, const words::Said& said,
                      const std::vector<Subject>& subjects) {
  ordered_json document{{"action", action}, {"phase", "ended"},       {"by", who},
                        {"reason", reason}, {"said", said.english()}, {"said_id", said.in(words::Language::id)}};
  tell(subjects, document);
  return text_of(document);
}

storage::Result<void> append(storage::Store& store, std::string line) {
  storage::WaitingHome home;
  auto lines = home.ask<std::vector<storage::AuditLine>>(
      [&](auto done) { store.append_audit({std::move(line)}, home, std::move(done)); });
  if (!lines) return std::unexpected(lines.error());
  return {};
}

}  // namespace titip::admin
