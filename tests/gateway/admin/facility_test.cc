// The registry of facilities as upkeep changes it: durable, seen at once, audited, and without a secret in any answer.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/admin/upkeep.h"
#include "storage/kept_facility.h"
#include "tests/gateway/admin/upkeep_store.h"
#include "tests/gateway/fakes.h"
#include "tests/gateway/temporary_directory.h"

namespace titip::admin {
namespace {

using nlohmann::json;
using storage::Facility;

class Quiet final : public Telling {
 public:
  bool progress(storage::Progress) override { return true; }
  bool data(std::string) override { return true; }
  bool goes_on() const override { return true; }
  std::string who() const override { return "uid:7"; }
};

class FacilityTest : public testing::Test {
 protected:
  FacilityTest() {
    storage::StoreOptions options;
    options.now = [] { return tests::morning; };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    engine_ = storage::open_memory_store(std::move(options), storage::Pumping::thread);
    store_.emplace(*engine_);
    sealer_.emplace(storage::Sealer::open(directory_ / "titip.key", true).value());
    Facility configured;
    configured.code = "C0001";
    configured.in_config = true;
    configured.consumer_id = "9001";
    configured.consumer_secret = "tersembunyi-config";
    EXPECT_TRUE(facilities_.add(configured));
  }
  ~FacilityTest() override { engine_->close(); }

  static Facility clinic(int number) {
    Facility made;
    made.code = fmt::format("P{:04}", number);
    made.name = fmt::format("Klinik Uji {}", number);
    made.consumer_id = std::to_string(1000 + number);
    made.consumer_secret = fmt::format("tersembunyi-{}", number);
    return made;
  }
  // As it would come over the wire; whatever is answered is searched for secrets.
  Ended ask(Command command, std::vector<Facility> facilities, bool done = false, bool dry_run = false,
            bool replace = false) {
    Request request;
    request.command = command;
    if (command != Command::facility_ls) request.reason = "uji";
    request.facilities = std::move(facilities);
    request.done = done;
    request.dry_run = dry_run;
    request.replace = replace;
    request.callback_done = callback_done_;
    return ask(std::move(request));
  }
  Ended ask(const Request& request) {
    const auto parsed = parse_request(encode(request));
    EXPECT_TRUE(parsed) << parsed.error().english();
    if (!parsed) return in_trouble(Trouble::usage, parsed.error());
    Doors doors{*store_, *sealer_, clock_, directory_ / "titip.key", directory_.path(), {}, {}, {}, {"pcare"}};
    doors.facilities = &facilities_;
    Quiet telling;
    auto ended = run(*parsed, doors, telling);
    const auto said = ended.sentence.english() + ended.sentence.in(words::Language::id) + ended.result;
    EXPECT_EQ(said.find("tersembunyi"), std::string::npos) << said;
    return ended;
  }
  Facility only_code(int number, std::string secret = {}) {
    Facility made;
    made.code = clinic(number).code;
    made.consumer_secret = std::move(secret);
    return made;
  }
  std::vector<Facility> kept() {
    storage::WaitingHome home;
    return storage::read_facilities(*store_, *sealer_, home).value().facilities;
  }

