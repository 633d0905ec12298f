#include "gateway/reads/custody_reads.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "storage/payload.h"
#include "storage/reference_keys.h"
#include "tests/gateway/reads_support.h"

namespace titip::reads {
namespace {

using nlohmann::json;
using storage::Digest;
using storage::Event;

// A clinic's visits: the server gives each a number, and reads quote it.
profile::Profile visits() {
  profile::Profile made;
  made.name = "visits";
  made.mount = "/visits";
  made.envelope = {"/response", "/metaData/code", "/metaData/message"};
  made.references = {{"noKunjungan", "{facility}T{6}"}, {"noUrut", "T0{3}"}};
  profile::Route write;
  write.id = "kunjungan";
  write.method = "POST";
  write.path = "/kunjungan";
  write.yields = {{.reference = "noKunjungan"}, {.reference = "noUrut", .scope = {"/tgl", "/poli"}}};
  profile::Route read;
  read.id = "rujukan";
  read.method = "GET";
  read.path = "/kunjungan/rujukan/{no}";
  read.quotes = {{.reference = "noKunjungan", .at = "{no}"}};
  profile::Route by_day;
  by_day.id = "urut";
  by_day.method = "GET";
  by_day.path = "/urut/{n}/tgl/{tgl}";
  by_day.quotes = {{.reference = "noUrut", .at = "{n}", .scope = {"{tgl}"}}};
  made.routes = {write, read, by_day};
  return made;
}

class CustodyReadsTest : public testing::Test {
 protected:
  static constexpr auto facility = "0114A026";
  static constexpr auto provisional = "0114A026T000042";

  Digest key(std::string_view number) {
    return storage::reference_key(*world_.sealer, {"visits", facility}, "noKunjungan", {}, number);
  }

  storage::Submission accept(std::string body = R"({"tgl":"15-08-2026"})") {
    storage::NewSubmission made;
    auto& s = made.submission;
    s.id = storage::SubmissionId::make(world_.clock.wall());
    s.destination = "visits";
    s.facility = facility;
    s.route = "kunjungan";
    s.accepted_at = world_.clock.wall();
    s.ordering_key = (*world_.sealer).keyed_hash("ordering", {s.id.text()});
    s.references = {key(provisional)};
    data_key_ = (*world_.sealer).new_data_key(s.id);
    s.wrapped_key = data_key_.wrapped;
    storage::Payload payload{"POST", "/kunjungan", "text/plain", std::move(body), {}};
    payload.provisional = {{"noKunjungan", provisional}};
    made.payload = (*world_.sealer).seal(data_key_.key, s.id, "payload", encode(payload));
    storage::Submission accepted;
    world_.store.accept({made}, world_.home, [&](const auto& verdicts) {
      ASSERT_TRUE(verdicts);
      accepted = verdicts->front().submission;
    });
    world_.run();
    return accepted;
  }

  void deliver(const storage::Submission& record, std::vector<storage::Resolved> resolved) {
    const auto epoch = world_.store.health().epoch;
    std::uint32_t version = record.version;
    storage::OpenAttempt open{record.id, version, {}, epoch};
    open.attempt.opened_at = world_.clock.wall();
    world_.store.open_attempts({open}, world_.home, [&](const auto& changed) {
      ASSERT_TRUE(changed);
      ASSERT_EQ(changed->front().applied, storage::Applied::yes);
      version = changed->front().version;
    });
    world_.run();
    storage::Settlement settlement;
    settlement.id = record.id;
    settlement.expected_version = version;
    settlement.event = Event::delivered;
    settlement.attempt.opened_at = open.attempt.opened_at;
    settlement.attempt.ended_at = world_.clock.wall();
    settlement.attempt.outcome = storage::Outcome::delivered;
    settlement.epoch = epoch;
    settlement.resolved = std::move(resolved);
    settlement.read_back_at = world_.clock.wall();
    world_.store.settle({settlement}, world_.home, [&](const auto& changed) {
      ASSERT_TRUE(changed);
      ASSERT_EQ(changed->front().applied, storage::Applied::yes);
    });
    world_.run();
  }

