#include "tests/bench/wire.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace titip::bench {
namespace {

std::unique_ptr<Wire> wire(const std::string& protocol) {
  return make_wire({protocol, "/pcare-vaksin/vaksin/simpan", "P0001", "2026-08-15"});
}

TEST(Payload, IsOfOnePersonADoseOf800Bytes) {
  Payload payload("2026-08-15");
  const std::string first(payload.of(7));
  const std::string second(payload.of(12'345'678));
  EXPECT_EQ(first.size(), 800U);
  EXPECT_EQ(second.size(), 800U);
  const auto document = nlohmann::json::parse(second);
  EXPECT_EQ(document["nik"], "9900000012345678");
  EXPECT_EQ(document["noTiket"], "U-12345678");
  EXPECT_EQ(document["tglVaksin"], "2026-08-15");
  EXPECT_EQ(nlohmann::json::parse(first)["nik"], "9900000000000007");
  EXPECT_EQ(payload.of(7), first);
}

TEST(Wire, KnowsNoOtherProtocol) {
  EXPECT_EQ(wire("gopher"), nullptr);
}

TEST(Http, SendsEachNumberUnderAKeyOfItsOwn) {
  std::string out;
  wire("http")->request(5, 0, out);
  EXPECT_TRUE(out.starts_with("POST /pcare-vaksin/vaksin/simpan HTTP/1.1\r\nHost: "));
  EXPECT_TRUE(out.contains("x-kdppk: P0001\r\n"));
  EXPECT_TRUE(out.contains("Idempotency-Key: \"visit-5\"\r\n"));
  EXPECT_TRUE(out.contains("Content-Length: 800\r\n\r\n{"));
}

TEST(Http, AReplyIsWholeWithItsBody) {
  const auto http = wire("http");
  const std::string whole = "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nyes";
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) EXPECT_FALSE(http->reply(whole.substr(0, bytes)));
  const auto reply = http->reply(whole + "HTTP/1.1 500");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->bytes, whole.size());
  EXPECT_TRUE(reply->accepted);
  EXPECT_FALSE(http->reply("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")->accepted);
}

TEST(Redis, AnErrorIsNoYes) {
  const auto redis = wire("redis");
  EXPECT_FALSE(redis->reply("+OK"));
  EXPECT_TRUE(redis->reply("+OK\r\n")->accepted);
  EXPECT_FALSE(redis->reply("-MISCONF cannot write\r\n")->accepted);
  std::string out;
  redis->request(5, 0, out);
  EXPECT_TRUE(out.starts_with("*3\r\n$3\r\nSET\r\n$20\r\nvisit-00000000000005\r\n$800\r\n{"));
}

TEST(Nats, TheStreamsAcknowledgementIsTheReply) {
  const auto nats = wire("nats");
  const std::string told = R"({"stream":"bench","seq":1})";
  const std::string message = "MSG inbox.3 1 " + std::to_string(told.size()) + "\r\n" + told + "\r\n";
  EXPECT_FALSE(nats->reply("INFO {}\r\nMSG inbox.3 1 26\r\n{"));
  const auto reply = nats->reply("INFO {}\r\n" + message);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->bytes, message.size() + 9);
  EXPECT_TRUE(reply->accepted);
  EXPECT_FALSE(nats->reply("MSG inbox.3 1 35\r\n{\"error\":{\"code\":503},\"stream\":\"b\"}\r\n")->accepted);
}

}  // namespace
}  // namespace titip::bench