  tests::TemporaryDirectory directory_;
  clock::SystemClock clock_;
  std::unique_ptr<storage::MemoryStore> engine_;
  std::optional<tests::UpkeepStore> store_;
  std::optional<storage::Sealer> sealer_;
  storage::Facilities facilities_;
  bool callback_done_ = false;
};

TEST_F(FacilityTest, one_is_added_once_and_for_all_to_see) {
  const auto before = ask(Command::facility_add, {clinic(1)}, false, true);
  EXPECT_FALSE(before.trouble) << before.sentence.english();
  EXPECT_EQ(facilities_.find("P0001"), nullptr) << "a dry run";
  EXPECT_TRUE(store_->audited().empty());
  const auto added = ask(Command::facility_add, {clinic(1)});
  EXPECT_FALSE(added.trouble) << added.sentence.english();
  ASSERT_NE(facilities_.find_consumer("1001"), nullptr);
  EXPECT_EQ(facilities_.find_consumer("1001")->consumer_secret, "tersembunyi-1");
  ASSERT_EQ(kept().size(), 1U);
  ASSERT_EQ(store_->audited().size(), 2U);
  const auto line = json::parse(store_->audited().front());
  EXPECT_EQ(line.at("action"), "facility add");
  EXPECT_EQ(line.at("reason"), "uji");
  EXPECT_EQ(line.at("by"), "uid:7");
  EXPECT_EQ(line.at("facilities"), json::array({"P0001"}));
  for (const auto& each : store_->audited()) EXPECT_EQ(each.find("tersembunyi"), std::string::npos);
  // The same again is no mistake, another secret is.
  EXPECT_FALSE(ask(Command::facility_add, {clinic(1)}).trouble);
  auto other = clinic(1);
  other.consumer_secret = "tersembunyi lain";
  const auto refused = ask(Command::facility_add, {other});
  EXPECT_EQ(refused.trouble, Trouble::failed);
  EXPECT_NE(refused.sentence.english().find("titip facility rotate"), std::string::npos) << refused.sentence.english();
}

TEST_F(FacilityTest, what_must_not_be_is_refused_with_a_reason) {
  EXPECT_FALSE(ask(Command::facility_add, {clinic(1)}).trouble);
  auto thief = clinic(2);
  thief.consumer_id = "1001";
  const auto refused = ask(Command::facility_add, {thief});
  EXPECT_EQ(refused.trouble, Trouble::failed);
  EXPECT_NE(refused.sentence.english().find("consumer id 1001 belongs to facility P0001"), std::string::npos);
  auto of_config = clinic(3);
  of_config.code = "C0001";
  EXPECT_NE(ask(Command::facility_add, {of_config}).sentence.english().find("stands in the config"), std::string::npos);
  Facility configured;
  configured.code = "C0001";
  EXPECT_EQ(ask(Command::facility_disable, {configured}).trouble, Trouble::failed);
  EXPECT_FALSE(facilities_.find("C0001")->disabled);
  EXPECT_EQ(ask(Command::facility_disable, {only_code(77)}).trouble, Trouble::not_found);
  EXPECT_EQ(kept().size(), 1U);
}

TEST_F(FacilityTest, an_import_is_all_or_none_and_can_be_run_again) {
  std::vector<Facility> many;
  for (int number = 1; number <= 100; ++number) many.push_back(clinic(number));
  auto with_thief = many;
  with_thief[10].consumer_id = "9001";
  with_thief[20].code = "C0001";
  const auto refused = ask(Command::facility_import, with_thief);
  EXPECT_EQ(refused.trouble, Trouble::failed);
  const auto faults = json::parse(refused.result).at("faults");
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].at("at"), 10);
  EXPECT_EQ(faults[1].at("at"), 20);
  EXPECT_TRUE(kept().empty());
  EXPECT_EQ(facilities_.counts().enabled, 1U);
  EXPECT_FALSE(ask(Command::facility_import, {many.begin(), many.begin() + 40}).trouble);
  const auto rest = ask(Command::facility_import, many);
  EXPECT_FALSE(rest.trouble) << rest.sentence.english();
  EXPECT_EQ(json::parse(rest.result), json({{"added", 60}, {"unchanged", 40}}));
  EXPECT_EQ(kept().size(), 100U);
}

TEST_F(FacilityTest, rotation_has_two_secrets_until_it_is_done) {
  ask(Command::facility_add, {clinic(1)});
  EXPECT_FALSE(ask(Command::facility_rotate, {only_code(1, "tersembunyi-baru")}).trouble);
  auto now = facilities_.find("P0001");
  EXPECT_EQ(now->consumer_secret, "tersembunyi-baru");
  EXPECT_EQ(now->former_secret, "tersembunyi-1");
  EXPECT_EQ(kept().at(0).former_secret, "tersembunyi-1");
  EXPECT_FALSE(ask(Command::facility_rotate, {only_code(1, "tersembunyi-baru")}).trouble) << "again is no mistake";
  EXPECT_EQ(facilities_.find("P0001")->former_secret, "tersembunyi-1");
  const auto third = ask(Command::facility_rotate, {only_code(1, "tersembunyi-ketiga")});
  EXPECT_EQ(third.trouble, Trouble::failed) << "the first would be lost unseen";
  EXPECT_NE(third.sentence.english().find("--done"), std::string::npos);
  EXPECT_FALSE(ask(Command::facility_rotate, {only_code(1)}, true).trouble);
  EXPECT_EQ(facilities_.find("P0001")->former_secret, "");
  EXPECT_EQ(facilities_.find("P0001")->consumer_secret, "tersembunyi-baru");
  EXPECT_EQ(kept().at(0).former_secret, "");
  auto without = clinic(2);
  without.consumer_id = without.consumer_secret = "";
  ask(Command::facility_add, {without});
  EXPECT_EQ(ask(Command::facility_rotate, {only_code(2, "s")}).trouble, Trouble::failed);
}

