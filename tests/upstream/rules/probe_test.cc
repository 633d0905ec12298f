#include "upstream/rules/probe.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "tests/upstream/shipped_profile.h"

namespace titip::rules {

static void PrintTo(ProbeResult result, std::ostream* out) {
  constexpr const char* names[] = {"found_equal", "found_other", "absent", "inconclusive"};
  *out << names[static_cast<int>(result)];
}

namespace {

using enum ProbeResult;
using nlohmann::json;

const json dose = json::parse(R"({
  "kdPpk": "0905R002", "noTiket": "A-01J783G1", "nik": "9999015708900001", "nama": "Uji Coba", "tglLahir": "1990-08-17",
  "noHp": "", "alamat": "Jalan Contoh 1", "kodeKategori": "3", "tglVaksin": "2021-08-16", "dosis": 1, "jenisVaksin": "1",
  "noBatch": "UJI0001", "skrining": {"suhu": 36.5, "tekananDarah": "120/80", "hasil": "lanjut"},
  "observasi": {"keluhan": ""}, "alasan": ""})");

std::string listed(const json& entries, int code = 200) {
  return json{{"response", {{"count", entries.size()}, {"list", entries}}},
              {"metaData", {{"message", "OK"}, {"code", code}}}}
      .dump();
}

json changed(const char* merge) {
  json entry = dose;
  entry.merge_patch(json::parse(merge));
  return entry;
}

ProbeResult probe_dose(int status, const std::string& body) {
  const profile::Route* route = profile::find_route(tests::pcare_vaksin(), "vaksin/simpan");
  return read_probe(tests::pcare_vaksin(), *route->probe, {&dose, nullptr, "0905R002"},
                    Reply{.http_status = status, .body = body});
}

TEST(ReadProbe, ADoseInAList) {
  const json second = changed(R"({"dosis":2,"tglVaksin":"2021-09-13"})");
  const struct {
    const char* name;
    json entries;
    ProbeResult result;
  } rows[] = {
      {"the very entry", {dose}, found_equal},
      {"numbers and strings that print the same",
       {changed(R"({"dosis":"1","kodeKategori":3,"skrining":{"suhu":"36.5"}})")},
       found_equal},
      {"null, absent and empty are the same", {changed(R"({"noHp":null,"observasi":null})")}, found_equal},
      {"more fields than ours", {changed(R"({"petugas":"x","skrining":{"nadi":80}})")}, found_equal},
      {"a reason was put in on the way", {changed(R"({"alasan":"2"})")}, found_equal},
      {"the screening differs", {changed(R"({"skrining":{"hasil":"tunda"}})")}, found_other},
      {"the vaccine differs", {changed(R"({"jenisVaksin":"2"})")}, found_other},
      {"a field that we left empty has a value", {changed(R"({"noHp":"0800000000"})")}, found_other},
      {"a field of ours is missing", {changed(R"({"noBatch":null})")}, found_other},
      {"a field of ours is an object", {changed(R"({"noBatch":{"no":"UJI0001"}})")}, found_other},
      {"another dose only", {second}, absent},
      {"another person only", {changed(R"({"nik":"9999015708900002"})")}, absent},
      {"another day only", {changed(R"({"tglVaksin":"2021-08-17"})")}, absent},
      {"nobody", json::array(), absent},
      {"ours among others", {second, dose, second}, found_equal},
      {"an old value and the new one", {changed(R"({"noBatch":"OLD"})"), dose}, found_equal},
      {"an old value among others", {second, changed(R"({"noBatch":"OLD"})")}, found_other},
      {"an entry that names nobody", {changed(R"({"nik":null})")}, inconclusive},
      {"an entry that names nobody, and ours", {changed(R"({"nik":null})"), dose}, found_equal},
      {"an entry that is no object", {second, "x"}, inconclusive},
      {"null for an entry", {nullptr}, inconclusive},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(probe_dose(200, listed(row.entries)), row.result) << row.name;
  }
}

TEST(ReadProbe, WhatIsNoAnswerDecidesNothing) {
  const std::string empty = listed(json::array());
  const struct {
    const char* name;
    int status;
    std::string body;
    ProbeResult result;
  } rows[] = {
      {"204 in an envelope", 200, R"({"response":null,"metaData":{"message":"Data tidak ditemukan","code":204}})",
       absent},
      {"404 with the words", 404, R"({"response":null,"metaData":{"message":"Data tidak ditemukan","code":404}})",
       absent},
      {"404 about something else", 404,
       R"({"response":null,"metaData":{"message":"You are not registered for this service","code":404}})",
       inconclusive},
      {"404 around a familiar code", 404, R"({"response":null,"metaData":{"message":"x","code":204}})", inconclusive},
      {"404 inside 200", 200, R"({"response":null,"metaData":{"message":"x","code":"404"}})", inconclusive},
      {"only the words", 200, R"({"response":null,"metaData":{"message":"DATA TIDAK DITEMUKAN.","code":201}})", absent},
      {"the words around a 500", 500, R"({"response":null,"metaData":{"message":"Data tidak ditemukan","code":204}})",
       inconclusive},
      {"the words around a 401", 401, R"({"response":null,"metaData":{"message":"Data tidak ditemukan","code":401}})",
       inconclusive},
      {"an empty list in a 503", 503, empty, inconclusive},
      {"an empty list around a code 500", 200, listed(json::array(), 500), inconclusive},
      {"an empty list around a code 401", 200, listed(json::array(), 401), inconclusive},
      {"an empty list in a 404", 404, empty, inconclusive},
      {"our entry in a 500", 500, listed({dose}), inconclusive},
      {"empty body", 200, "", inconclusive},
      {"204 without a body", 204, "", inconclusive},
      {"404 page", 404, "<html>404</html>", inconclusive},
      {"maintenance page", 200, "<html>Data tidak ditemukan</html>", inconclusive},
      {"another envelope", 200, R"({"response":{"list":[]},"metadata":{"message":"OK","code":200}})", inconclusive},
      {"no envelope", 200, R"({"response":{"list":[]}})", inconclusive},
      {"no list", 200, R"({"response":{"count":0},"metaData":{"message":"OK","code":200}})", inconclusive},
      {"list is null", 200, R"({"response":{"list":null},"metaData":{"message":"OK","code":200}})", inconclusive},
      {"list is a text", 200, R"({"response":{"list":"none"},"metaData":{"message":"OK","code":200}})", inconclusive},
      {"response is null", 200, R"({"response":null,"metaData":{"message":"OK","code":200}})", inconclusive},
      {"cut off", 200, listed({dose}).substr(0, 200), inconclusive},
      {"log-in expired", 401, R"({"response":null,"metaData":{"message":"Sesi login telah berakhir","code":401}})",
       inconclusive},
      {"too many requests", 429, R"({"response":null,"metaData":{"message":"x","code":429}})", inconclusive},
      {"a redirect", 302, empty, inconclusive},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(probe_dose(row.status, row.body), row.result) << row.name;
  }
  const profile::Route* route = profile::find_route(tests::pcare_vaksin(), "vaksin/simpan");
  for (const Failure failure : {Failure::connect_refused, Failure::response_timeout, Failure::not_admitted}) {
    EXPECT_EQ(read_probe(tests::pcare_vaksin(), *route->probe, {&dose, nullptr, ""}, failure), inconclusive)
        << name(failure);
  }
}

TEST(ReadProbe, APersonAsASingleEntry) {
  const json person =
      json::parse(R"({"nik":"9999015708900001","noTiket":"A-01J783G1","nama":"Uji Coba","tglLahir":"1990-08-17",
    "noHp":"0800000000","kodeKategori":"3","alamat":"Jalan Contoh 1","isCetak":0})");
  const struct {
    const char* name;
    int status;
    const char* body;
    ProbeResult result;
  } rows[] = {
      {"registered", 200,
       R"({"response":{"nik":"9999015708900001","noTiket":"B-01J783G1","nama":"Uji Coba","tglLahir":"1990-08-17","noHp":"0800000000","kodeKategori":3,"alamat":"Jalan Contoh 1","isEdit":1},"metaData":{"message":"OK","code":200}})",
       found_equal},
      {"registered with another address", 200,
       R"({"response":{"nik":"9999015708900001","nama":"Uji Coba","tglLahir":"1990-08-17","noHp":"0800000000","kodeKategori":"3","alamat":"Jalan Lama 2","isEdit":1},"metaData":{"message":"OK","code":200}})",
       found_other},
      {"somebody else", 200,
       R"({"response":{"nik":"9999015708900002","nama":"Uji Coba"},"metaData":{"message":"OK","code":200}})", absent},
      {"nobody named", 200, R"({"response":{"isEdit":0},"metaData":{"message":"OK","code":200}})", inconclusive},
      {"not known to dukcapil", 404,
       R"({"response":null,"metaData":{"message":"Data tidak ditemukan di dukcapil","code":404}})", absent},
      {"not known to dukcapil, told with 200", 200,
       R"({"response":null,"metaData":{"message":"Data tidak ditemukan di dukcapil","code":200}})", absent},
  };
  const profile::Route* route = profile::find_route(tests::pcare_vaksin(), "sasaran/simpan");
  for (const auto& row : rows) {
    EXPECT_EQ(read_probe(tests::pcare_vaksin(), *route->probe, {&person, nullptr, "0905R002"},
                         Reply{.http_status = row.status, .body = row.body}),
              row.result)
        << row.name;
  }
}

