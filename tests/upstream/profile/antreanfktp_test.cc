// What the profile of the clinics' queues promises to the rest of the house.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/upstream/shipped_profile.h"
#include "upstream/profile/envelope.h"
#include "upstream/profile/values.h"

namespace titip::profile {
namespace {

const Profile& antrean() {
  return tests::shipped_profile("antreanfktp");
}

TEST(Antreanfktp, IsTheServiceThatItDescribes) {
  EXPECT_EQ(antrean().mount, "/antreanfktp");
  EXPECT_EQ(antrean().scheme.kind, SchemeKind::bpjs_signature);
  EXPECT_EQ(antrean().scheme.encrypted_replies, EncryptedReplies::by_user_key);
  EXPECT_EQ(write_envelope(antrean().envelope, 200, "Ok", ""),
            R"({"response":null,"metadata":{"message":"Ok","code":200}})");
  EXPECT_NE(match(antrean(), "GET", antrean().health_read).route, nullptr);
}

TEST(Antreanfktp, Routes) {
  const struct {
    const char* method;
    const char* path;
    const char* id;
    Action action;
  } rows[] = {{"POST", "/antrean/add", "antrean/add", Action::queue},
              {"POST", "/antrean/panggil/", "antrean/panggil", Action::queue},
              {"POST", "/Antrean/Batal", "antrean/batal", Action::queue},
              {"GET", "/ref/poli/tanggal/2026-08-15", "ref/poli", Action::cache},
              {"GET", "/ref/dokter/kodepoli/001/tanggal/2026-08-15", "ref/dokter", Action::cache}};
  EXPECT_EQ(antrean().routes.size(), std::size(rows));
  for (const auto& row : rows) {
    SCOPED_TRACE(row.path);
    const RouteMatch found = match(antrean(), row.method, row.path);
    ASSERT_NE(found.route, nullptr);
    EXPECT_EQ(found.route->id, row.id);
    EXPECT_EQ(found.route->action, row.action);
  }
}

TEST(Antreanfktp, APersonsCallsKeepTheirOrderWhoeverTheyAre) {
  const auto line = [](const char* text) {
    const auto body = nlohmann::json::parse(text);
    return value_of({&body, nullptr, "0114A026"}, find_route(antrean(), "antrean/add")->ordering_key.front());
  };
  EXPECT_EQ(line(R"({"nomorkartu":"0001113569638","nik":"3374015708900001"})"), "0001113569638");
  EXPECT_EQ(line(R"({"nomorkartu":"","nik":"3374015708900001"})"), "3374015708900001");
  EXPECT_EQ(line("{}"), "0114A026");
  for (const char* id : {"antrean/add", "antrean/panggil", "antrean/batal"}) {
    const Route* route = find_route(antrean(), id);
    ASSERT_NE(route, nullptr) << id;
    EXPECT_TRUE(route->natural_key.empty()) << id << ": who cancels may queue again";
    EXPECT_EQ(route->after_unknown, AfterUnknown::repeat) << id;
    EXPECT_EQ(route->acknowledgement.code, 200) << id;
    EXPECT_EQ(acknowledgement_response(route->acknowledgement, "R", "I"), R"({"field":"receipt","message":"R"})");
  }
}

}  // namespace
}  // namespace titip::profile