TEST_F(FacilityTest, a_callback_rotates_by_itself) {
  const auto secret = [](char of) { return "whsec_" + std::string(43, of) + "="; };
  auto one = clinic(1);
  one.callback_url = "https://klinik.example/tersembunyi";
  one.callback_secret = secret('A');
  one.callback_delivered = true;
  ASSERT_FALSE(ask(Command::facility_add, {one}).trouble);
  EXPECT_EQ(kept().at(0).callback_url, one.callback_url);
  EXPECT_TRUE(kept().at(0).callback_delivered);
  Facility words = only_code(1);
  words.callback_secret = secret('Q');
  const auto rotated = ask(Command::facility_rotate, {words});
  EXPECT_FALSE(rotated.trouble) << rotated.sentence.english();
  EXPECT_EQ(json::parse(rotated.result).at("callback_host"), "https://klinik.example");
  EXPECT_EQ(json::parse(rotated.result).at("callback_is_rotating"), true);
  EXPECT_EQ((rotated.sentence.english() + rotated.result).find("whsec_"), std::string::npos);
  const auto found = [this] { return facilities_.find("P0001"); };
  EXPECT_EQ(found()->callback_secret, secret('Q'));
  EXPECT_EQ(found()->former_callback_secret, secret('A'));
  EXPECT_EQ(found()->former_secret, "") << "nothing of the consumer's";
  EXPECT_EQ(kept().at(0).former_callback_secret, secret('A'));
  words.callback_secret = secret('g');
  EXPECT_NE(ask(Command::facility_rotate, {words}).sentence.english().find("--callback-done"), std::string::npos);
  // An import run again changes nothing of it; other values do not lose the former secret.
  one.callback_secret = secret('Q');
  one.name = "Nama Baru";
  EXPECT_FALSE(ask(Command::facility_import, {one}, false, false, true).trouble);
  EXPECT_EQ(found()->former_callback_secret, secret('A'));
  callback_done_ = true;
  EXPECT_FALSE(ask(Command::facility_rotate, {only_code(1)}).trouble);
  EXPECT_EQ(found()->callback_secret, secret('Q'));
  EXPECT_EQ(found()->former_callback_secret, "");
  callback_done_ = false;
  ask(Command::facility_add, {clinic(2)});
  Facility without = only_code(2);
  without.callback_secret = secret('A');
  EXPECT_EQ(ask(Command::facility_rotate, {without}).trouble, Trouble::failed) << "it has no callback";
  Request both;
  both.command = Command::facility_rotate;
  both.reason = "uji";
  both.facilities = {without};
  EXPECT_TRUE(parse_request(encode(both)));
  both.facilities.front().consumer_secret = "tersembunyi";
  EXPECT_FALSE(parse_request(encode(both))) << "one at a time";
}

