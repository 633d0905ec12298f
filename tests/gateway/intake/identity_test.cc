#include "gateway/intake/identity.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace titip::intake {
namespace {

using nlohmann::json;
using Values = std::vector<std::string>;

profile::Route dose_route() {
  profile::Route route;
  route.id = "vaksin/simpan";
  route.required = {"/nik", "/dosis", "/tglVaksin"};
  route.ordering_key = {"/nik"};
  route.natural_key = {"/nik|/noTiket", "/dosis"};
  route.business_date = "/tglVaksin";
  return route;
}

std::expected<Identity, std::vector<FieldFault>> read(const profile::Route& route, const char* body) {
  const auto document = json::parse(body);
  const std::map<std::string, std::string, std::less<>> parameters{{"noKartu", "0001"}};
  return read_identity({route, document, parameters, "0905R002"});
}

TEST(Identity, of_a_whole_body) {
  const auto identity = read(dose_route(), R"({"nik":"3300000000000001","dosis":1,"tglVaksin":"2021-08-16"})");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->ordering, (Values{"3300000000000001"}));
  EXPECT_EQ(identity->natural, (Values{"3300000000000001", "1", "2021-08-16"}));
  EXPECT_EQ(identity->business_date, "2021-08-16");
}

TEST(Identity, from_wherever_the_profile_says) {
  auto route = dose_route();
  route.required.clear();
  route.ordering_key = {"{noKartu}", "facility", "/a/b", "/x|/y"};
  route.natural_key.clear();
  route.business_date.clear();
  const auto identity = read(route, R"({"a":{"b":true},"x":"","y":2.5})");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->ordering, (Values{"0001", "0905R002", "true", "2.5"}));
  EXPECT_FALSE(identity->natural);
  EXPECT_EQ(identity->business_date, "");
}

TEST(Identity, faults_name_their_places) {
  struct Row {
    const char* name;
    const char* body;
    Values places;
  };
  const Row rows[] = {
      {"all missing", "{}", {"/nik", "/dosis", "/tglVaksin"}},
      {"null is missing", R"({"nik":null,"dosis":1,"tglVaksin":"2021-08-16","noTiket":"A-1"})", {"/nik"}},
      {"empty is missing", R"({"nik":"","dosis":1,"tglVaksin":"2021-08-16","noTiket":"A-1"})", {"/nik"}},
      {"an object is no value",
       R"({"nik":{},"dosis":[1],"tglVaksin":"2021-08-16","noTiket":"A-1"})",
       {"/nik", "/dosis"}},
      {"a place is named once", R"({"nik":"1","tglVaksin":"2021-08-16"})", {"/dosis"}},
      {"date with slashes", R"({"nik":"1","dosis":1,"tglVaksin":"2021/08/16"})", {"/tglVaksin"}},
      {"date the other way", R"({"nik":"1","dosis":1,"tglVaksin":"16-08-2021"})", {"/tglVaksin"}},
      {"date with a time", R"({"nik":"1","dosis":1,"tglVaksin":"2021-08-16T08:00"})", {"/tglVaksin"}},
      {"date of letters", R"({"nik":"1","dosis":1,"tglVaksin":"yyyy-mm-dd"})", {"/tglVaksin"}},
      {"date as a number", R"({"nik":"1","dosis":1,"tglVaksin":20210816})", {"/tglVaksin"}},
      {"a list", "[]", {""}},
      {"a string", R"("nik")", {""}},
      {"nothing", "null", {""}},
  };
  for (const auto& row : rows) {
    const auto identity = read(dose_route(), row.body);
    ASSERT_FALSE(identity) << row.name;
    Values places;
    for (const auto& fault : identity.error()) {
      places.push_back(fault.pointer);
      EXPECT_TRUE(fault.sentence.english().ends_with('.')) << row.name << ": " << fault.sentence.english();
    }
    EXPECT_EQ(places, row.places) << row.name;
  }
}