TEST(ReadProbe, WhatBothSidesLackIdentifiesToo) {
  profile::Probe probe = *profile::find_route(tests::pcare_vaksin(), "vaksin/simpan")->probe;
  probe.identify.push_back({.in_entry = "/noHp", .in_body = "/noHp"});  // empty in our dose
  const auto ask = [&](const json& entry) {
    return read_probe(tests::pcare_vaksin(), probe, {&dose, nullptr, ""},
                      Reply{.http_status = 200, .body = listed({entry})});
  };
  EXPECT_EQ(ask(changed(R"({"noHp":null})")), found_equal);
  EXPECT_EQ(ask(changed(R"({"noHp":"0800000000"})")), absent);
}

TEST(ReadProbe, AProbeThatIdentifiesNothingDecidesNothing) {
  profile::Probe probe = *profile::find_route(tests::pcare_vaksin(), "vaksin/simpan")->probe;
  probe.identify.clear();
  EXPECT_EQ(
      read_probe(tests::pcare_vaksin(), probe, {&dose, nullptr, ""}, Reply{.http_status = 200, .body = listed({dose})}),
      inconclusive);
}

// --- a list in pages ---

json page_of(const std::vector<int>& numbers) {
  json entries = json::array();
  for (const int number : numbers) entries.push_back({{"no", number}, {"value", "new"}});
  return entries;
}

