#include "upstream/profile/envelope.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace titip::profile {
namespace {

const Envelope shape{
    .response_pointer = "/response", .code_pointer = "/metaData/code", .message_pointer = "/metaData/message"};

TEST(ReadEnvelope, Table) {
  const struct {
    const char* name;
    const char* body;
    std::optional<int> code;
    const char* all_text;
  } rows[] = {
      {"plain", R"({"response":{"a":1},"metaData":{"message":"OK","code":200}})", 200, "OK"},
      {"code as text", R"({"response":null,"metaData":{"message":"OK","code":"201"}})", 201, "OK"},
      {"no response", R"({"metaData":{"message":"x","code":412}})", 412, "x"},
      {"no message", R"({"metaData":{"code":204}})", 204, ""},
      {"message null", R"({"metaData":{"code":204,"message":null}})", 204, ""},
      {"words in an array",
       R"({"response":[{"field":"f","message":"a"},{"message":"b"},{"message":3},4],"metaData":{"message":"m","code":1}})",
       1, "m\na\nb"},
      {"words in an object", R"({"response":{"message":"a"},"metaData":{"message":"m","code":1}})", 1, "m\na"},
      {"an encrypted response", R"({"response":"c2VjcmV0","metaData":{"message":"OK","code":200}})", 200, "OK"},
      {"no code", R"({"response":null,"metaData":{"message":"OK"}})", std::nullopt, ""},
      {"code null", R"({"metaData":{"message":"OK","code":null}})", std::nullopt, ""},
      {"code true", R"({"metaData":{"message":"OK","code":true}})", std::nullopt, ""},
      {"code 200.5", R"({"metaData":{"message":"OK","code":200.5}})", std::nullopt, ""},
      {"code in words", R"({"metaData":{"message":"OK","code":"OK"}})", std::nullopt, ""},
      {"code with a tail", R"({"metaData":{"message":"OK","code":"200 "}})", std::nullopt, ""},
      {"code empty", R"({"metaData":{"message":"OK","code":""}})", std::nullopt, ""},
      {"code negative", R"({"metaData":{"message":"OK","code":-1}})", std::nullopt, ""},
      {"code huge", R"({"metaData":{"message":"OK","code":99999999999}})", std::nullopt, ""},
      {"message no text", R"({"metaData":{"message":{},"code":200}})", std::nullopt, ""},
      {"other spelling", R"({"metadata":{"message":"OK","code":200}})", std::nullopt, ""},
      {"array", R"([{"metaData":{"message":"OK","code":200}}])", std::nullopt, ""},
      {"HTML", "<html></html>", std::nullopt, ""},
      {"empty", "", std::nullopt, ""},
      {"cut off", R"({"metaData":{"message":"OK","code":200})", std::nullopt, ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto view = read_envelope(shape, row.body);
    ASSERT_EQ(view.has_value(), row.code.has_value());
    if (view) {
      EXPECT_EQ(view->code, *row.code);
      EXPECT_EQ(view->all_text, row.all_text);
    }
  }
}

TEST(WriteEnvelope, IsReadBackAsWritten) {
  const std::string written = write_envelope(shape, 201, "CREATED \"quoted\"", R"({"receipt":"R-1"})");
  EXPECT_EQ(nlohmann::json::parse(written),
            nlohmann::json::parse(
                R"({"response":{"receipt":"R-1"},"metaData":{"message":"CREATED \"quoted\"","code":201}})"));
  EXPECT_EQ(read_envelope(shape, written)->code, 201);
  EXPECT_EQ(nlohmann::json::parse(write_envelope(shape, 503, "x", ""))["response"], nullptr);
}

TEST(Acknowledgement, FillsStringsOnlyOnce) {
  const Acknowledgement acknowledgement{
      .message = "CREATED", .response_template = R"([{"field":"no","message":"{receipt}"},"{id} {id} {x}",7])"};
  EXPECT_EQ(acknowledgement_response(acknowledgement, "{id}\"", "01H"),
            R"([{"field":"no","message":"{id}\""},"01H 01H {x}",7])");
  EXPECT_EQ(acknowledgement_response({}, "R", "I"), "");
}

TEST(ContainsText, AnyCase) {
  EXPECT_TRUE(contains_text("PESERTA Sudah di-entri.", "peserta sudah DI-ENTRI"));
  EXPECT_TRUE(contains_text("x", ""));
  EXPECT_TRUE(contains_text("", ""));
  EXPECT_FALSE(contains_text("", "x"));
  EXPECT_FALSE(contains_text("belum di-entri", "sudah di-entri"));
}

TEST(AcknowledgementResponse, NumbersStandWhereTheProfileHasThem) {
  const Acknowledgement told{.response_template =
                                 R"([{"field":"noUrut","message":"{reference:noUrut}"},"{receipt}/{id}"])"};
  EXPECT_EQ(acknowledgement_response(told, "R", "I", {{"noUrut", "T0{id}"}}),
            R"([{"field":"noUrut","message":"T0{id}"},"R/I"])");
  EXPECT_EQ(acknowledgement_response(told, "R", "I", {{"noKunjungan", "1"}}), "") << "no empty number is given out";
}

}  // namespace
}  // namespace titip::profile
