#include "tests/capacity/national_server.h"

#include <gtest/gtest.h>

#include <deque>

namespace titip::capacity {
namespace {

class Loop final : public storage::Home {
 public:
  void post(std::move_only_function<void()> work) override { work_.push_back(std::move(work)); }
  void run() {
    for (; !work_.empty(); work_.pop_front()) work_.front()();
  }

 private:
  std::deque<std::move_only_function<void()>> work_;
};

class NationalServerTest : public testing::Test {
 protected:
  int post(std::string body) {
    int status = 0;
    client::OutboundRequest request;
    request.method = "POST";
    request.body = std::move(body);
    server_.send(std::move(request),
                 [&](const rules::Exchange& exchange) { status = std::get<rules::Reply>(exchange).http_status; });
    EXPECT_EQ(status, 0) << "a transport never answers inside the call";
    loop_.run();
    return status;
  }
  std::string body(std::uint64_t number) const {
    std::string text;
    bodies_.write(number, text);
    return text;
  }

  Bodies bodies_{3, 10};
  Loop loop_;
  NationalServer server_{bodies_, 100, loop_};
};

TEST_F(NationalServerTest, CountsWhatIsSound) {
  for (const std::uint64_t number : {0ULL, 1ULL, 2ULL, 15ULL}) EXPECT_EQ(post(body(number)), 201);
  EXPECT_EQ(server_.received().sound, 4U);
  EXPECT_EQ(server_.missing_below(3), 0U);
}

TEST_F(NationalServerTest, ControlALossIsSeen) {
  post(body(0));
  post(body(2));
  EXPECT_EQ(server_.missing_below(3), 1U);
  EXPECT_EQ(server_.missing_below(100), 98U);
  EXPECT_EQ(server_.missing_below(103), 101U) << "beyond its numbers it has seen nothing";
}

TEST_F(NationalServerTest, ControlASecondEffectIsSeen) {
  post(body(5));
  EXPECT_EQ(post(body(5)), 201);
  EXPECT_EQ(server_.received().sound, 1U);
  EXPECT_EQ(server_.received().twice, 1U);
}

TEST_F(NationalServerTest, ControlOneAlteredByteIsSeen) {
  auto text = body(5);
  text[900] = text[900] == 'A' ? 'B' : 'A';
  post(text);
  EXPECT_EQ(server_.received().sound, 0U);
  EXPECT_EQ(server_.received().altered, 1U);
}

TEST_F(NationalServerTest, ControlWhatNobodyPostedIsSeen) {
  post("{}");
  post(body(100));
  EXPECT_EQ(server_.received().strange, 2U);
}

}  // namespace
}  // namespace titip::capacity
