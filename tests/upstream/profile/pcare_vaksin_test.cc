// What the shipped profile promises to the rest of the house.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/upstream/shipped_profile.h"

namespace titip::profile {
namespace {

TEST(PcareVaksin, IsTheServiceThatItDescribes) {
  const Profile& loaded = tests::pcare_vaksin();
  EXPECT_EQ(loaded.name, "pcare-vaksin");
  EXPECT_EQ(loaded.mount, "/pcare-vaksin");
  EXPECT_EQ(loaded.scheme.kind, SchemeKind::facility_login);
  EXPECT_EQ(loaded.scheme.facility_header, "x-kdppk");
  EXPECT_EQ(loaded.scheme.login_facility_pointer, "/response/kdPpk");
  EXPECT_EQ(loaded.health_read, "/referensi/jenisvaksin");
  EXPECT_EQ(loaded.utc_offset, std::chrono::hours(7));
  EXPECT_GE(loaded.fixtures.size(), 25U);
}

TEST(PcareVaksin, Routes) {
  const struct {
    const char* method;
    const char* path;
    const char* id;
    Action action;
  } rows[] = {
      {"POST", "/login", "login", Action::login},
      {"GET", "/tiket/nik/3374015708900001", "tiket/nik", Action::proxy},
      {"GET", "/tiket/jenis/1/nopencarian/A-01J783G1/tanggal/2021-08-16", "tiket/jenis", Action::proxy},
      {"POST", "/sasaran/simpan", "sasaran/simpan", Action::queue},
      {"PUT", "/sasaran/update", "sasaran/update", Action::queue},
      {"POST", "/vaksin/simpan/", "vaksin/simpan", Action::queue},
      {"PUT", "/vaksin/ubah", "vaksin/ubah", Action::queue},
      {"GET", "/datavaksin/notiket/A-01J783G1", "datavaksin/notiket", Action::proxy},
      {"GET", "/datavaksin/tanggal/2021-08-16", "datavaksin/tanggal", Action::proxy},
      {"GET", "/referensi/kategorisasaran", "referensi/kategorisasaran", Action::proxy},
      {"GET", "/referensi/jenisvaksin", "referensi/jenisvaksin", Action::proxy},
      {"GET", "/referensi/keluhan", "referensi/keluhan", Action::proxy},
      {"GET", "/referensi/alasan", "referensi/alasan", Action::proxy},
  };
  EXPECT_EQ(tests::pcare_vaksin().routes.size(), std::size(rows));
  for (const auto& row : rows) {
    SCOPED_TRACE(row.path);
    const RouteMatch found = match(tests::pcare_vaksin(), row.method, row.path);
    ASSERT_NE(found.route, nullptr);
    EXPECT_EQ(found.route->id, row.id);
    EXPECT_EQ(found.route->action, row.action);
  }
}

TEST(PcareVaksin, WritesAreProbedByAllTheyChangeButTheReasonForLateness) {
  for (const char* id : {"sasaran/simpan", "sasaran/update", "vaksin/simpan", "vaksin/ubah"}) {
    SCOPED_TRACE(id);
    const Route* route = find_route(tests::pcare_vaksin(), id);
    ASSERT_NE(route, nullptr);
    EXPECT_EQ(route->update, route->method == "PUT");
    EXPECT_EQ(route->natural_key.empty(), route->update);
    EXPECT_EQ(route->acknowledgement.http_status, route->update ? 200 : 201);
    EXPECT_EQ(route->acknowledgement.code, route->update ? 200 : 201);
    EXPECT_EQ(route->acknowledgement.message, route->update ? "OK" : "CREATED");
    EXPECT_EQ(route->acknowledgement.response_template, R"({"id":"{id}","receipt":"{receipt}"})");
    ASSERT_TRUE(route->probe.has_value());
    for (const FieldPair& pair : route->probe->compare) {
      EXPECT_NE(pair.in_entry, "/alasan");
    }
  }
  const Route* dose = find_route(tests::pcare_vaksin(), "vaksin/simpan");
  EXPECT_EQ(dose->business_date, "/tglVaksin");
  EXPECT_EQ(dose->on_conflict, OnConflict::queue_behind);
  EXPECT_EQ(dose->natural_key, (std::vector<std::string>{"/nik|/noTiket", "/dosis"}));
  ASSERT_TRUE(dose->late_entry.has_value());
  EXPECT_EQ(dose->late_entry->reason_pointer, "/alasan");
  EXPECT_FALSE(dose->deadline) << "a late entry has its reason instead";
  const Route* change = find_route(tests::pcare_vaksin(), "vaksin/ubah");
  ASSERT_TRUE(change->deadline.has_value());
  EXPECT_EQ(change->deadline->when_missed, WhenMissed::send);
  EXPECT_EQ(find_route(tests::pcare_vaksin(), "vaksin/hapus"), nullptr);
}

}  // namespace
}  // namespace titip::profile
