#include "upstream/profile/prerendered.h"

#include <gtest/gtest.h>

#include "tests/upstream/shipped_profile.h"
#include "upstream/profile/envelope.h"

namespace titip::profile {
namespace {

constexpr std::string_view receipt = "7K3M9QXW2T5VBN8RJ4PD6HFCZA";
constexpr std::string_view id = "01FD8Z6J5S0123456789ABCDEF";

std::string written(const Envelope& shape, const Acknowledgement& told) {
  return write_envelope(shape, told.code, told.message, acknowledgement_response(told, receipt, id));
}

TEST(Prerendered, says_what_is_written_each_time) {
  const auto& profile = tests::pcare_vaksin();
  int routes = 0;
  for (const auto& route : profile.routes) {
    if (route.action != Action::queue) continue;
    const auto made = Prerendered::of(profile.envelope, route.acknowledgement);
    ASSERT_TRUE(made) << route.id;
    EXPECT_EQ(made->with(receipt, id), written(profile.envelope, route.acknowledgement)) << route.id;
    ++routes;
  }
  EXPECT_GE(routes, 4);
}

TEST(Prerendered, fills_every_place_in_any_order) {
  const Envelope& shape = tests::pcare_vaksin().envelope;
  const Acknowledgement told{.http_status = 200,
                             .code = 200,
                             .message = "Simpan \"OK\"",
                             .response_template = R"({"b":"{id}/{receipt}/{id}","a":["{receipt}",1,null]})"};
  const auto made = Prerendered::of(shape, told);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->with(receipt, id), written(shape, told));
  EXPECT_NE(made->with(receipt, id)->find(id), std::string::npos);
  EXPECT_NE(made->with("OTHER", id), made->with(receipt, id));
}

TEST(Prerendered, a_template_without_places_is_said_as_it_is) {
  const Envelope& shape = tests::pcare_vaksin().envelope;
  const Acknowledgement told{.http_status = 200, .code = 200, .message = "OK", .response_template = ""};
  const auto made = Prerendered::of(shape, told);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->with(receipt, id), written(shape, told));
}

TEST(Prerendered, numbers_are_for_each_record_anew) {
  const Acknowledgement told{
      .http_status = 201, .code = 201, .message = "CREATED", .response_template = R"({"noUrut":"{reference:noUrut}"})"};
  EXPECT_FALSE(Prerendered::of(tests::pcare_vaksin().envelope, told));
}

TEST(Prerendered, what_would_have_to_be_escaped_is_not_filled_in) {
  const auto& profile = tests::pcare_vaksin();
  const auto made = Prerendered::of(profile.envelope, find_route(profile, "vaksin/simpan")->acknowledgement);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->with("a\"b", id));
  EXPECT_FALSE(made->with(receipt, "a\nb"));
}

}  // namespace
}  // namespace titip::profile
