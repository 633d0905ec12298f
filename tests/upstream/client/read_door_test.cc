// Who of those that do not live on the destination's loop is passed on to the server, and how many at once.
#include "upstream/client/read_door.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/gateway/fakes.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::client {
namespace {

using namespace std::chrono_literals;
using rules::BreakerState;
using rules::Exchange;
using rules::Failure;
using For = ReadDoor::For;
using tests::national;

// The server hangs unless a test answers for it.
class ReadDoorTest : public testing::Test {
 protected:
  // So many calls; how many hang at the server now.
  std::size_t pass(For what, std::size_t times = 1) {
    for (std::size_t time = 0; time < times; ++time)
      door_.send(
          {"GET", "/referensi/alasan", {}, {}}, what, "", [](auto work) { work(); },
          [&](const Exchange& exchange) {
            const auto* failure = std::get_if<Failure>(&exchange);
            answers_.emplace_back(failure ? rules::name(*failure) : "reply");
          });
    while (transport_.run()) {
    }
    return transport_.waiting().size();
  }
  std::size_t refused() const { return static_cast<std::size_t>(std::ranges::count(answers_, "not_admitted")); }
  void answer_all() {
    while (!transport_.waiting().empty()) transport_.answer(0, national(200, 200, "OK"));
  }
  // It went down, and may be coming back.
  void comes_back() {
    for (std::uint64_t key = 1; key <= 5; ++key)
      upstream_.send_read({"GET", "/referensi/alasan", {}, {}}, {key}, Upstream::Asker::somebody, [](const auto&) {});
    while (transport_.run()) {
    }
    while (!transport_.waiting().empty()) transport_.answer(0, Failure::connect_refused);
    ASSERT_EQ(upstream_.state(), BreakerState::open);
    clock_.advance(15s);
    ASSERT_EQ(upstream_.state(), BreakerState::half_open);
    answers_.clear();
  }

  tests::FakeClock clock_;
  metrics::Registry registry_;
  metrics::DestinationProbes probes_{registry_, "pcare"};
  tests::ScriptedTransport transport_;
  const profile::Profile profile_ = tests::pcare_vaksin();
  Upstream upstream_{
      profile_,
      {},
      {transport_, [this] { return clock_.steady(); }, [this] { return clock_.wall(); }, [] { return 0.0; }, probes_}};
  ReadDoor door_{upstream_, [](auto work) { work(); }, 2};
  std::vector<std::string> answers_;
};

// Anybody may send a log-in, who has proven nothing.
TEST_F(ReadDoorTest, log_ins_have_few_places_and_never_a_reads) {
  EXPECT_EQ(pass(For::log_in, 100), 2U);
  EXPECT_EQ(refused(), 98U);
  EXPECT_EQ(pass(For::read, ReadDoor::at_once), 2 + ReadDoor::at_once) << "all that reads ever have";
  EXPECT_EQ(refused(), 98U);
  pass(For::read);
  EXPECT_EQ(refused(), 99U);
  answer_all();
  pass(For::read, ReadDoor::at_once);
  EXPECT_EQ(pass(For::log_in, 3), 2 + ReadDoor::at_once) << "nor do reads take theirs";
  EXPECT_EQ(refused(), 100U);
}

// A server that is just coming back must not be met by everybody who waited for it.
TEST_F(ReadDoorTest, reads_passed_through_go_one_at_a_time_until_it_has_come_back) {
  EXPECT_EQ(pass(For::read, 5), 5U) << "as many as come, while it is well";
  answer_all();
  comes_back();
  EXPECT_EQ(pass(For::read, 2), 1U);
  EXPECT_EQ(answers_, std::vector<std::string>{"not_admitted"});
  transport_.answer(0, national(200, 200, "OK"));
  EXPECT_EQ(pass(For::read), 1U) << "the next one";
  EXPECT_EQ(answers_, (std::vector<std::string>{"not_admitted", "reply"}));
}

TEST_F(ReadDoorTest, a_log_in_is_no_reads_turn_while_it_comes_back) {
  comes_back();
  EXPECT_EQ(pass(For::log_in, 2), 1U);
  EXPECT_EQ(pass(For::read), 2U) << "the read's turn is its own";
  EXPECT_EQ(pass(For::read), 2U);
  answer_all();
  EXPECT_EQ(pass(For::read), 1U);
  EXPECT_EQ(pass(For::log_in), 1U) << "a log-in goes only where nothing else is asked";
  EXPECT_EQ(refused(), 3U);
}

}  // namespace
}  // namespace titip::client
