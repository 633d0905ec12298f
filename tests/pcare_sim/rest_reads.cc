// What P-Care REST tells when asked. Facilities see their own registrations; a person's visits are seen everywhere.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "tests/pcare_sim/rest_service.h"
#include "tests/pcare_sim/rest_words.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {

using nlohmann::json;

namespace {

json person(std::string_view card) {
  return {{"noKartu", card}, {"nama", fmt::format("PESERTA UJI {}", card.substr(card.size() - 4))}};
}

json member(std::string_view card, std::string_view provider) {
  json out = person(card);
  out["nik"] = fmt::format("990101{}", card.substr(card.size() - 10));
  out["hubunganKeluarga"] = "Peserta";
  out["sex"] = "P";
  out["tglLahir"] = "01-01-1990";
  out["kdProviderPst"] = {{"kdProvider", provider}, {"nmProvider", "Klinik Uji"}};
  out["aktif"] = true;
  out["ketAktif"] = "AKTIF";
  return out;
}

// What was written, and around it what the server adds.
json entry(const Attendance& of, std::string_view body) {
  json out = json::parse(body);
  out["peserta"] = person(of.card);
  out["poli"] = {{"kdPoli", of.policlinic}, {"nmPoli", policlinic_name(of.policlinic)}};
  out["providerPelayanan"] = {{"kdProvider", of.facility}, {"nmProvider", "Klinik Uji"}};
  out["tglDaftar"] = of.date;
  return out;
}

json entry(const Registration& registration) {
  json out = entry(registration.attendance, registration.body);
  out["noUrut"] = registration.number;
  return out;
}

json entry(const Visit& visit) {
  json out = entry(visit.attendance, visit.body);
  out["noKunjungan"] = visit.number;
  out["tglKunjungan"] = visit.attendance.date;
  out["diagnosa1"] = {{"kdDiag", out.value("kdDiag1", json())}};
  return out;
}

json entry(const Item& item) {
  json out = json::parse(item.body);
  out["noKunjungan"] = item.visit;
  out[item.made_by == RestEndpoint::add_drug     ? "kdObatSK"
      : item.made_by == RestEndpoint::add_action ? "kdTindakanSK"
                                                 : "kdMCU"] = item.number;
  return out;
}

template <typename Things>
std::vector<std::string> entries(const Things& things) {
  std::vector<std::string> out;
  for (const auto* thing : things) out.push_back(entry(*thing).dump());
  return out;
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

RestService::Answer RestService::list(std::size_t count, const std::string& members) {
  return {200, 200, "OK", fmt::format(R"({{"count":{},"list":[{}]}})", count, members), false, false};
}

RestService::Answer RestService::paged(const std::vector<std::string>& entries, std::string_view start,
                                       std::string_view limit) {
  const std::size_t from = std::min(number(start), entries.size());
  const std::size_t to = from + std::min(number(limit), entries.size() - from);
  if (from == to) return {204, 204, "NO CONTENT", "null", true, true};
  std::string members;
  for (std::size_t i = from; i < to; ++i) members.append(i == from ? "" : ",").append(entries[i]);
  return list(entries.size(), members);
}

RestService::Answer RestService::read(const Call& call) {
  ++totals_.reads;
  const auto& parameters = call.target.parameters;
  switch (call.target.endpoint) {
    case RestEndpoint::member_by_card:
      if (!is_member(parameters[0])) return refusal("noKartu", "Peserta tidak ditemukan");
      return {200, 200, "OK", member(parameters[0], call.consumer.facility).dump(), false, false};
    case RestEndpoint::member_by_number:
      if (parameters[0].size() == 16 && parameters[0].starts_with("990101"))
        return {200, 200, "OK", member("000" + parameters[0].substr(6), call.consumer.facility).dump(), false, false};
      if (!is_member(parameters[0])) return refusal("noKartu", "Peserta tidak ditemukan");
      return {200, 200, "OK", member(parameters[0], call.consumer.facility).dump(), false, false};
    case RestEndpoint::registration:
      return registration(call);
    case RestEndpoint::registrations:
      return registrations(call);
    case RestEndpoint::visits_of_member:
      return visits_of_member(call);
    case RestEndpoint::drugs_of_visit:
    case RestEndpoint::actions_of_visit:
    case RestEndpoint::checkups_of_visit:
    case RestEndpoint::referral:
      return items_of_visit(call);
    case RestEndpoint::drug_list:
    case RestEndpoint::diagnoses:
      return paged(reference_entries(call.target.endpoint, parameters[0]), parameters[1], parameters[2]);
    case RestEndpoint::action_list:
      return paged(reference_entries(call.target.endpoint, ""), parameters[1], parameters[2]);
    case RestEndpoint::doctors:
    case RestEndpoint::policlinics:
    case RestEndpoint::providers:
      return paged(reference_entries(call.target.endpoint, ""), parameters[0], parameters[1]);
    default:
      return paged(small_table_entries(call.target.route), "0", "100");
  }
}

RestService::Answer RestService::registration(const Call& call) const {
  const auto& parameters = call.target.parameters;  // noUrut, tglDaftar
  for (const auto* found : ledger_.day(call.consumer.facility, parameters[1]))
    if (found->number == parameters[0]) return {200, 200, "OK", entry(*found).dump(), false, false};
  return {204, 204, "NO CONTENT", "null", true, true};
}

RestService::Answer RestService::registrations(const Call& call) const {
  const auto& parameters = call.target.parameters;  // tglDaftar, start, limit
  if (iso_date(parameters[0]).empty()) return refusal("tglDaftar", "tglDaftar harus dd-MM-yyyy");
  return paged(entries(ledger_.day(call.consumer.facility, parameters[0])), parameters[1], parameters[2]);
}

RestService::Answer RestService::visits_of_member(const Call& call) const {
  const auto visits = ledger_.visits_of(call.target.parameters[0]);
  if (visits.empty()) return {200, 204, "NO CONTENT", "null", true, false};
  return paged(entries(visits), "0", "100");
}

RestService::Answer RestService::items_of_visit(const Call& call) {
  const std::string& visit = call.target.parameters[0];
  const Visit* found = ledger_.visit(visit);
  if (found == nullptr || !found->there) return {200, 204, "NO CONTENT", "null", true, false};
  if (call.target.endpoint == RestEndpoint::referral) return {200, 200, "OK", entry(*found).dump(), false, false};
  const RestEndpoint made_by = call.target.endpoint == RestEndpoint::drugs_of_visit     ? RestEndpoint::add_drug
                               : call.target.endpoint == RestEndpoint::actions_of_visit ? RestEndpoint::add_action
                                                                                        : RestEndpoint::add_checkup;
  const auto items = ledger_.items_of(made_by, visit);
  if (items.empty()) return {200, 204, "NO CONTENT", "null", true, false};
  return paged(entries(items), "0", "100");
}

}  // namespace titip::pcare_sim