Exchange page(const json& entries, const json& count) {
  return Reply{.http_status = 200,
               .body = json{{"response", {{"count", count}, {"list", entries}}},
                            {"metaData", {{"message", "OK"}, {"code", 200}}}}
                           .dump()};
}

Exchange no_data() {
  return Reply{.http_status = 200, .body = R"({"response":null,"metaData":{"message":"NO_CONTENT","code":204}})"};
}

// Three a page.
const profile::Probe paged{.read = "/list/{/day}/{start}/{limit}",
                           .entries = "/response/list",
                           .paging = profile::Paging{.count = "/response/count", .size = 3},
                           .identify = {{.in_entry = "/no", .in_body = "/no"}},
                           .compare = {{.in_entry = "/value", .in_body = "/value"}},
                           .empty_codes = {204}};

TEST(PagedRead, WhatEachRowOfPagesDecides) {
  const auto first = page(page_of({1, 2, 3}), 5);
  const json ours_old = {{"no", 7}, {"value", "old"}};
  json with_old = page_of({4});
  with_old.push_back(ours_old);
  const struct {
    const char* name;
    std::vector<Exchange> pages;
    std::optional<std::uint64_t> next;  // page, by where it starts
    ProbeResult result;                 // about number 7
  } rows[] = {
      {"nothing was read", {}, 0, inconclusive},
      {"no entry at all", {page(json::array(), 0)}, std::nullopt, absent},
      {"no data, in words", {no_data()}, std::nullopt, absent},
      {"all on one page", {page(page_of({1, 2}), 2)}, std::nullopt, absent},
      {"ours on it", {page(page_of({1, 7}), 2)}, std::nullopt, found_equal},
      {"more to come", {first}, 3, inconclusive},
      {"ours is there, and more to come", {page(page_of({1, 7, 3}), 5)}, 3, found_equal},
      {"read to the end", {first, page(page_of({4, 5}), 5)}, std::nullopt, absent},
      {"ours at the end", {first, page(page_of({4, 7}), 5)}, std::nullopt, found_equal},
      {"ours with other values", {first, page(with_old, 5)}, std::nullopt, found_other},
      {"other values, and more to come", {page(json::array({ours_old}), 5)}, 1, inconclusive},
      {"fewer a page than asked for", {page(page_of({1}), 3), page(page_of({2}), 3)}, 2, inconclusive},
      {"and all of them", {page(page_of({1}), 2), page(page_of({2}), 2)}, std::nullopt, absent},
      // What was deleted on the first page has drawn another over from the second.
      {"the list got shorter", {first, page(page_of({5}), 4)}, std::nullopt, inconclusive},
      {"it got longer", {first, page(page_of({4, 5, 6}), 6)}, std::nullopt, inconclusive},
      {"longer, and ours is there", {first, page(page_of({4, 5, 7}), 6)}, std::nullopt, found_equal},
      {"longer and short again", {first, page(page_of({4, 5}), 6), page(page_of({6}), 5)}, std::nullopt, inconclusive},
      {"different in between only", {first, page(page_of({4}), 6), page(page_of({5}), 5)}, std::nullopt, absent},
      {"gone before its end", {first, page(json::array(), 5)}, std::nullopt, inconclusive},
      {"gone before its end, in words", {first, no_data()}, std::nullopt, inconclusive},
      // It might count what is on the page: only what is behind it tells.
      {"one full page", {page(page_of({1, 2, 3}), 3)}, 3, inconclusive},
      {"one full page, nothing behind", {page(page_of({1, 2, 3}), 3), page(json::array(), 3)}, std::nullopt, absent},
      {"one full page, no data behind", {page(page_of({1, 2, 3}), 3), no_data()}, std::nullopt, absent},
      {"the count was the page's", {page(page_of({1, 2, 3}), 3), page(page_of({4, 5}), 2)}, std::nullopt, inconclusive},
      {"the count was the page's, and full again",
       {page(page_of({1, 2, 3}), 3), page(page_of({4, 5, 6}), 3)},
       std::nullopt,
       inconclusive},
      {"more on it than there are", {page(page_of({1, 2}), 1)}, std::nullopt, inconclusive},
      {"no count", {page(page_of({1, 2}), nullptr)}, std::nullopt, inconclusive},
      {"no count, but ours", {page(page_of({1, 7}), nullptr)}, std::nullopt, found_equal},
      {"a count in words", {page(page_of({1, 2}), "2")}, std::nullopt, inconclusive},
      {"the second page was lost", {first, Failure::response_timeout}, std::nullopt, inconclusive},
      {"the second page is an error", {first, Reply{.http_status = 503, .body = "<html>"}}, std::nullopt, inconclusive},
      {"ours, and the second page was lost",
       {page(page_of({1, 7, 3}), 5), Failure::response_timeout},
       std::nullopt,
       found_equal},
  };
  const json ours = {{"no", 7}, {"value", "new"}, {"day", "16-08-2021"}};
  for (const auto& row : rows) {
    ProbeRead read;
    for (const auto& each : row.pages) read.take(each);
    EXPECT_EQ(read.next_start(tests::pcare_vaksin(), paged), row.next) << row.name;
    EXPECT_EQ(read.look_for(tests::pcare_vaksin(), paged, {&ours, nullptr, "0905R002"}), row.result) << row.name;
  }
}