// From the text: the same identity and the same faults, whether the quick reader takes it or leaves it.
TEST(Identity, of_a_text_is_that_of_the_document) {
  struct Row {
    const char* name;
    const char* body;
  };
  const Row rows[] = {
      {"whole", R"({"nik":"3300000000000001","dosis":1,"tglVaksin":"2021-08-16"})"},
      {"with words beyond ASCII", "{\"nik\":\"330\",\"dosis\":1,\"tglVaksin\":\"2021-08-16\",\"nama\":\"Andr\u00e9\"}"},
      {"a name twice, the last counts", R"({"nik":"1","nik":"2","dosis":1,"tglVaksin":"2021-08-16"})"},
      {"a number with a fraction", R"({"nik":"1","dosis":1.5,"tglVaksin":"2021-08-16"})"},
      {"missing", R"({"nik":"","dosis":null})"},
      {"another date", R"({"nik":"1","dosis":{},"tglVaksin":"16-08-2021"})"},
      {"a list", "[]"},
      {"a string", R"("nik")"},
  };
  const auto route = dose_route();
  const auto pointers = identity_pointers(route);
  EXPECT_EQ(pointers, (Values{"/tglVaksin", "/nik", "/dosis", "/noTiket"}));
  for (const auto& row : rows) {
    const auto of_document = read(route, row.body);
    const auto of_text = read_identity({route, pointers, row.body, {}, "0905R002"});
    ASSERT_EQ(of_text.has_value(), of_document.has_value()) << row.name;
    if (of_text) {
      EXPECT_EQ(of_text->ordering, of_document->ordering) << row.name;
      EXPECT_EQ(of_text->natural, of_document->natural) << row.name;
      EXPECT_EQ(of_text->business_date, of_document->business_date) << row.name;
      continue;
    }
    EXPECT_TRUE(of_text.error().is_json) << row.name;
    ASSERT_EQ(of_text.error().faults.size(), of_document.error().size()) << row.name;
    for (std::size_t i = 0; i < of_document.error().size(); ++i) {
      EXPECT_EQ(of_text.error().faults[i].pointer, of_document.error()[i].pointer) << row.name;
      EXPECT_EQ(of_text.error().faults[i].sentence.english(), of_document.error()[i].sentence.english()) << row.name;
    }
  }
}

TEST(Identity, of_a_text_that_is_no_json) {
  const auto route = dose_route();
  for (const char* body : {"", "nik=1", R"({"nik":"330)", "{}{}"}) {
    const auto read = read_identity({route, identity_pointers(route), body, {}, "0905R002"});
    ASSERT_FALSE(read) << body;
    EXPECT_FALSE(read.error().is_json) << body;
    ASSERT_EQ(read.error().faults.size(), 1U) << body;
    EXPECT_EQ(read.error().faults[0].sentence.english(), parse_body(body).error().sentence.english());
  }
}

// A date that cannot be is the national server's to refuse, in its own words.
TEST(Identity, an_impossible_date_is_let_through) {
  EXPECT_TRUE(read(dose_route(), R"({"nik":"1","dosis":1,"tglVaksin":"2021-02-31"})"));
}

