#include "tests/pcare_sim/form.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/pcare_sim/dates.h"
#include "tests/pcare_sim/reference.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

using nlohmann::json;

std::string field(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get_ref<const std::string&>();
  if (found->is_number()) return found->dump();
  return {};
}

bool is_nik(std::string_view text) {
  return text.size() == 16 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// What persons and doses share.
std::vector<FieldFault> common_faults(const Form& form, std::string_view facility) {
  std::vector<FieldFault> faults;
  if (!is_nik(form.nik)) faults.push_back({"nik", fmt::format("NIK {} harus 16 digit", form.nik)});
  if (form.ticket.size() != 10 || form.ticket[1] != '-')
    faults.push_back({"noTiket", fmt::format("noTiket {} tidak valid untuk {}", form.ticket, form.who())});
  if (form.name.empty()) faults.push_back({"nama", fmt::format("nama wajib diisi untuk NIK {}", form.nik)});
  if (!form.facility.empty() && form.facility != facility)
    faults.push_back({"kdPpk", fmt::format("kdPpk {} tidak sesuai dengan faskes {}", form.facility, facility)});
  return faults;
}

}  // namespace

std::expected<json, Reply> parse_body(std::string_view body) {
  if (nesting_depth(body) > max_nesting)
    return std::unexpected(envelope(400, 400, "Format JSON tidak valid: terlalu dalam"));
  json parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object()) return std::unexpected(envelope(400, 400, "Format JSON tidak valid"));
  return parsed;
}

Form read_form(const json& body) {
  Form form;
  form.facility = field(body, "kdPpk");
  form.nik = field(body, "nik");
  form.ticket = field(body, "noTiket");
  form.name = field(body, "nama");
  form.birth_date = field(body, "tglLahir");
  form.date = field(body, "tglVaksin");
  form.dose = field(body, "dosis");
  form.vaccine = field(body, "jenisVaksin");
  form.reason = field(body, "alasan");
  if (const auto screening = body.find("skrining"); screening != body.end() && screening->is_object())
    form.screening = field(*screening, "hasil");
  return form;
}

std::optional<Reply> person_fault(const Form& form, std::string_view facility) {
  auto faults = common_faults(form, facility);
  if (!is_date(form.birth_date))
    faults.push_back({"tglLahir", fmt::format("tglLahir {} tidak valid untuk {}", form.birth_date, form.who())});
  if (faults.empty()) return std::nullopt;
  return precondition_failed(faults);
}

std::optional<Reply> dose_fault(const Form& form, std::string_view facility) {
  auto faults = common_faults(form, facility);
  if (!is_date(form.date))
    faults.push_back({"tglVaksin", fmt::format("tglVaksin {} tidak valid untuk {}", form.date, form.who())});
  if (form.dose.size() != 1 || form.dose[0] < '1' || form.dose[0] > '9')
    faults.push_back({"dosis", fmt::format("dosis {} tidak valid untuk {}", form.dose, form.who())});
  if (form.screening != "lanjut" && form.screening != "tunda" && form.screening != "tidak")
    faults.push_back({"skrining.hasil", fmt::format("hasil skrining wajib diisi untuk {}", form.who())});
  if (!faults.empty()) return precondition_failed(faults);
  const bool given = form.screening == "lanjut";  // nobody else was given a vaccine
  if ((given || !form.vaccine.empty()) && !is_known_vaccine(form.vaccine))
    return envelope(
        500, 500,
        fmt::format("Tidak sesuai dengan referensi sistem: jenisVaksin {} untuk {}", form.vaccine, form.who()));
  return std::nullopt;
}

}  // namespace titip::pcare_sim