TEST(PagedRead, ItHasAnEnd) {
  ProbeRead read;
  std::uint64_t pages = 0;
  do {
    read.take(page(page_of({1, 2, 3}), 1'000'000));
    ++pages;
  } while (read.next_start(tests::pcare_vaksin(), paged) == 3 * pages);
  EXPECT_EQ(pages, ProbeRead::most_pages);
  const json ours = {{"no", 7}, {"value", "new"}};
  EXPECT_EQ(read.look_for(tests::pcare_vaksin(), paged, {&ours, nullptr, ""}), inconclusive);
}

TEST(PagedRead, WhoHasNoPagesIsReadAtOnce) {
  ProbeRead read;
  read.take(Reply{.http_status = 200, .body = listed({dose})});
  const auto& probe = *profile::find_route(tests::pcare_vaksin(), "vaksin/simpan")->probe;
  EXPECT_EQ(read.next_start(tests::pcare_vaksin(), probe), std::nullopt);
}

TEST(ReadProbe, AStatusAloneMaySayThatNothingIsThere) {
  const json body{{"nik", "1"}, {"nama", "Uji"}};
  const struct {
    int status;
    const char* body;
    ProbeResult told;
  } rows[] = {{204, "", absent}, {204, " \r\n", absent}, {200, "", inconclusive}, {204, "<html/>", inconclusive}};
  profile::Probe probe{.entries = "/response", .identify = {{"/nik", "/nik"}}, .compare = {{"/nama", "/nama"}}};
  for (const auto& row : rows) {
    const Reply reply{.http_status = row.status, .body = row.body};
    EXPECT_EQ(read_probe(tests::pcare_vaksin(), probe, {&body, nullptr, ""}, reply), inconclusive) << row.status;
    probe.empty_statuses = {204};
    EXPECT_EQ(read_probe(tests::pcare_vaksin(), probe, {&body, nullptr, ""}, reply), row.told) << row.status;
    probe.empty_statuses.clear();
  }
}

