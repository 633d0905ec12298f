#include "tests/pcare_sim/rest_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "tests/pcare_sim/dates.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

struct Row {
  std::string_view code;
  std::string_view name;
};

constexpr std::array<Row, 3> policlinics{{{"001", "POLI UMUM"}, {"002", "POLI GIGI & MULUT"}, {"003", "POLI KIA"}}};
constexpr std::array<Row, 3> doctors{{{"100001", "dr. Uji Satu"}, {"100002", "dr. Uji Dua"}, {"100003", "drg. Uji"}}};
constexpr std::array<Row, 6> diagnoses{{{"A09", "Diarrhoea and gastroenteritis"},
                                        {"I10", "Essential (primary) hypertension"},
                                        {"J00", "Acute nasopharyngitis"},
                                        {"J06.9", "Acute upper respiratory infection, unspecified"},
                                        {"K02", "Dental caries"},
                                        {"R50.9", "Fever, unspecified"}}};
constexpr std::array<Row, 4> drugs{{{"DP0001", "Parasetamol tablet 500 mg"},
                                    {"DP0002", "Amoksisilin kapsul 500 mg"},
                                    {"DP0003", "Oralit serbuk"},
                                    {"DP0004", "Amlodipin tablet 5 mg"}}};
constexpr std::array<Row, 3> actions{
    {{"01001", "Perawatan luka"}, {"01002", "Ekstraksi gigi"}, {"01003", "Nebulisasi"}}};
constexpr std::array<Row, 2> providers{{{"0114A026", "Klinik Uji Satu"}, {"0114A027", "Klinik Uji Dua"}}};
constexpr std::array<Row, 4> awareness{
    {{"01", "Compos mentis"}, {"02", "Somnolence"}, {"03", "Sopor"}, {"04", "Coma"}}};
constexpr std::array<Row, 3> others{{{"1", "Uji satu"}, {"2", "Uji dua"}, {"3", "Uji tiga"}}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::string_view text, std::string_view wanted) {
  return !std::ranges::search(text, wanted, {}, lower, lower).empty() || wanted.empty();
}

std::vector<std::string> entries(std::span<const Row> rows, std::string_view code_name, std::string_view text_name,
                                 std::string_view keyword) {
  std::vector<std::string> out;
  for (const auto& [code, name] : rows)
    if (contains(code, keyword) || contains(name, keyword))
      out.push_back(fmt::format(R"({{"{}":{},"{}":{}}})", code_name, json_string(code), text_name, json_string(name)));
  return out;
}

}  // namespace

std::string text_field(const nlohmann::json& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number() ? found->dump() : std::string();
}

std::string iso_date(std::string_view day_first) {
  if (day_first.size() != 10 || day_first[2] != '-' || day_first[5] != '-') return {};
  auto date = fmt::format("{}-{}-{}", day_first.substr(6, 4), day_first.substr(3, 2), day_first.substr(0, 2));
  return is_date(date) ? date : std::string();
}

bool is_member(std::string_view card) {
  return card.size() == 13 && card.starts_with("000") &&
         std::ranges::all_of(card, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view policlinic_name(std::string_view code) {
  const auto* const found = std::ranges::find(policlinics, code, &Row::code);
  return found == policlinics.end() ? std::string_view() : found->name;
}

bool is_diagnosis(std::string_view code) {
  return std::ranges::find(diagnoses, code, &Row::code) != diagnoses.end();
}

std::vector<std::string> reference_entries(RestEndpoint endpoint, std::string_view keyword) {
  switch (endpoint) {
    case RestEndpoint::drug_list:
      return entries(drugs, "kdObat", "nmObat", keyword);
    case RestEndpoint::action_list:
      return entries(actions, "kdTindakan", "nmTindakan", "");
    case RestEndpoint::diagnoses:
      return entries(diagnoses, "kdDiag", "nmDiag", keyword);
    case RestEndpoint::doctors:
      return entries(doctors, "kdDokter", "nmDokter", "");
    case RestEndpoint::policlinics:
      return entries(policlinics, "kdPoli", "nmPoli", "");
    case RestEndpoint::providers:
      return entries(providers, "kdProvider", "nmProvider", "");
    default:
      return {};
  }
}

std::vector<std::string> small_table_entries(std::string_view route) {
  if (route == "kesadaran") return entries(awareness, "kdSadar", "nmSadar", "");
  if (route == "prognosa") return entries(others, "kdPrognosa", "nmPrognosa", "");
  return entries(others, "kode", "nama", "");
}

}  // namespace titip::pcare_sim