// Dates come out year first, whatever they are part of, so that keys agree with those made of another route's.
TEST(Identity, of_a_service_that_writes_the_day_first) {
  profile::Route route;
  route.id = "pendaftaran";
  route.required = {"/noKartu", "/tglDaftar", "/kdPoli"};
  route.ordering_key = {"/noKartu", "/tglDaftar"};
  route.natural_key = {"/noKartu", "/kdPoli"};
  route.business_date = "/tglDaftar";
  route.provides = {"/noKartu", "/tglDaftar"};
  route.yields = {{.reference = "noUrut", .in_reply = {"/response"}, .scope = {"/tglDaftar", "/kdPoli"}}};
  const auto pointers = identity_pointers(route);
  EXPECT_EQ(pointers, (Values{"/tglDaftar", "/noKartu", "/kdPoli"}));
  const auto read_text = [&](const char* body) {
    return read_identity({route, pointers, body, {}, "0114A026", profile::DateFormat::day_first});
  };
  for (const char* body : {R"({"noKartu":"0001","tglDaftar":"15-08-2026","kdPoli":"001"})",
                           R"({"noKartu":"0001","tglDaftar":"15-08-2026","kdPoli":"001","keluhan":"d\u00e9mam"})"}) {
    const auto identity = read_text(body);
    ASSERT_TRUE(identity) << body;
    EXPECT_EQ(identity->business_date, "2026-08-15");
    EXPECT_EQ(identity->ordering, (Values{"0001", "2026-08-15"}));
    EXPECT_EQ(identity->natural, (Values{"0001", "001", "2026-08-15"}));
    EXPECT_EQ(identity->chain.provides, (Values{"0001", "2026-08-15"}));
    ASSERT_EQ(identity->chain.yields.size(), 1U);
    EXPECT_EQ(identity->chain.yields[0].scope, (Values{"2026-08-15", "001"}));
  }
  const auto refused = read_text(R"({"noKartu":"0001","tglDaftar":"2026-08-15","kdPoli":"001"})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().faults[0].pointer, "/tglDaftar");
  EXPECT_EQ(refused.error().faults[0].sentence.english(), "The date must be written DD-MM-YYYY.");
}

TEST(Identity, of_a_path_alone) {
  profile::Route route;
  route.method = "DELETE";
  route.path = "/kunjungan/{noKunjungan}";
  route.ordering_key = {"{noKunjungan}"};
  route.quotes = {{.reference = "noKunjungan", .at = "{noKunjungan}"}};
  const std::map<std::string, std::string, std::less<>> parameters{{"noKunjungan", "0114A0260815Y000003"}};
  const auto read_text = [&](const char* body) {
    return read_identity({route, identity_pointers(route), body, parameters, "0114A026"});
  };
  for (const char* body : {"", " \r\n", "{}", "null", "[]", "x=1", "[[[[[[[["}) {
    const auto identity = read_text(body);
    ASSERT_TRUE(identity) << body;
    EXPECT_EQ(identity->ordering, (Values{"0114A0260815Y000003"})) << body;
    ASSERT_EQ(identity->chain.quotes.size(), 1U) << body;
    EXPECT_EQ(identity->chain.quotes[0].number, "0114A0260815Y000003") << body;
  }
  // What would write something has a body that is read, or none.
  route.method = "POST";
  EXPECT_TRUE(read_text(""));
  EXPECT_TRUE(read_text("{}"));
  for (const char* body : {"null", "[]", "x=1"}) EXPECT_FALSE(read_text(body)) << body;
  // And a DELETE that reads its body needs one.
  route.method = "DELETE";
  route.required = {"/alasan"};
  EXPECT_FALSE(read_text(""));
}

TEST(ParseBody, faults) {
  struct Row {
    const char* name;
    std::string body;
    const char* says;
  };
  const Row rows[] = {
      {"empty", "", "byte"},
      {"cut off", R"({"nik":"330)", "byte"},
      {"two documents", "{}{}", "byte 3"},
      {"single quotes", "{'nik':1}", "byte 2"},
      {"comment", "{/* */}", "byte"},
      {"not UTF-8", "{\"a\":\"\xff\"}", "byte"},
      {"a form", "nik=1&dosis=2", "byte"},
      {"a number nothing can hold", R"({"nik":1e999})", "too large"},
      {"too deep", std::string(33, '['), "nested"},
      {"a hundred thousand brackets", std::string(100'000, '['), "nested"},
      {"too deep with mixed brackets",
       R"([{"a":[{"a":[{"a":[{"a":[{"a":[{"a":[{"a":[{"a":[{"a":[{"a":[{"a":[{"a":)"
       R"([{"a":[{"a":[{"a":[{"a":[)",
       "nested"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_body(row.body);
    ASSERT_FALSE(parsed) << row.name;
    EXPECT_TRUE(parsed.error().sentence.english().contains(row.says))
        << row.name << ": " << parsed.error().sentence.english();
    EXPECT_EQ(parsed.error().pointer, "") << row.name;
  }
}

// The parser's own message would quote a person's data back into logs and answers.
TEST(ParseBody, a_fault_does_not_quote_the_body) {
  const auto parsed = parse_body(R"({"nik":"3300000000000001)");
  ASSERT_FALSE(parsed);
  EXPECT_FALSE(parsed.error().sentence.english().contains("3300")) << parsed.error().sentence.english();
}

TEST(ParseBody, brackets_inside_strings_are_no_nesting) {
  EXPECT_TRUE(parse_body(R"({"a":")" + std::string(1000, '[') + R"(","b":"\"[[[["})"));
  EXPECT_TRUE(parse_body(std::string(32, '[') + std::string(32, ']')));
}

TEST(DifferingPlaces, names_places_never_values) {
  struct Row {
    const char* name;
    const char* before;
    const char* now;
    Values places;
  };
  const Row rows[] = {
      {"equal", R"({"a":1,"b":{"c":[1]}})", R"({"b":{"c":[1]},"a":1})", {}},
      {"one value", R"({"a":1,"b":2})", R"({"a":1,"b":3})", {"/b"}},
      {"deep", R"({"a":{"b":{"c":1,"d":2}}})", R"({"a":{"b":{"c":1,"d":3}}})", {"/a/b/d"}},
      {"gone and new", R"({"a":1})", R"({"b":1})", {"/a", "/b"}},
      {"another type", R"({"a":{"b":1}})", R"({"a":"b"})", {"/a"}},
      {"lists are compared whole", R"({"a":[1,2]})", R"({"a":[1,3]})", {"/a"}},
      {"odd names", R"({"a/b":1,"c~d":1})", R"({"a/b":2,"c~d":2})", {"/a~1b", "/c~0d"}},
      {"number and text", R"({"a":1})", R"({"a":"1"})", {"/a"}},
      {"no objects at all", "1", "2", {""}},
  };
  for (const auto& row : rows)
    EXPECT_EQ(differing_places(json::parse(row.before), json::parse(row.now), 20), row.places) << row.name;
}

TEST(DifferingPlaces, stops_at_the_limit) {
  json before = json::object();
  json now = json::object();
  for (int i = 0; i < 100; ++i) {
    before["a" + std::to_string(i)] = 1;
    now["b" + std::to_string(i)] = 1;
  }
  EXPECT_EQ(differing_places(before, now, 20).size(), 20U);
  EXPECT_EQ(differing_places(before, json::object(), 3).size(), 3U);
}

}  // namespace
}  // namespace titip::intake
