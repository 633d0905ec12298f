#include "upstream/scheme/bpjs_signature.h"

#include <gtest/gtest.h>

namespace titip::scheme {
namespace {

constexpr std::size_t plenty = 1U << 20U;
const Consumer consumer{"titip-tests", "synthetic"};
constexpr std::string_view timestamp = "1630000000";

TEST(BpjsSignature, TheOfficialVector) {
  EXPECT_EQ(bpjs_hmac("bbb", "aaa"), "20BKS3PWnD3XU4JbSSZvVlGi2WWnDa8Sv9uHJ+wsELA=");
}

// These two were made with Node's crypto and the reference implementation of LZ-String.
TEST(BpjsSignature, ASignatureHasAKnownAnswer) {
  EXPECT_EQ(bpjs_signature(consumer, timestamp), "svTdiMxxESw/sIcv9SfLfoXmRD31ux8YDY4nEJ59+Do=");
}

constexpr std::string_view known_reply =
    "xplPzBF38fbAQVbhcq555hsijYbqk483E9lHgXAv0bqY/jj2cHQmACZ5J2Xpb4RITplpEXiIB1++o90D8I0i1w==";
constexpr std::string_view known_json = R"({"field":"noUrut","message":"A1"})";

TEST(BpjsSignature, AReplyHasAKnownAnswer) {
  EXPECT_EQ(bpjs_decrypt(consumer, timestamp, known_reply, plenty), known_json);
  EXPECT_EQ(bpjs_encrypt(consumer, timestamp, known_json), known_reply);
}

TEST(BpjsSignature, OnlyTheRightOneVerifies) {
  const std::string right = bpjs_signature(consumer, timestamp);
  EXPECT_TRUE(bpjs_signature_is(consumer, timestamp, right));
  const struct {
    const char* name;
    Consumer by;
    std::string timestamp, signature;
  } rows[] = {
      {"another secret", {"titip-tests", "other"}, std::string(timestamp), right},
      {"another consumer", {"other", "synthetic"}, std::string(timestamp), right},
      {"another time", consumer, "1630000001", right},
      {"the same time, written otherwise", consumer, "01630000000", right},
      {"nothing", consumer, std::string(timestamp), ""},
      {"cut short", consumer, std::string(timestamp), right.substr(0, right.size() - 1)},
      {"more behind it", consumer, std::string(timestamp), right + "="},
      {"one letter", consumer, std::string(timestamp), "S" + right.substr(1)},
  };
  for (const auto& row : rows) EXPECT_FALSE(bpjs_signature_is(row.by, row.timestamp, row.signature)) << row.name;
}

TEST(BpjsSignature, Timestamps) {
  EXPECT_EQ(read_bpjs_timestamp("1630000000")->time_since_epoch().count(), 1'630'000'000);
  EXPECT_EQ(read_bpjs_timestamp("0")->time_since_epoch().count(), 0);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.5", "1e9", "1630000000000", "abc"}) {
    EXPECT_FALSE(read_bpjs_timestamp(text).has_value()) << text;
  }
}

TEST(BpjsSignature, WhatCannotBeOpenedIsRefused) {
  const std::string sealed(known_reply);
  const struct {
    const char* name;
    Consumer by;
    std::string timestamp, sealed;
  } rows[] = {
      {"another secret", {"titip-tests", "other"}, std::string(timestamp), sealed},
      {"the clinic's time instead of the attempt's", consumer, "1630000001", sealed},
      {"empty", consumer, std::string(timestamp), ""},
      {"truncated Base64", consumer, std::string(timestamp), sealed.substr(0, sealed.size() - 3)},
      {"a block missing", consumer, std::string(timestamp), sealed.substr(0, 64)},
      {"no Base64", consumer, std::string(timestamp), "<html>"},
      {"Base64 of no block", consumer, std::string(timestamp), "QUJD"},
      {"nothing but padding", consumer, std::string(timestamp), "===="},
      {"one letter", consumer, std::string(timestamp), "y" + sealed.substr(1)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(bpjs_decrypt(row.by, row.timestamp, row.sealed, plenty), std::nullopt) << row.name;
  }
  EXPECT_EQ(bpjs_decrypt(consumer, timestamp, sealed, known_json.size() - 1), std::nullopt) << "too long";
}

TEST(BpjsSignature, EveryLengthComesBack) {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string json(size, static_cast<char>('a' + size % 26));
    const auto sealed = bpjs_encrypt(consumer, timestamp, json);
    ASSERT_TRUE(sealed) << size;
    ASSERT_EQ(bpjs_decrypt(consumer, timestamp, *sealed, plenty), json) << size;
  }
  EXPECT_EQ(bpjs_encrypt(consumer, timestamp, "\xff"), std::nullopt) << "not UTF-8";
}

}  // namespace
}  // namespace titip::scheme
