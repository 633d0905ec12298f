// What the two profiles of P-Care REST promise to the rest of the house: the era since 2022 and the one before have the
// same calls and differ in where they are and whether replies are encrypted.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/upstream/shipped_profile.h"
#include "upstream/profile/chains.h"
#include "upstream/profile/envelope.h"
#include "upstream/profile/numbers.h"

namespace titip::profile {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

class PcareRest : public testing::TestWithParam<const char*> {
 protected:
  const Profile& profile() const { return tests::shipped_profile(GetParam()); }
  const Route& route(const char* id) const {
    const Route* found = find_route(profile(), id);
    EXPECT_NE(found, nullptr) << id;
    static const Route none;
    return found == nullptr ? none : *found;
  }
};

INSTANTIATE_TEST_SUITE_P(Eras, PcareRest, testing::Values("pcare-rest", "pcare-rest-v3"), [](const auto& era) {
  return std::string(era.param) == "pcare-rest" ? "since2022" : "until2021";
});

TEST(PcareRestEras, DifferInPlaceAndEncryption) {
  const Profile& now = tests::shipped_profile("pcare-rest");
  const Profile& then = tests::shipped_profile("pcare-rest-v3");
  EXPECT_EQ(now.mount, "/pcare-rest");
  EXPECT_EQ(then.mount, "/pcare-rest-v3.0");
  EXPECT_EQ(now.scheme.encrypted_replies, EncryptedReplies::by_user_key);
  EXPECT_EQ(then.scheme.encrypted_replies, EncryptedReplies::never);
  json first = json::parse(tests::shipped_profile_text("pcare-rest"), nullptr, true, true);
  json second = json::parse(tests::shipped_profile_text("pcare-rest-v3"), nullptr, true, true);
  for (const char* key : {"routes", "rules", "references", "envelope", "health_read", "date_format", "path_case"}) {
    EXPECT_EQ(first.at(key), second.at(key)) << key << ": a change in one is a change in the other";
  }
}

TEST_P(PcareRest, IsTheServiceThatItDescribes) {
  EXPECT_EQ(profile().name, GetParam());
  EXPECT_EQ(profile().scheme.kind, SchemeKind::bpjs_signature);
  EXPECT_EQ(profile().envelope.code_pointer, "/metaData/code");
  EXPECT_EQ(profile().date_format, DateFormat::day_first);
  EXPECT_TRUE(profile().ignores_path_case);
  EXPECT_EQ(profile().utc_offset, std::chrono::hours(7));
  EXPECT_NE(match(profile(), "GET", profile().health_read).route, nullptr);
}

TEST_P(PcareRest, Routes) {
  const struct {
    const char* method;
    const char* path;
    const char* id;
    Action action;
  } rows[] = {
      {"POST", "/pendaftaran", "pendaftaran", Action::queue},
      {"POST", "/pendaftaran/", "pendaftaran", Action::queue},
      {"DELETE", "/pendaftaran/peserta/0001113569638/tglDaftar/15-08-2026/noUrut/A1/kdPoli/001", "pendaftaran/hapus",
       Action::queue},
      {"POST", "/kunjungan/v1", "kunjungan/v1", Action::queue},
      {"POST", "/kunjungan/V1", "kunjungan/v1", Action::queue},
      {"PUT", "/kunjungan/v1", "kunjungan/v1/ubah", Action::queue},
      {"POST", "/kunjungan", "kunjungan", Action::queue},
      {"PUT", "/kunjungan", "kunjungan/ubah", Action::queue},
      {"DELETE", "/kunjungan/0114A0260815Y000003", "kunjungan/hapus", Action::queue},
      {"POST", "/obat/kunjungan", "obat", Action::queue},
      {"DELETE", "/obat/205265/kunjungan/0114A0260815Y000003", "obat/hapus", Action::queue},
      {"POST", "/tindakan", "tindakan", Action::queue},
      {"PUT", "/tindakan", "tindakan/ubah", Action::queue},
      {"DELETE", "/tindakan/7/kunjungan/0114A0260815Y000003", "tindakan/hapus", Action::queue},
      {"POST", "/MCU", "mcu", Action::queue},
      {"PUT", "/mcu", "mcu/ubah", Action::queue},
      {"DELETE", "/mcu/34/kunjungan/0114A0260815Y000003", "mcu/hapus", Action::queue},
      {"POST", "/kelompok/kegiatan", "kelompok/kegiatan", Action::queue},
      {"DELETE", "/kelompok/kegiatan/15080000017", "kelompok/kegiatan/hapus", Action::queue},
      {"POST", "/kelompok/peserta", "kelompok/peserta", Action::queue},
      {"DELETE", "/kelompok/peserta/15080000017/0001113569638", "kelompok/peserta/hapus", Action::queue},
      {"GET", "/peserta/0001113569638", "peserta", Action::cache},
      {"GET", "/peserta/nik/3374015708900001", "peserta/nik", Action::cache},
      {"GET", "/peserta/noka/0001113569638", "peserta/noka", Action::cache},
      {"GET", "/kunjungan/peserta/0001113569638", "kunjungan/peserta", Action::proxy},
      {"GET", "/kunjungan/rujukan/0114A0260815P000003", "kunjungan/rujukan", Action::proxy},
      {"GET", "/pendaftaran/noUrut/A1/tglDaftar/15-08-2026", "pendaftaran/nourut", Action::proxy},
      {"GET", "/pendaftaran/tglDaftar/15-08-2026/0/10", "pendaftaran/daftar", Action::cache},
      {"GET", "/obat/dpho/para/0/10", "obat/dpho", Action::cache},
      {"GET", "/obat/kunjungan/0114A0260815Y000003", "obat/kunjungan", Action::proxy},
      {"GET", "/tindakan/kdTkp/10/0/10", "tindakan/kdtkp", Action::cache},
      {"GET", "/tindakan/kunjungan/0114A0260815Y000003", "tindakan/kunjungan", Action::proxy},
      {"GET", "/MCU/kunjungan/0114A0260815Y000003", "mcu/kunjungan", Action::proxy},
      {"GET", "/diagnosa/J0/0/10", "diagnosa", Action::cache},
      {"GET", "/dokter/0/10", "dokter", Action::cache},
      {"GET", "/poli/fktp/0/10", "poli/fktp", Action::cache},
      {"GET", "/provider/0/10", "provider", Action::cache},
      {"GET", "/kesadaran", "kesadaran", Action::cache},
      {"GET", "/prognosa", "prognosa", Action::cache},
      {"GET", "/alergi/jenis/01", "alergi/jenis", Action::cache},
      {"GET", "/statuspulang/rawatInap/false", "statuspulang/rawatinap", Action::cache},
      {"GET", "/spesialis", "spesialis", Action::cache},
      {"GET", "/spesialis/sarana", "spesialis/sarana", Action::cache},
      {"GET", "/spesialis/khusus", "spesialis/khusus", Action::cache},
      {"GET", "/spesialis/ANA/subspesialis", "spesialis/subspesialis", Action::cache},
      {"GET", "/spesialis/rujuk/subspesialis/3/sarana/1/tglEstRujuk/20-08-2026", "spesialis/rujuk/subspesialis",
       Action::proxy},
      {"GET", "/spesialis/rujuk/khusus/HDL/noKartu/0001113569638/tglEstRujuk/20-08-2026", "spesialis/rujuk/khusus",
       Action::proxy},
      {"GET", "/spesialis/rujuk/khusus/THA/subspesialis/3/noKartu/0001113569638/tglEstRujuk/20-08-2026",
       "spesialis/rujuk/khusus/subspesialis", Action::proxy},
      {"GET", "/skrinning/rekap", "skrinning/1", Action::proxy},
      {"GET", "/skrinning/peserta/0001113569638", "skrinning/2", Action::proxy},
      {"GET", "/skrinning/prolanis/dm/0", "skrinning/3", Action::proxy},
      {"GET", "/skrinning/prolanis/dm/0/10", "skrinning/4", Action::proxy},
      {"GET", "/skrinning/prolanis/dm/1/0/10", "skrinning/5", Action::proxy},
      {"GET", "/kelompok/club/01", "kelompok/club", Action::cache},
      {"GET", "/kelompok/kegiatan/01-08-2026", "kelompok/kegiatan/bulan", Action::proxy},
      {"GET", "/kelompok/peserta/15080000017", "kelompok/peserta/daftar", Action::proxy},
  };
  std::set<std::string> ids;
  for (const auto& row : rows) {
    SCOPED_TRACE(row.path);
    const RouteMatch found = match(profile(), row.method, row.path);
    ASSERT_NE(found.route, nullptr);
    EXPECT_EQ(found.route->id, row.id);
    EXPECT_EQ(found.route->action, row.action);
    ids.insert(row.id);
  }
  EXPECT_EQ(ids.size(), profile().routes.size()) << "a route without a row here";
  EXPECT_EQ(match(profile(), "POST", "/kesadaran").route, nullptr);
}

TEST_P(PcareRest, WhoIsLookedUpIsNobodyElsesAnswer) {
  for (const Route& each : profile().routes) {
    if (!each.cache) continue;
    SCOPED_TRACE(each.id);
    const bool names_a_person = each.path.contains("{noKartu}") || each.path.contains("{nik}");
    EXPECT_EQ(each.cache->personal, names_a_person || each.completion.has_value());
    if (each.cache->shared) EXPECT_GE(each.cache->stale, std::chrono::days(7)) << "an outage may last a week";
  }
}

TEST_P(PcareRest, AnAcknowledgementLooksLikeTheRealAnswer) {
  const Numbers numbers{{"noUrut", "T0042"}, {"noKunjungan", "0114A0260826T123456"}, {"kdObatSK", "T00000001"}};
  const struct {
    const char* id;
    int status;
    const char* response;
  } rows[] = {
      {"pendaftaran", 201, R"({"field":"noUrut","message":"T0042"})"},
      {"kunjungan/v1", 201, R"([{"field":"noKunjungan","message":"0114A0260826T123456"}])"},
      {"kunjungan", 201, R"({"field":"noKunjungan","message":"0114A0260826T123456"})"},
      {"kunjungan/v1/ubah", 200, R"([{"field":"noKunjungan","message":"0114A0260826T123456"}])"},
      {"kunjungan/ubah", 200, R"({"field":"noKunjungan","message":"0114A0260826T123456"})"},
      {"kunjungan/hapus", 200, R"({"field":"noKunjungan","message":"0114A0260826T123456"})"},
      {"pendaftaran/hapus", 200, R"({"field":"noUrut","message":"T0042"})"},
      {"obat", 201, R"({"field":"kdObatSK","message":"T00000001"})"},
      {"obat/hapus", 200, R"({"field":"kdObatSK","message":"T00000001"})"},
  };
  for (const auto& row : rows) {
    const auto& told = route(row.id).acknowledgement;
    EXPECT_EQ(told.http_status, row.status) << row.id;
    EXPECT_EQ(told.code, row.status) << row.id;
    EXPECT_EQ(acknowledgement_response(told, "R", "I", numbers), row.response);
  }
  for (const Route& each : profile().routes) {
    if (each.action != Action::queue) continue;
    const int status = each.method == "POST" ? 201 : 200;
    EXPECT_EQ(each.acknowledgement.http_status, status) << each.id;
    EXPECT_EQ(each.acknowledgement.code, status) << each.id;
    EXPECT_NE(each.acknowledgement.response_template, "") << each.id << ": some clients take null for a failure";
  }
}

TEST_P(PcareRest, AVisitNeedsItsRegistrationAndItsItemsQuoteIt) {
  const json body =
      json::parse(R"({"noKartu":"0001113569638","tglDaftar":"15-08-2026","kdPoli":"001","noKunjungan":null})");
  const std::map<std::string, std::string, std::less<>> nothing;
  const RequestView request{&body, &nothing, "0114A026"};
  const auto registered = read_chain(profile().date_format, route("pendaftaran"), request);
  ASSERT_TRUE(registered);
  ASSERT_EQ(registered->yields.size(), 1U);
  EXPECT_EQ(registered->yields[0].scope, (Texts{"2026-08-15", "001"}));
  for (const char* id : {"kunjungan/v1", "kunjungan"}) {
    const auto visit = read_chain(profile().date_format, route(id), request);
    ASSERT_TRUE(visit) << id;
    ASSERT_EQ(visit->requirements.size(), 1U) << id;
    EXPECT_EQ(visit->requirements[0].route, "pendaftaran");
    EXPECT_EQ(visit->requirements[0].identity, registered->provides) << id;
    EXPECT_TRUE(visit->quotes.empty()) << "null quotes nothing";
    EXPECT_EQ(route(id).natural_key, route("pendaftaran").natural_key);
    EXPECT_EQ(route(id).business_date, "/tglDaftar");
  }
  const json item = json::parse(R"({"noKunjungan":"0114A0260826T123456","kdObatSK":0,"kdTindakanSK":0,"kdMCU":0})");
  for (const char* id : {"obat", "tindakan", "mcu", "kunjungan/v1/ubah", "kunjungan/ubah"}) {
    const auto chain = read_chain(profile().date_format, route(id), {&item, &nothing, "0114A026"});
    ASSERT_TRUE(chain) << id;
    ASSERT_EQ(chain->quotes.size(), 1U) << id;
    EXPECT_EQ(chain->quotes[0].number, "0114A0260826T123456") << id;
    EXPECT_EQ(route(id).ordering_from, "noKunjungan") << id;
    EXPECT_TRUE(route(id).natural_key.empty()) << id;
  }
}

TEST_P(PcareRest, ADeletionTakesBackWhatItQuotes) {
  const struct {
    const char* path;
    const char* reference;
    const char* number;
    Texts scope;
  } rows[] = {
      {"/pendaftaran/peserta/0001113569638/tglDaftar/15-08-2026/noUrut/T0042/kdPoli/001",
       "noUrut",
       "T0042",
       {"2026-08-15", "001"}},
      {"/kunjungan/0114A0260826T123456", "noKunjungan", "0114A0260826T123456", {}},
      {"/obat/T00000001/kunjungan/0114A0260826T123456", "kdObatSK", "T00000001", {}},
      {"/tindakan/T00000001/kunjungan/0114A0260826T123456", "kdTindakanSK", "T00000001", {}},
      {"/MCU/T00000001/kunjungan/0114A0260826T123456", "kdMCU", "T00000001", {}},
      {"/kelompok/kegiatan/T0000000001", "eduId", "T0000000001", {}},
  };
  const json nothing = json::object();
  for (const auto& row : rows) {
    SCOPED_TRACE(row.path);
    const RouteMatch found = match(profile(), "DELETE", row.path);
    ASSERT_NE(found.route, nullptr);
    EXPECT_EQ(found.route->after_unknown, AfterUnknown::repeat);
    ASSERT_TRUE(found.route->takes_back);
    EXPECT_EQ(found.route->takes_back->reference, row.reference);
    const auto chain = read_chain(profile().date_format, *found.route, {&nothing, &found.parameters, "0114A026"});
    ASSERT_TRUE(chain);
    ASSERT_FALSE(chain->quotes.empty());
    EXPECT_EQ(chain->quotes[0].reference, row.reference);
    EXPECT_EQ(chain->quotes[0].number, row.number);
    EXPECT_EQ(chain->quotes[0].scope, row.scope);
  }
  const RouteMatch member = match(profile(), "DELETE", "/kelompok/peserta/15080000017/0001113569638");
  const auto chain = read_chain(profile().date_format, *member.route, {&nothing, &member.parameters, "0114A026"});
  ASSERT_TRUE(chain && chain->takes_back);
  EXPECT_EQ(chain->takes_back->route, "kelompok/peserta");
  EXPECT_EQ(chain->takes_back->identity, (Texts{"15080000017", "0001113569638"}));
}

TEST_P(PcareRest, TheDaysListIsCompletedWithWhatWaits) {
  const Route& list = route("pendaftaran/daftar");
  ASSERT_TRUE(list.completion);
  EXPECT_EQ(list.completion->route, "pendaftaran");
  EXPECT_EQ(list.completion->list, route("pendaftaran").probe->entries);
  const auto entry = json::parse(list.completion->entry_template);
  EXPECT_EQ(entry["noUrut"], "{reference:noUrut}");
  EXPECT_EQ(entry["peserta"]["noKartu"], "{/noKartu}");
  EXPECT_EQ(entry["poli"]["kdPoli"], "{/kdPoli}");
}

TEST_P(PcareRest, AQuestionAsksForTheDayAndThePerson) {
  const json body = json::parse(R"({"noKartu":"0001113569638","tglDaftar":"15-08-2026","kdPoli":"001",
                                    "noKunjungan":"0114A0260826Y000001","eduId":"15080000017"})");
  const std::map<std::string, std::string, std::less<>> page{{"start", "0"}, {"limit", "200"}};
  const struct {
    const char* id;
    const char* path;
  } rows[] = {
      {"pendaftaran", "/pendaftaran/tglDaftar/15-08-2026/0/200"}, {"kunjungan/v1", "/kunjungan/peserta/0001113569638"},
      {"kunjungan", "/kunjungan/peserta/0001113569638"},          {"obat", "/obat/kunjungan/0114A0260826Y000001"},
      {"tindakan", "/tindakan/kunjungan/0114A0260826Y000001"},    {"mcu", "/MCU/kunjungan/0114A0260826Y000001"},
      {"kelompok/peserta", "/kelompok/peserta/15080000017"}};
  for (const auto& row : rows) {
    ASSERT_TRUE(route(row.id).probe) << row.id;
    const auto path = fill_path(route(row.id).probe->read, {&body, &page, "0114A026"});
    EXPECT_EQ(path, row.path);
    EXPECT_NE(match(profile(), "GET", path.value_or("")).route, nullptr) << "a clinic may ask it too";
  }
  for (const Route& each : profile().routes) {
    if (each.method != "PUT" && each.method != "DELETE") continue;
    EXPECT_EQ(each.after_unknown, AfterUnknown::repeat) << each.id;
  }
}

TEST_P(PcareRest, ProvisionalNumbersAreNoRealOnes) {
  const std::map<std::string, std::vector<const char*>> real{
      {"noUrut", {"A1", "B12", "T1", "T10", "T999"}},
      {"noKunjungan", {"0114A0260815Y000003", "0114A0260815P000003"}},
      {"kdObatSK", {"1", "205265"}},
      {"kdTindakanSK", {"4711"}},
      {"kdMCU", {"34"}},
      {"eduId", {"15080000017"}}};
  EXPECT_EQ(profile().references.size(), real.size());
  for (const ReferenceKind& kind : profile().references) {
    for (const char* number : real.at(kind.name)) EXPECT_FALSE(is_provisional(kind, "", number)) << number;
    const auto made = make_provisional(kind, "0114A026", "2026-08-15", 4711);
    EXPECT_TRUE(is_provisional(kind, "0114A026", made)) << made;
    const auto wide = make_provisional(kind, "0114A026", "2026-08-15", ~std::uint64_t{0}, Filled::letters_too);
    EXPECT_TRUE(is_provisional(kind, "0114A026", wide)) << wide;
    EXPECT_EQ(wide.size(), made.size());
  }
}

}  // namespace
}  // namespace titip::profile