  CustodyReads::Looked look(std::string_view route, std::string target) {
    const auto path = target.substr(0, target.find('?'));
    const auto match = profile::match(profile_, "GET", path);
    EXPECT_EQ(match.route->id, route);
    std::optional<CustodyReads::Looked> looked;
    custody_.put_in_numbers(*match.route, facility, {std::move(target), match.parameters},
                            [&](CustodyReads::Looked what) { looked = std::move(what); });
    world_.run();
    EXPECT_TRUE(looked);
    return looked.value_or(CustodyReads::Looked{});
  }
  static int code_of(const CustodyReads::Looked& looked) {
    return looked.answer ? json::parse(looked.answer->body).at("metaData").at("code").get<int>() : 0;
  }
  std::vector<QueuedRequest> queued() {
    std::vector<QueuedRequest> found;
    custody_.queued(facility, profile_.routes[0], [&](auto all) { found = std::move(all); });
    world_.run();
    return found;
  }

  tests::ReadsWorld world_;
  profile::Profile profile_ = visits();
  CustodyReads custody_{{profile_, "visits", world_.store, world_.home, *world_.sealer, world_.clock}};
  storage::NewDataKey data_key_;
};

TEST_F(CustodyReadsTest, a_number_that_is_not_known_yet_is_answered_here) {
  accept();
  const auto looked = look("rujukan", std::string("/kunjungan/rujukan/") + provisional);
  ASSERT_TRUE(looked.answer);
  EXPECT_EQ(looked.answer->status, 200);
  const auto document = json::parse(looked.answer->body);
  EXPECT_EQ(document.at("response").at("noKunjungan"), provisional);
  EXPECT_EQ(document.at("response").at("status"), "queued");
  EXPECT_TRUE(document.at("metaData").at("message").get<std::string>().contains("Jangan diinput ulang"));
}

TEST_F(CustodyReadsTest, a_known_one_is_asked_for_by_its_real_name) {
  const auto record = accept();
  deliver(record, {{key(provisional), (*world_.sealer).seal(data_key_.key, record.id, "reference", "0114A026Y1"),
                    key("0114A026Y1")}});
  for (const auto* number : {provisional, "0114A026Y1"}) {
    const auto looked = look("rujukan", std::string("/kunjungan/rujukan/") + number + "?x=" + number);
    EXPECT_FALSE(looked.answer);
    EXPECT_EQ(looked.target, std::string("/kunjungan/rujukan/0114A026Y1?x=") + number);
    EXPECT_EQ(looked.parameters.at("no"), "0114A026Y1") << "provisional and real are the same to the cache";
  }
}

TEST_F(CustodyReadsTest, delivered_and_its_number_not_read_back_yet) {
  deliver(accept(), {});
  const auto looked = look("rujukan", std::string("/kunjungan/rujukan/") + provisional);
  ASSERT_TRUE(looked.answer);
  EXPECT_EQ(json::parse(looked.answer->body).at("response").at("status"), "delivered");
}

TEST_F(CustodyReadsTest, a_provisional_number_that_was_never_given_is_not_asked_for) {
  EXPECT_EQ(code_of(look("rujukan", "/kunjungan/rujukan/0114A026T000043")), 404);
}

TEST_F(CustodyReadsTest, the_servers_own_numbers_pass) {
  const auto looked = look("rujukan", "/kunjungan/rujukan/0114A0260815Y000003");
  EXPECT_FALSE(looked.answer);
  EXPECT_EQ(looked.target, "/kunjungan/rujukan/0114A0260815Y000003");
}

TEST_F(CustodyReadsTest, a_read_that_does_not_say_enough_is_told_that_it_waits) {
  const auto looked = look("urut", "/urut/T0042/tgl/15-08-2026");
  ASSERT_TRUE(looked.answer);
  EXPECT_EQ(code_of(looked), 200);
  EXPECT_EQ(json::parse(looked.answer->body).at("response").at("status"), "queued");
  EXPECT_FALSE(look("urut", "/urut/A1/tgl/15-08-2026").answer);
}

TEST_F(CustodyReadsTest, what_waits_is_found_with_its_numbers) {
  const auto record = accept();
  accept(R"({"tgl":"16-08-2026"})");
  auto all = queued();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].numbers.at("noKunjungan"), provisional);
  EXPECT_EQ(json::parse(all[0].body).at("tgl"), "15-08-2026");
  deliver(record, {});
  EXPECT_EQ(queued().size(), 1U);
}

}  // namespace
}  // namespace titip::reads
