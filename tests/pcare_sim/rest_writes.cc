// What each write of P-Care REST changes, and what it is refused for.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/pcare_sim/dates.h"
#include "tests/pcare_sim/rest_service.h"
#include "tests/pcare_sim/rest_words.h"

namespace titip::pcare_sim {

using nlohmann::json;

namespace {

constexpr std::string_view duplicate_words = "Peserta sudah di-entri di poli yang sama pada hari yang sama";

// What an item's own number is called.
const char* number_name(RestEndpoint endpoint) {
  switch (endpoint) {
    case RestEndpoint::add_drug:
    case RestEndpoint::delete_drug:
      return "kdObatSK";
    case RestEndpoint::add_action:
    case RestEndpoint::change_action:
    case RestEndpoint::delete_action:
      return "kdTindakanSK";
    case RestEndpoint::add_checkup:
    case RestEndpoint::change_checkup:
    case RestEndpoint::delete_checkup:
      return "kdMCU";
    default:
      return "eduId";
  }
}

RestEndpoint maker_of(RestEndpoint endpoint) {
  switch (endpoint) {
    case RestEndpoint::delete_drug:
      return RestEndpoint::add_drug;
    case RestEndpoint::change_action:
    case RestEndpoint::delete_action:
      return RestEndpoint::add_action;
    case RestEndpoint::change_checkup:
    case RestEndpoint::delete_checkup:
      return RestEndpoint::add_checkup;
    case RestEndpoint::add_group_member:
    case RestEndpoint::delete_group_activity:
    case RestEndpoint::delete_group_member:
      return RestEndpoint::add_group_activity;
    default:
      return endpoint;
  }
}

}  // namespace

// The same words in the three places where clients have met them.
RestService::Answer RestService::duplicate() {
  switch (totals_.duplicates_refused++ % 3) {
    case 0:
      return {401, 401, std::string(duplicate_words), "null", true, false};
    case 1:
      return {428, 428, fmt::format("{}.", duplicate_words), "null", true, false};
    default:
      return refusal("noKartu", duplicate_words);
  }
}

RestService::Answer RestService::register_patient(const Call& call, const json& body) {
  Attendance of{call.consumer.facility, text_field(body, "noKartu"), text_field(body, "tglDaftar"),
                text_field(body, "kdPoli")};
  if (!is_member(of.card)) return refusal("noKartu", "Peserta tidak ditemukan");
  const std::string date = iso_date(of.date);
  if (date.empty()) return refusal("tglDaftar", "tglDaftar harus dd-MM-yyyy");
  if (date > date_text(rules_.now(), rules_.utc_offset)) return refusal("tglDaftar", "tglDaftar melebihi hari ini");
  if (policlinic_name(of.policlinic).empty())
    return {500, 500, "kdPoli: Tidak sesuai dengan referensi sistem", "null", true, false};
  if (const auto provider = text_field(body, "kdProviderPeserta"); provider.empty())
    return refusal("kdProviderPeserta", "kdProviderPeserta tidak boleh kosong");
  if (const auto* known = ledger_.registration(of); known != nullptr && known->there) return duplicate();
  const std::string number = ledger_.enter(of, call.body).number;
  apply(call, std::move(of), {}, NamedNumber{"noUrut", number});
  return created("noUrut", number, false);
}

RestService::Answer RestService::unregister_patient(const Call& call) {
  const auto& parameters = call.target.parameters;  // noKartu, tglDaftar, noUrut, kdPoli
  Attendance of{call.consumer.facility, parameters[0], parameters[1], parameters[3]};
  Registration* found = ledger_.registration(of);
  if (found == nullptr || found->number != parameters[2]) {
    // A number that was given before it was entered anew is no dangling one, but nothing quotes those.
    ++totals_.dangling_references;
    return refusal("noUrut", "Data pendaftaran tidak ditemukan");
  }
  if (!found->there) return refusal("noUrut", "Data pendaftaran sudah dihapus");
  for (const Visit* visit : ledger_.visits_of(of.card))
    if (visit->attendance == of) return refusal("noUrut", "Peserta sudah dilayani");
  found->there = false;
  apply(call, std::move(of), {{"noUrut", parameters[2]}});
  return {};
}

RestService::Answer RestService::add_visit(const Call& call, const json& body) {
  Attendance of{call.consumer.facility, text_field(body, "noKartu"), text_field(body, "tglDaftar"),
                text_field(body, "kdPoli")};
  if (const auto quoted = text_field(body, "noKunjungan"); !quoted.empty()) {
    if (ledger_.visit(quoted) == nullptr) ++totals_.dangling_references;
    return refusal("noKunjungan", "noKunjungan harus kosong");
  }
  const auto* registered = ledger_.registration(of);
  if (registered == nullptr || !registered->there)
    return refusal("noKartu", "Belum melakukan pendaftaran pada poli tersebut");
  if (!is_diagnosis(text_field(body, "kdDiag1")))
    return {500, 500, "kdDiag1: Tidak sesuai dengan referensi sistem", "null", true, false};
  const std::string number = ledger_.enter_visit(of, call.body).number;
  apply(call, std::move(of), {}, NamedNumber{"noKunjungan", number});
  return created("noKunjungan", number, call.target.route == "kunjungan/v1");
}

std::expected<Visit*, RestService::Answer> RestService::quoted_visit(const Call& call, const std::string& number) {
  Visit* visit = ledger_.visit(number);
  if (visit == nullptr || visit->attendance.facility != call.consumer.facility) {
    ++totals_.dangling_references;
    return std::unexpected(refusal("noKunjungan", "Data kunjungan tidak ditemukan"));
  }
  if (!visit->there) return std::unexpected(refusal("noKunjungan", "Data kunjungan sudah dihapus"));
  return visit;
}

RestService::Answer RestService::change_visit(const Call& call, const json& body) {
  const std::string number = text_field(body, "noKunjungan");
  const auto visit = quoted_visit(call, number);
  if (!visit) return visit.error();
  if (const auto card = text_field(body, "noKartu"); !card.empty() && card != (*visit)->attendance.card)
    return refusal("noKartu", "noKartu tidak sesuai dengan kunjungan");
  if (const auto code = text_field(body, "kdDiag1"); !code.empty() && !is_diagnosis(code))
    return {500, 500, "kdDiag1: Tidak sesuai dengan referensi sistem", "null", true, false};
  (*visit)->body = call.body;
  apply(call, (*visit)->attendance, {{"noKunjungan", number}});
  Answer answer = created("noKunjungan", number, call.target.route == "kunjungan/v1");
  answer.status = answer.code = 200;
  answer.message = "OK";
  return answer;
}

RestService::Answer RestService::delete_visit(const Call& call) {
  const std::string& number = call.target.parameters[0];
  const auto visit = quoted_visit(call, number);
  if (!visit) return visit.error();
  (*visit)->there = false;
  apply(call, (*visit)->attendance, {{"noKunjungan", number}});
  return {};
}

RestService::Answer RestService::add_item(const Call& call, const json& body) {
  const std::string visit_number = text_field(body, "noKunjungan");
  const auto visit = quoted_visit(call, visit_number);
  if (!visit) return visit.error();
  const auto* const name = number_name(call.target.endpoint);
  const std::string number = ledger_.enter_item(call.target.endpoint, visit_number, call.body).number;
  apply(call, (*visit)->attendance, {{"noKunjungan", visit_number}}, NamedNumber{name, number});
  return created(name, number, call.target.endpoint == RestEndpoint::add_drug);
}

std::expected<Item*, RestService::Answer> RestService::quoted_item(const Call& call, const std::string& number,
                                                                   const std::string& visit) {
  const auto endpoint = call.target.endpoint;
  Item* item = ledger_.item(maker_of(endpoint), number);
  if (item == nullptr || item->visit != visit) {
    ++totals_.dangling_references;
    return std::unexpected(refusal(number_name(endpoint), "Data tidak ditemukan"));
  }
  if (!item->there) return std::unexpected(refusal(number_name(endpoint), "Data sudah dihapus"));
  return item;
}

RestService::Answer RestService::change_item(const Call& call, const json& body) {
  const auto* const name = number_name(call.target.endpoint);
  const std::string visit_number = text_field(body, "noKunjungan");
  const std::string number = text_field(body, name);
  const auto visit = quoted_visit(call, visit_number);
  if (!visit) return visit.error();
  const auto item = quoted_item(call, number, visit_number);
  if (!item) return item.error();
  (*item)->body = call.body;
  apply(call, (*visit)->attendance, {{"noKunjungan", visit_number}, {name, number}});
  Answer answer = created(name, number, false);
  answer.status = answer.code = 200;
  answer.message = "OK";
  return answer;
}

RestService::Answer RestService::delete_item(const Call& call) {
  const auto& parameters = call.target.parameters;  // its number, the visit's
  const auto visit = quoted_visit(call, parameters[1]);
  if (!visit) return visit.error();
  const auto item = quoted_item(call, parameters[0], parameters[1]);
  if (!item) return item.error();
  (*item)->there = false;
  apply(call, (*visit)->attendance,
        {{"noKunjungan", parameters[1]}, {number_name(call.target.endpoint), parameters[0]}});
  return {};
}

RestService::Answer RestService::add_group_activity(const Call& call) {
  const std::string number = ledger_.enter_item(call.target.endpoint, "", call.body).number;
  apply(call, std::nullopt, {}, NamedNumber{"eduId", number});
  return created("eduId", number, false);
}

// A member is added to or taken from an activity, or the activity itself taken away.
RestService::Answer RestService::with_group_activity(const Call& call, const std::string& number) {
  const auto item = quoted_item(call, number, "");
  if (!item) return item.error();
  if (call.target.endpoint == RestEndpoint::delete_group_activity) (*item)->there = false;
  apply(call, std::nullopt, {{"eduId", number}});
  return call.target.endpoint == RestEndpoint::add_group_member ? created("eduId", number, false) : Answer{};
}

RestService::Answer RestService::queue(const Call& call, const json& body) {
  const std::string place = fmt::format("{}\n{}\n{}\n{}", call.consumer.facility, text_field(body, "tanggalperiksa"),
                                        text_field(body, "kodepoli"), text_field(body, "nomorkartu"));
  if (!is_date(text_field(body, "tanggalperiksa"))) return refusal("tanggalperiksa", "tanggalperiksa tidak valid");
  const bool known = queued_.contains(place);
  if (call.target.endpoint == RestEndpoint::add_queue && known) {
    ++totals_.duplicates_refused;
    return {208, 208, "Antrean sudah terdaftar", "null", true, false};
  }
  if (call.target.endpoint != RestEndpoint::add_queue && !known)
    return refusal("nomorkartu", "Antrean tidak ditemukan");
  if (call.target.endpoint == RestEndpoint::add_queue) queued_.insert(place);
  if (call.target.endpoint == RestEndpoint::cancel_queue) queued_.erase(place);
  apply(call, std::nullopt, {});
  return {200, 200, "Ok", "null", true, false};
}

}  // namespace titip::pcare_sim