TEST(ReadProbe, AnEntryMayKeepAFieldInOneOfSeveralPlaces) {
  const json body{{"card", "0001"}, {"date", "15-08-2026"}};
  const profile::Probe probe{.entries = "/response",
                             .identify = {{"/person/card|/card", "/card"}, {"/visited|/date", "/date"}},
                             .compare = {{"/card|/person/card", "/card"}}};
  const struct {
    const char* entry;
    ProbeResult result;
  } rows[] = {{R"({"person":{"card":"0001"},"date":"15-08-2026"})", found_equal},
              {R"({"person":{"card":""},"card":"0001","visited":"15-08-2026"})", found_equal},
              {R"({"card":"0001","visited":"16-08-2026","date":"15-08-2026"})", absent},
              {R"({"person":{"card":"0001"}})", inconclusive}};
  for (const auto& row : rows) {
    const auto reply =
        json{{"response", json::array({json::parse(row.entry)})}, {"metaData", {{"message", "OK"}, {"code", 200}}}};
    EXPECT_EQ(
        read_probe(tests::pcare_vaksin(), probe, {&body, nullptr, ""}, Reply{.http_status = 200, .body = reply.dump()}),
        row.result)
        << row.entry;
  }
}

std::optional<std::string> batch_of(int status, const std::string& body) {
  ProbeRead read;
  read.take(Reply{.http_status = status, .body = body});
  const profile::Route* route = profile::find_route(tests::pcare_vaksin(), "vaksin/simpan");
  return read.number_of(tests::pcare_vaksin(), *route->probe, {&dose, nullptr, "0905R002"},
                        {.reference = "noBatch", .in_entry = "/noBatch"});
}

TEST(ReadNumber, TheOneThatIsAboutTheRecord) {
  const json second = changed(R"({"dosis":2,"noBatch":"UJI0002"})");
  EXPECT_EQ(batch_of(200, listed({second, dose})), "UJI0001");
  EXPECT_EQ(batch_of(200, listed({dose, dose})), "UJI0001");
  EXPECT_EQ(batch_of(200, listed({changed(R"({"noBatch":7})")})), "7");
  EXPECT_EQ(batch_of(200, listed({second})), std::nullopt) << "somebody else's";
  EXPECT_EQ(batch_of(200, listed({dose, changed(R"({"noBatch":"UJI0002"})")})), std::nullopt) << "two that disagree";
  EXPECT_EQ(batch_of(200, listed({dose, changed(R"({"noBatch":null})")})), std::nullopt) << "one that does not say";
  EXPECT_EQ(batch_of(200, listed({changed(R"({"noBatch":["UJI0001"]})")})), std::nullopt) << "no single value";
  EXPECT_EQ(batch_of(200, listed(json::array())), std::nullopt);
  EXPECT_EQ(batch_of(503, listed({dose})), std::nullopt) << "an error's status";
  EXPECT_EQ(batch_of(200, "<html></html>"), std::nullopt);
}

}  // namespace
}  // namespace titip::rules
