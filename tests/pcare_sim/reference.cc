#include "tests/pcare_sim/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

struct Row {
  std::string_view code;
  std::string_view name;
};

constexpr std::array<Row, 5> categories{
    {{"1", "SDM Kesehatan"}, {"2", "Petugas Publik"}, {"3", "Lansia"}, {"4", "Masyarakat Umum"}, {"5", "Remaja"}}};
constexpr std::array<Row, 5> vaccines{
    {{"1", "Sinovac"}, {"2", "AstraZeneca"}, {"3", "Moderna"}, {"4", "Pfizer"}, {"5", "Sinopharm"}}};
constexpr std::array<Row, 4> complaints{
    {{"0", "Tidak ada"}, {"1", "Demam"}, {"2", "Nyeri di tempat suntikan"}, {"3", "Pusing"}}};
constexpr std::array<Row, 3> reasons{
    {{"1", "Gangguan sistem"}, {"2", "Gangguan jaringan"}, {"3", "Entri susulan dari formulir kertas"}}};

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string list_json(std::span<const Row> rows) {
  std::string list;
  for (const auto& row : rows)
    list += fmt::format(R"({}{{"kode":{},"nama":{}}})", list.empty() ? "" : ",", json_string(row.code),
                        json_string(row.name));
  return fmt::format(R"({{"count":{},"list":[{}]}})", rows.size(), list);
}

}  // namespace

bool is_known_vaccine(std::string_view code_or_name) {
  return std::ranges::any_of(
      vaccines, [&](const Row& row) { return row.code == code_or_name || same_letters(row.name, code_or_name); });
}

std::string reference_json(std::string_view table) {
  if (table == "kategorisasaran") return list_json(categories);
  if (table == "jenisvaksin") return list_json(vaccines);
  if (table == "keluhan") return list_json(complaints);
  if (table == "alasan") return list_json(reasons);
  return {};
}

}  // namespace titip::pcare_sim