TEST_F(FacilityTest, two_api_keys_live_at_once_and_go_when_told_to) {
  using Flag = bool Request::*;
  const auto key = [this](std::string hash, Flag flag = nullptr, int number = 1) {
    auto request = Request{};
    request.command = Command::facility_rotate;
    request.reason = "uji";
    request.facilities = {only_code(number)};
    request.facilities.front().api_key_hash = std::move(hash);
    if (flag != nullptr) request.*flag = true;
    return ask(std::move(request));
  };
  const std::string one(64, '1');
  const std::string two(64, '2');
  const auto found = [this] { return facilities_.find("P0001"); };
  ask(Command::facility_add, {clinic(1)});
  EXPECT_EQ(key(one, nullptr, 2).trouble, Trouble::not_found);
  const auto given = key(one);
  EXPECT_FALSE(given.trouble) << given.sentence.english();
  EXPECT_EQ((given.sentence.english() + given.result).find(one), std::string::npos);
  EXPECT_EQ(json::parse(given.result).at("api_keys"), 1);
  EXPECT_EQ(found()->api_key_hash, one);
  EXPECT_EQ(json::parse(key(two).result).at("api_keys"), 2);
  EXPECT_EQ(found()->api_key_hash, two);
  EXPECT_EQ(found()->former_api_key_hash, one);
  EXPECT_EQ(kept().at(0).former_api_key_hash, one);
  EXPECT_NE(key(std::string(64, '3')).sentence.english().find("--done"), std::string::npos) << "never three";
  // An import that knows nothing of keys takes none away.
  auto other = clinic(1);
  EXPECT_FALSE(ask(Command::facility_import, {other}).trouble) << "the same as before";
  other.name = "Nama Baru";
  EXPECT_FALSE(ask(Command::facility_import, {other}, false, false, true).trouble);
  EXPECT_EQ(found()->former_api_key_hash, one);
  EXPECT_FALSE(key("", &Request::key_done).trouble);
  EXPECT_EQ(found()->api_key_hash, two);
  EXPECT_EQ(found()->former_api_key_hash, "");
  EXPECT_FALSE(key("", &Request::keys_revoked).trouble);
  EXPECT_EQ(found()->api_key_hash, "");
  EXPECT_EQ(kept().at(0).api_key_hash, "");
  Request request;
  request.command = Command::facility_rotate;
  request.reason = "uji";
  request.facilities = {only_code(1)};
  EXPECT_FALSE(parse_request(encode(request))) << "nothing is said";
  request.facilities.front().api_key_hash = "not a hash";
  EXPECT_FALSE(parse_request(encode(request)));
  request.facilities.front().api_key_hash = one;
  EXPECT_TRUE(parse_request(encode(request)));
  request.key_done = true;
  EXPECT_FALSE(parse_request(encode(request))) << "one at a time";
}

TEST_F(FacilityTest, what_is_there_takes_other_values_only_when_told_to) {
  const auto replace = [this](const Facility& one) { return ask(Command::facility_import, {one}, false, false, true); };
  ask(Command::facility_add, {clinic(1)});
  ask(Command::facility_disable, {only_code(1)});
  auto other = clinic(1);
  other.name = "Nama Baru";
  other.encrypted_replies = true;
  EXPECT_EQ(ask(Command::facility_add, {other}).trouble, Trouble::failed);
  const auto replaced = replace(other);
  EXPECT_FALSE(replaced.trouble) << replaced.sentence.english();
  EXPECT_EQ(json::parse(replaced.result), json({{"added", 0}, {"replaced", 1}, {"unchanged", 0}}));
  EXPECT_EQ(facilities_.find("P0001")->name, "Nama Baru");
  EXPECT_EQ(kept().at(0).encrypted_replies, true);
  EXPECT_TRUE(facilities_.find("P0001")->disabled) << "nobody is let in by it";
  EXPECT_EQ(facilities_.find("P0001")->former_secret, "");
  // Another secret is a rotation, and only one at a time.
  other.consumer_secret = "tersembunyi-baru";
  EXPECT_FALSE(replace(other).trouble);
  EXPECT_EQ(facilities_.find("P0001")->former_secret, "tersembunyi-1");
  other.name = "Nama Lain";
  EXPECT_FALSE(replace(other).trouble);
  EXPECT_EQ(facilities_.find("P0001")->former_secret, "tersembunyi-1") << "the rotation goes on";
  other.consumer_secret = "tersembunyi-ketiga";
  EXPECT_NE(replace(other).sentence.english().find("--done"), std::string::npos);
  // With another consumer id nothing of the former one counts.
  other.consumer_id = "7777";
  EXPECT_FALSE(replace(other).trouble);
  EXPECT_EQ(facilities_.find("P0001")->former_secret, "");
  EXPECT_FALSE(ask(Command::facility_add, {[] {
                     auto heir = clinic(2);
                     heir.consumer_id = "1001";
                     return heir;
                   }()})
                   .trouble)
      << "the id it had is free";
}

TEST_F(FacilityTest, disabled_and_enabled_at_once) {
  ask(Command::facility_add, {clinic(1)});
  EXPECT_FALSE(ask(Command::facility_disable, {only_code(1)}, false, true).trouble);
  EXPECT_FALSE(facilities_.find("P0001")->disabled) << "a dry run";
  EXPECT_FALSE(ask(Command::facility_disable, {only_code(1)}).trouble);
  EXPECT_TRUE(facilities_.find("P0001")->disabled);
  EXPECT_EQ(facilities_.find_consumer("1001"), nullptr);
  EXPECT_TRUE(kept().at(0).disabled);
  EXPECT_FALSE(ask(Command::facility_import, {clinic(1)}).trouble) << "an import run again lets nobody in";
  EXPECT_TRUE(facilities_.find("P0001")->disabled);
  EXPECT_FALSE(ask(Command::facility_enable, {only_code(1)}).trouble);
  EXPECT_NE(facilities_.find_consumer("1001"), nullptr);
  EXPECT_FALSE(kept().at(0).disabled);
}

