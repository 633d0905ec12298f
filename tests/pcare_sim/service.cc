#include "tests/pcare_sim/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tests/pcare_sim/reference.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

constexpr std::string_view log_in_expired_words = "Sesi login telah berakhir, silakan login kembali";
constexpr std::string_view duplicate_words = "Peserta sudah di-entri pada tanggal yang sama";

// `values` must stay one line: the effect log is read by lines.
std::string without_line_breaks(std::string_view json_text) {
  std::string line(json_text);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');  // only white space in JSON
  return line;
}

Reply accepted(Verb verb, const std::string& ticket) {
  const std::string response = fmt::format(R"({{"noTiket":{}}})", json_string(ticket));
  if (verb == Verb::person_save || verb == Verb::dose_save) return envelope(201, 201, "CREATED", response);
  return envelope(200, 200, "OK", response);
}

}  // namespace

Service::Service(ServiceRules rules, std::vector<Facility> facilities)
    : rules_(std::move(rules)), desk_(std::move(facilities)), ledger_(std::make_unique<Ledger>()) {}

void Service::reset() {
  ledger_ = std::make_unique<Ledger>();
  totals_ = {};
  answered_.clear();
  desk_.log_everyone_out();
}

Reply Service::expire_log_in(std::string_view facility) {
  desk_.expire(facility);
  return envelope(401, 401, log_in_expired_words);
}

Reply Service::answer(const Target& target, const Request& request, const Circumstance& circumstance) {
  if (target.endpoint == Endpoint::missing) return missing_page();
  if (target.endpoint == Endpoint::wrong_method) return wrong_method_page();
  if (target.endpoint == Endpoint::log_in) return log_in(request);
  if (target.write())
    ++totals_.writes;
  else
    ++totals_.reads;
  switch (desk_.standing(request.facility)) {
    case Standing::unknown_facility:
      return envelope(401, 401, fmt::format("x-kdppk {} tidak dikenal", printable(request.facility, 20)));
    case Standing::log_in_expired:
      return envelope(401, 401, log_in_expired_words);
    case Standing::logged_in:
      break;
  }
  switch (target.endpoint) {
    case Endpoint::person_by_nik:
      return person_by_nik(target, request.facility);
    case Endpoint::person_search:
      return person_search(target, request.facility);
    case Endpoint::doses_by_ticket:
      return doses_by_ticket(target, request.facility);
    case Endpoint::doses_by_date:
      return doses_by_date(target, request.facility);
    case Endpoint::reference: {
      const std::string table = reference_json(target.parameters[0]);
      return table.empty() ? missing_page() : envelope(200, 200, "OK", table);
    }
    default:
      return write(target.endpoint, request, circumstance);
  }
}

