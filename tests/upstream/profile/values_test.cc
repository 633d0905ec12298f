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