TEST_F(FacilityTest, the_list_comes_in_pages) {
  for (int from = 0; from < 1'200; from += 400) {
    std::vector<Facility> some;
    for (int number = from; number < from + 400; ++number) some.push_back(clinic(number));
    ASSERT_FALSE(ask(Command::facility_import, some).trouble);
  }
  ask(Command::facility_disable, {only_code(5)});
  Request request;
  request.command = Command::facility_ls;
  Doors doors{*store_, *sealer_, clock_, directory_ / "titip.key", directory_.path(), {}, {}, {}, {"pcare"}};
  doors.facilities = &facilities_;
  Quiet telling;
  std::size_t seen = 0;
  const auto audited = store_->audited().size();
  do {
    const auto ended = run(request, doors, telling);
    ASSERT_FALSE(ended.trouble);
    const auto page = json::parse(ended.result);
    EXPECT_EQ(page.at("enabled"), 1'200);
    EXPECT_EQ(page.at("disabled"), 1);
    for (const auto& each : page.at("facilities")) {
      EXPECT_EQ(each.at("state"), each.at("code") == "P0005" ? "disabled" : "enabled");
      EXPECT_EQ(each.at("kept_in"), each.at("code") == "C0001" ? "config" : "registry");
      EXPECT_EQ(each.at("has_secret"), true);
    }
    EXPECT_EQ(ended.result.find("tersembunyi"), std::string::npos);
    seen += page.at("facilities").size();
    request.after = page.value("next", "");
  } while (!request.after.empty());
  EXPECT_EQ(seen, 1'201U);
  EXPECT_EQ(store_->audited().size(), audited) << "looking leaves no line";
}

TEST(FacilityWire, what_is_wrong_is_said) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"command":"facility add","facilities":[{"code":"a"}]})", "--reason"},
      {R"({"command":"facility add","reason":"a"})", "name one facility"},
      {R"({"command":"facility add","reason":"a","facilities":[{"code":"a"},{"code":"b"}]})", "name one facility"},
      {R"({"command":"facility add","reason":"a","facilities":[{"code":"a b"}]})", "the code must be"},
      {R"({"command":"facility add","reason":"a","facilities":[{"code":"a","colour":"red"}]})", "wrong kind"},
      {R"({"command":"facility add","reason":"a","facilities":[{"code":7}]})", "wrong kind"},
      {R"({"command":"facility add","reason":"a","facilities":[{"code":"a","consumer_id":"1"}]})", "go together"},
      {R"({"command":"facility add","reason":"a","facilities":[{"code":"a","utc_offset_minutes":-900}]})", "14 hours"},
      {R"({"command":"facility add","reason":"a","facilities":[{"code":"a","utc_offset_minutes":-9223372036854775808}]})",
       "wrong kind"},
      {R"({"command":"facility add","reason":"a","facilities":[{"code":"a","signature_age_s":18446744073709551615}]})",
       "86400"},
      {R"({"command":"facility add","reason":"a","done":true,"facilities":[{"code":"a"}]})", "only facility rotate"},
      {R"({"command":"facility disable","reason":"a","replace":true,"facilities":[{"code":"a"}]})", "add and import"},
      {R"({"command":"facility rotate","reason":"a","facilities":[{"code":"a"}]})", "the rotation is done"},
      {R"({"command":"facility rotate","reason":"a","done":true,"facilities":[{"code":"a","consumer_secret":"s"}]})",
       "the rotation is done"},
      {R"({"command":"facility ls","facilities":[{"code":"a"}]})", "takes no facilities"},
      {R"({"command":"retain","reason":"a","facilities":[{"code":"a"}]})", "takes no facilities"},
      {R"({"command":"status","after":"a"})", "a page at a time"},
  };
  for (const auto& [line, says] : rows) {
    const auto parsed = parse_request(line);
    ASSERT_FALSE(parsed) << line;
    EXPECT_NE(parsed.error().english().find(says), std::string::npos) << line << ": " << parsed.error().english();
  }
}

}  // namespace
}  // namespace titip::admin
