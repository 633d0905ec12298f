// Writes out what is kept of people: a line of JSON a record, oldest first. What clinics logged in with is not theirs
// to have, and stays out.

#include <nlohmann/json.hpp>

#include "gateway/admin/people.h"
#include "gateway/admin/upkeep.h"
#include "gateway/admin/words.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/persons.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::ExportedRecord;

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    const auto count = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8U | (i < count ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= count ? alphabet[group >> (18U - 6U * static_cast<std::uint32_t>(i)) & 63U] : '=';
  }
  return text;
}

// Byte for byte: as text where it is UTF-8, else in base 64.
void put_bytes(ordered_json& to, const std::string& key, const std::string& bytes) {
  try {
    static_cast<void>(ordered_json(bytes).dump());
    to[key] = bytes;
  } catch (const ordered_json::exception&) {
    to[key + "_base64"] = base64(bytes);
  }
}

const char* content_name(ExportedRecord::Content content) {
  switch (content) {
    case ExportedRecord::Content::whole:
      return "whole";
    case ExportedRecord::Content::erased:
      return "erased";
    case ExportedRecord::Content::unreadable:
      return "unreadable";
  }
  return "?";
}

ordered_json timeline_of(const ExportedRecord& exported) {
  auto list = ordered_json::array();
  for (const auto& line : exported.timeline) {
    ordered_json each{{"number", line.attempt.number},
                      {"kind", line.attempt.probe ? "probe" : "send"},
                      {"opened_at", clock::rfc3339(line.attempt.opened_at)},
                      {"outcome", storage::name(line.attempt.outcome)},
                      {"rule", line.attempt.rule}};
    if (line.attempt.ended_at) each["ended_at"] = clock::rfc3339(*line.attempt.ended_at);
    if (line.note) put_bytes(each, "note", *line.note);
    list.push_back(std::move(each));
  }
  return list;
}

std::string text_of(const ExportedRecord& exported) {
  const auto& record = exported.record;
  ordered_json document{{"id", record.id.text()},
                        {"destination", record.destination},
                        {"facility", record.facility},
                        {"route", record.route},
                        {"receipt", record.receipt},
                        {"state", storage::name(record.state)},
                        {"accepted_at", clock::rfc3339(record.accepted_at)},
                        {"settled_at", nullptr},
                        {"content", content_name(exported.content)}};
  if (record.settled_at) document["settled_at"] = clock::rfc3339(*record.settled_at);
  if (const auto& payload = exported.payload) {
    auto& sent = document["sent"] = {{"method", payload->method}};
    put_bytes(sent, "target", payload->target);
    put_bytes(sent, "content_type", payload->content_type);
    put_bytes(sent, "body", payload->body);
  }
  if (const auto& reply = exported.reply) {
    auto& answered = document["answered"] = {{"status", reply->http_status}};
    put_bytes(answered, "content_type", reply->content_type);
    put_bytes(answered, "body", reply->body);
  }
  for (const auto& number : exported.numbers) document["numbers"].push_back(number);
  document["timeline"] = timeline_of(exported);
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

Ended export_person(const Request& request, const Doors& doors, Telling& telling) {
  const auto people = people_of(request, doors.sealer);
  storage::WaitingHome home;
  storage::ExportReport sum;
  for (std::size_t at = 0; at < people.size(); ++at) {
    const auto report =
        storage::export_person(doors.store, doors.sealer, home, people[at], [&](const ExportedRecord& record) {
          return telling.data(text_of(record)) && telling.progress({at, people.size()});
        });
    if (!report) return in_trouble(Trouble::failed, words::said("The export is not whole: {}.", report.error()));
    sum.records += report->records;
    sum.erased += report->erased;
    sum.unreadable += report->unreadable;
    sum.left_out.add(report->left_out);
    if (report->stopped) return stopped_early(words::said("the export is not whole"));
  }
  const auto who = people_words(people.size());
  if (sum.records == 0 && !sum.left_out.any())
    return in_trouble(Trouble::not_found, words::said("Nothing is kept of {}.", who));
  Ended ended;
  ended.partial = sum.unreadable > 0 || sum.left_out.any();
  // Numbered, for it is no share of a sum.
  ended.sentence = words::said("{0} of {1}", words::counted(sum.records, words::text("records")), who);
  if (sum.erased > 0) ended.sentence += words::said(", the content of {} erased before", words::grouped(sum.erased));
  if (sum.unreadable > 0)
    ended.sentence += words::said(", {} of them unreadable: run `titip verify`", words::grouped(sum.unreadable));
  ended.sentence += ".";
  ended.sentence += left_out_text(sum.left_out);
  auto left_out = ordered_json::array();
  for (const auto& id : sum.left_out.ids) left_out.push_back(id.text());
  ended.result = ordered_json{{"people", people.size()},        {"records", sum.records},
                              {"erased", sum.erased},           {"unreadable", sum.unreadable},
                              {"left_out", sum.left_out.count}, {"left_out_ids", std::move(left_out)}}
                     .dump();
  return ended;
}

}  // namespace titip::admin