Reply Service::log_in(const Request& request) {
  ++totals_.logins;
  const auto body = parse_body(request.body);
  if (!body) return body.error();
  const auto text = [&](const char* name) {
    const auto found = body->find(name);
    return found != body->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string user = text("username");
  const std::string* facility = user.empty() ? nullptr : desk_.log_in(user, text("password"));
  if (facility == nullptr) return envelope(401, 401, "Username atau password salah");
  return envelope(200, 200, "OK",
                  fmt::format(R"({{"kdPpk":{},"nmPpk":{},"email":{}}})", json_string(*facility),
                              json_string("Faskes Uji " + *facility), json_string("uji@contoh.invalid")));
}

Reply Service::write(Endpoint endpoint, const Request& request, const Circumstance& circumstance) {
  const bool keyed = rules_.honour_idempotency_key && !request.idempotency_key.empty();
  std::string key;
  if (keyed) {
    key = fmt::format("{}\n{}", request.facility, request.idempotency_key);
    if (const auto found = answered_.find(key); found != answered_.end()) {
      ++totals_.replayed;
      return found->second;
    }
  }
  if (!ledger_->has_room(rules_.max_effects)) return error_page(503);
  const auto before = ledger_->effect_count();
  Reply reply;
  switch (endpoint) {
    case Endpoint::person_save:
      reply = save_person(Verb::person_save, request, circumstance);
      break;
    case Endpoint::person_update:
      reply = save_person(Verb::person_update, request, circumstance);
      break;
    case Endpoint::dose_save:
      reply = save_dose(Verb::dose_save, request, circumstance);
      break;
    default:
      reply = save_dose(Verb::dose_update, request, circumstance);
      break;
  }
  const bool applied = ledger_->effect_count() > before;
  if (!applied) ++totals_.rejected;
  if (applied && keyed) answered_.emplace(std::move(key), reply);
  return reply;
}

Reply Service::save_person(Verb verb, const Request& request, const Circumstance& circumstance) {
  auto body = parse_body(request.body);
  if (!body) return body.error();
  const Form form = read_form(*body);
  if (auto wrong = person_fault(form, request.facility)) return *std::move(wrong);
  NaturalKey key{EntryKind::person, std::string(request.facility), form.nik, {}, {}};
  const Entry* known = ledger_->find(key);
  if (auto wrong = register_fault(verb, form, key, known)) return *std::move(wrong);
  if (verb == Verb::person_save && known != nullptr && rules_.refuse_duplicates && repeats(*known, request.body)) {
    ++totals_.duplicates_refused;
    return envelope(428, 428, duplicate_words);
  }
  return apply(verb, request, circumstance, {std::move(key), form.ticket, false, without_line_breaks(request.body)});
}

Reply Service::save_dose(Verb verb, const Request& request, const Circumstance& circumstance) {
  auto body = parse_body(request.body);
  if (!body) return body.error();
  const Form form = read_form(*body);
  if (auto wrong = dose_fault(form, request.facility)) return *std::move(wrong);
  NaturalKey key{EntryKind::dose, std::string(request.facility), form.nik, form.dose, form.date};
  const Entry* known = ledger_->find(key);
  if (auto wrong = register_fault(verb, form, key, known)) return *std::move(wrong);
  if (verb == Verb::dose_save && known != nullptr && rules_.refuse_duplicates && repeats(*known, request.body)) {
    ++totals_.duplicates_refused;
    return envelope(428, 428, duplicate_words);
  }
  return apply(verb, request, circumstance,
               {std::move(key), form.ticket, form.screening == "tunda", without_line_breaks(request.body)});
}

// What is wrong with the form given what the register holds and which day it is here.
std::optional<Reply> Service::register_fault(Verb verb, const Form& form, const NaturalKey& key,
                                             const Entry* known) const {
  const auto refuse = [](const char* field, std::string message) {
    return precondition_failed({{field, std::move(message)}});
  };
  if (verb == Verb::person_save) return std::nullopt;
  if (verb == Verb::person_update) {
    if (known != nullptr) return std::nullopt;
    return refuse("nik", fmt::format("Sasaran {} belum terdaftar pada faskes {}", form.who(), key.facility));
  }
  const std::string today = date_text(rules_.now(), rules_.utc_offset);
  if (verb == Verb::dose_update) {
    if (known == nullptr) return refuse("noTiket", fmt::format("Data vaksin {} belum di-entri", form.who()));
    if (known->postponed && today > key.date)  // ISO dates compare as text
      return refuse("skrining.hasil", "Data tunda hanya dapat diubah sampai 23:59 pada hari yang sama");
    return std::nullopt;
  }
  if (key.date > today)
    return refuse("tglVaksin", fmt::format("tglVaksin {} melebihi hari ini untuk {}", key.date, form.who()));
  if (key.date != today && form.reason.empty())
    return refuse("alasan",
                  fmt::format("alasan wajib diisi karena tglVaksin {} bukan hari ini untuk {}", key.date, form.who()));
  if (!rules_.accept_unregistered && ledger_->find({EntryKind::person, key.facility, key.nik, {}, {}}) == nullptr)
    return refuse("nik",
                  fmt::format("Peserta {} belum terdaftar sebagai sasaran pada faskes {}", form.who(), key.facility));
  return std::nullopt;
}

bool Service::repeats(const Entry& known, std::string_view body) {
  return ledger_->effect(known.last).body_sha256 == digest_.sha256(body);
}

Reply Service::apply(Verb verb, const Request& request, const Circumstance& circumstance, Change change) {
  Reply reply = accepted(verb, change.ticket);
  Effect effect;
  effect.at = rules_.now();
  effect.verb = verb;
  effect.circumstance = circumstance;
  effect.body_sha256 = digest_.sha256(request.body);
  effect.idempotency_key = printable(request.idempotency_key, 200);
  std::string entered_on = date_text(effect.at, rules_.utc_offset);
  const Entry* known = ledger_->find(change.key);
  if (known != nullptr && ledger_->effect(known->last).body_sha256 == effect.body_sha256) ++totals_.repeated_effects;
  const auto sequence = ledger_->apply(std::move(change), std::move(effect), std::move(entered_on));
  totals_.effects = ledger_->effect_count();
  totals_.entries = ledger_->entry_count();
  if (circumstance.late) ++totals_.late_applies;
  if (circumstance.reply_lost) ++totals_.lost_replies;
  if (effect_log_ != nullptr) {
    const std::string line = effect_json(*ledger_, sequence, rules_.utc_offset, true) + "\n";
    std::fwrite(line.data(), 1, line.size(), effect_log_);
  }
  return reply;
}

}  // namespace titip::pcare_sim
