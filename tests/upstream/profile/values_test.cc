#include "upstream/profile/values.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace titip::profile {
namespace {

const nlohmann::json body = nlohmann::json::parse(R"({
  "nik": "3374015708900001", "dosis": 1, "suhu": 36.5, "lanjut": true, "kosong": "", "nol": null, "zero": 0,
  "skrining": {"hasil": "lanjut", "a/b": "slash", "m~n": "tilde"}, "list": ["x", {"y": "z"}], "none": {}, "0": "digit",
  "odd": "a/b c?d", "dots": ".."})");
const std::map<std::string, std::string, std::less<>> parameters{{"noKartu", "0001"}, {"leer", ""}};
const RequestView request{&body, &parameters, "0905R002"};

TEST(Values, ValueOf) {
  const struct {
    const char* source;
    std::optional<std::string> value;
    const char* compared;
  } rows[] = {
      {"/nik", "3374015708900001", "3374015708900001"},
      {"/dosis", "1", "1"},
      {"/zero", "0", "0"},
      {"/suhu", "36.5", "36.5"},
      {"/lanjut", "true", "true"},
      {"/kosong", std::nullopt, ""},
      {"/nol", std::nullopt, ""},
      {"/gone", std::nullopt, ""},
      {"/skrining", std::nullopt, R"({"a/b":"slash","hasil":"lanjut","m~n":"tilde"})"},
      {"/none", std::nullopt, ""},
      {"/skrining/hasil", "lanjut", "lanjut"},
      {"/skrining/a~1b", "slash", "slash"},
      {"/skrining/m~0n", "tilde", "tilde"},
      {"/list/0", "x", "x"},
      {"/list/1/y", "z", "z"},
      {"/list/2", std::nullopt, ""},
      {"/list/00", std::nullopt, ""},
      {"/list/-", std::nullopt, ""},
      {"/0", "digit", "digit"},
      {"/nik/0", std::nullopt, ""},
      {"facility", "0905R002", "0905R002"},
      {"{noKartu}", "0001", "0001"},
      {"{leer}", std::nullopt, ""},
      {"{other}", std::nullopt, ""},
      {"/gone|/nik", "3374015708900001", "3374015708900001"},
      {"/kosong|/nol|facility", "0905R002", "0905R002"},
      {"/nik|facility", "3374015708900001", "3374015708900001"},
      {"/skrining|/nik", "3374015708900001", R"({"a/b":"slash","hasil":"lanjut","m~n":"tilde"})"},
      {"nik", std::nullopt, ""},
      {"", std::nullopt, ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.source);
    EXPECT_EQ(value_of(request, row.source), row.value);
    EXPECT_EQ(compared_value_of(request, row.source), row.compared);
  }
}

TEST(Values, NothingToReadFrom) {
  EXPECT_EQ(value_of({}, "/nik"), std::nullopt);
  EXPECT_EQ(value_of({}, "{noKartu}"), std::nullopt);
  EXPECT_EQ(value_of({}, "facility"), std::nullopt);
}

TEST(Values, DatesInOneForm) {
  const struct {
    const char* text;
    const char* day_first;  // what becomes of it where the day comes first
    bool is_day_first;
    bool is_year_first;
  } rows[] = {
      {"15-08-2026", "2026-08-15", true, false},
      {"31-02-2026", "2026-02-31", true, false},  // the service's to refuse
      {"2026-08-15", "2026-08-15", false, true},
      {"5-8-2026", "5-8-2026", false, false},
      {"15/08/2026", "15/08/2026", false, false},
      {"15-08-2026 ", "15-08-2026 ", false, false},
      {"1x-08-2026", "1x-08-2026", false, false},
      {"15-0x-2026", "15-0x-2026", false, false},
      {"15-08-202x", "15-08-202x", false, false},
      {"2026-08-1x", "2026-08-1x", false, false},
      {"0001113569638", "0001113569638", false, false},
      {"", "", false, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    EXPECT_EQ(normal_date(DateFormat::day_first, row.text), row.day_first);
    EXPECT_EQ(normal_date(DateFormat::year_first, row.text), row.text);
    EXPECT_EQ(is_date(DateFormat::day_first, row.text), row.is_day_first);
    EXPECT_EQ(is_date(DateFormat::year_first, row.text), row.is_year_first);
  }
}

TEST(Values, FillPath) {
  const struct {
    const char* path_template;
    std::optional<std::string> path;
  } rows[] = {
      {"/tiket/nik/{/nik}", "/tiket/nik/3374015708900001"},
      {"/kunjungan/{noKartu}/oleh/{facility}", "/kunjungan/0001/oleh/0905R002"},
      {"/x/{/gone|/dosis}", "/x/1"},
      {"/x?nik={/nik}", "/x?nik=3374015708900001"},
      {"/x/{/odd}/y", "/x/a%2Fb%20c%3Fd/y"},
      {"/x/{/dots}/y", std::nullopt},
      {"/x/a{/dots}/y", "/x/a../y"},
      {"/x?by={/dots}", "/x?by=.."},
      {"/x/{/gone}", std::nullopt},
      {"/x/{/skrining}", std::nullopt},
      {"/x/{nik}", std::nullopt},
      {"/x/{/nik", std::nullopt},
      {"/x", "/x"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.path_template);
    EXPECT_EQ(fill_path(row.path_template, request), row.path);
  }
}

TEST(Values, FillPathHasALimit) {
  const nlohmann::json large = {{"nik", std::string(3000, '1')}};
  EXPECT_EQ(fill_path("/x/{/nik}", {&large, nullptr, ""}), std::nullopt);
}

}  // namespace
}  // namespace titip::profile
