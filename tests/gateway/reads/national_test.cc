#include "gateway/reads/national.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace titip::reads {
namespace {

using nlohmann::json;

const profile::Envelope pcare{"/response", "/metaData/code", "/metaData/message"};

TEST(National, our_answers_stand_in_the_services_own_envelope) {
  struct Row {
    const char* name;
    profile::Envelope shape;
    std::string response;
    const char* expected;
  };
  const Row rows[] = {
      {"without a response", pcare, "", R"({"response":null,"metaData":{"message":"OK","code":201}})"},
      {"with one", pcare, R"({"receipt":"ABC"})",
       R"({"response":{"receipt":"ABC"},"metaData":{"message":"OK","code":201}})"},
      {"one that is no JSON", pcare, "{", R"({"response":null,"metaData":{"message":"OK","code":201}})"},
      {"spelt otherwise",
       {"/response", "/metadata/code", "/metadata/message"},
       "[1]",
       R"({"response":[1],"metadata":{"message":"OK","code":201}})"},
      {"flat", {"/data", "/code", "/message"}, "", R"({"data":null,"message":"OK","code":201})"},
  };
  for (const auto& row : rows) EXPECT_EQ(envelope(row.shape, 201, "OK", row.response), row.expected) << row.name;
}

TEST(National, a_message_with_anything_in_it_stays_json) {
  const auto text = envelope(pcare, 500, "q\"\\\n\xff");
  const auto document = json::parse(text, nullptr, false);
  ASSERT_TRUE(document.is_object()) << text;
  EXPECT_TRUE(document.at("metaData").at("message").get<std::string>().starts_with("q\"\\\n"));
}

TEST(National, faults_are_worded_as_the_service_words_its_own) {
  EXPECT_EQ(fault_envelope(pcare, 422, "no", {{"/nik", "missing"}, {"/dosis", "bad"}}),
            R"({"response":[{"field":"/nik","message":"missing"},{"field":"/dosis","message":"bad"}],)"
            R"("metaData":{"message":"no","code":422}})");
  EXPECT_EQ(fault_envelope(pcare, 404, "no", {}), R"({"response":null,"metaData":{"message":"no","code":404}})");
}

}  // namespace
}  // namespace titip::reads
