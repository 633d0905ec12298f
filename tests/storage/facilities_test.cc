// The facilities while they change, and how they are kept.
#include "storage/facilities.h"

#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "storage/kept_facility.h"
#include "storage/keys.h"
#include "tests/storage/custody.h"
#include "tests/storage/spoiling.h"

namespace titip::storage {
namespace {

Facility facility(std::string code, std::string consumer_id = {}) {
  Facility made;
  made.code = std::move(code);
  made.name = "Klinik Uji " + made.code;
  made.consumer_id = std::move(consumer_id);
  if (!made.consumer_id.empty()) made.consumer_secret = "rahasia-" + made.consumer_id;
  return made;
}

TEST(Facilities, a_change_is_seen_at_once_and_what_was_found_stays) {
  Facilities facilities;
  EXPECT_EQ(facilities.find("P0001"), nullptr);
  ASSERT_TRUE(facilities.add(facility("P0001", "1001")));
  const auto before = facilities.find("P0001");
  ASSERT_NE(before, nullptr);
  auto changed = *before;
  changed.consumer_secret = "lain";
  changed.former_secret = before->consumer_secret;
  ASSERT_TRUE(facilities.add(changed));
  EXPECT_EQ(before->consumer_secret, "rahasia-1001");
  EXPECT_EQ(facilities.find("P0001")->consumer_secret, "lain");
  EXPECT_EQ(facilities.find_consumer("1001"), facilities.find("P0001"));
}

TEST(Facilities, a_consumer_id_belongs_to_one) {
  Facilities facilities;
  ASSERT_TRUE(facilities.add(facility("P0001", "1001")));
  ASSERT_TRUE(facilities.add(facility("P0002")));
  ASSERT_TRUE(facilities.add(facility("P0003"))) << "none is no conflict";
  const auto refused = facilities.add(facility("P0002", "1001"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().english(),
            "the consumer id 1001 belongs to facility P0001 already; each facility has its own");
  EXPECT_EQ(facilities.conflict(facility("P0002", "1001")), refused.error());
  EXPECT_EQ(facilities.find("P0002")->consumer_id, "") << "as it was";
  EXPECT_EQ(facilities.find_consumer(""), nullptr);
  // Given up by the one, it is free for the other.
  ASSERT_TRUE(facilities.add(facility("P0001", "1002")));
  EXPECT_EQ(facilities.find_consumer("1001"), nullptr);
  ASSERT_TRUE(facilities.add(facility("P0002", "1001")));
  EXPECT_EQ(facilities.find_consumer("1001")->code, "P0002");
}

TEST(Facilities, one_that_is_disabled_is_found_by_its_code_alone) {
  Facilities facilities;
  auto one = facility("P0001", "1001");
  ASSERT_TRUE(facilities.add(one));
  ASSERT_TRUE(facilities.add(facility("P0002", "1002")));
  one.disabled = true;
  ASSERT_TRUE(facilities.add(one));
  EXPECT_EQ(facilities.find_consumer("1001"), nullptr);
  ASSERT_NE(facilities.find("P0001"), nullptr);
  EXPECT_TRUE(facilities.find("P0001")->disabled);
  EXPECT_FALSE(facilities.add(facility("P0003", "1001"))) << "it keeps what is its own";
  EXPECT_EQ(facilities.counts().enabled, 1U);
  EXPECT_EQ(facilities.counts().disabled, 1U);
  one.disabled = false;
  ASSERT_TRUE(facilities.add(one));
  EXPECT_EQ(facilities.counts().disabled, 0U);
  EXPECT_NE(facilities.find_consumer("1001"), nullptr);
}

TEST(Facilities, pages_come_in_order_and_miss_none) {
  Facilities facilities;
  for (int number = 250; number-- > 0;) ASSERT_TRUE(facilities.add(facility(fmt::format("P{:04}", number))));
  std::vector<std::string> seen;
  for (std::string after;;) {
    const auto page = facilities.page(after, 100);
    for (const auto& each : page) seen.push_back(each->code);
    if (page.size() < 100) break;
    after = seen.back();
  }
  ASSERT_EQ(seen.size(), 250U);
  for (int number = 0; number < 250; ++number)
    EXPECT_EQ(seen[static_cast<std::size_t>(number)], fmt::format("P{:04}", number));
}

// Code and consumer id lead to the same facility at any moment, however it changes.
TEST(Facilities, many_look_while_one_changes) {
  Facilities facilities;
  for (int number = 0; number < 200; ++number)
    ASSERT_TRUE(facilities.add(facility(fmt::format("P{:04}", number), fmt::format("{}", 1000 + number))));
  std::atomic<bool> stop{false};
  std::atomic<int> looked{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> lookers;
  for (int looker = 0; looker < 3; ++looker) {
    lookers.emplace_back([&] {
      for (int number = 0; !stop; number = (number + 1) % 200) {
        const auto found = facilities.find(fmt::format("P{:04}", number));
        const auto consumer = facilities.find_consumer(fmt::format("{}", 1000 + number));
        if (!found || !consumer || found->code != consumer->code) ++wrong;
        // Secrets change together.
        if (found && found->consumer_secret + "-dulu" != found->former_secret && !found->former_secret.empty()) ++wrong;
        ++looked;
      }
    });
  }
  for (int round = 0; round < 20 || looked < 1'000; ++round) {
    for (int number = 0; number < 200; ++number) {
      auto changed = *facilities.find(fmt::format("P{:04}", number));
      changed.consumer_secret = fmt::format("rahasia-{}", round);
      changed.former_secret = changed.consumer_secret + "-dulu";
      ASSERT_TRUE(facilities.add(std::move(changed)));
    }
  }
  stop = true;
  for (auto& each : lookers) each.join();
  EXPECT_EQ(wrong, 0);
}

bool same(const Facility& left, const Facility& right) {
  return left.code == right.code && encode(left) == encode(right);
}

Facility with_everything() {
  auto made = facility("0905R002", "23456");
  made.utc_offset = std::chrono::hours(-9);
  made.late_entry_reason = "02";
  made.username = "meja-1";
  made.password = "kata sandi uji";
  made.former_secret = "rahasia lama";
  made.encrypted_replies = false;
  made.signature_age = std::chrono::seconds(300);
  made.callback_url = "https://klinik.example/titip";
  made.callback_secret = "whsec_satu";
  made.former_callback_secret = "whsec_dua";
  made.callback_delivered = true;
  made.api_key_hash = std::string(64, 'a');
  made.former_api_key_hash = std::string(64, 'b');
  made.most_pending = 50'000;
  made.disabled = true;
  return made;
}

TEST(KeptFacility, comes_back_as_it_was) {
  for (const bool encrypted : {true, false}) {
    auto whole = with_everything();
    whole.encrypted_replies = encrypted;
    const auto back = decode_facility(whole.code, encode(whole));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->utc_offset, std::chrono::hours(-9));
    EXPECT_EQ(back->password, whole.password);
    EXPECT_EQ(back->former_secret, "rahasia lama");
    EXPECT_EQ(back->encrypted_replies, encrypted);
    EXPECT_EQ(back->signature_age, std::chrono::seconds(300));
    EXPECT_EQ(back->callback_url, "https://klinik.example/titip");
    EXPECT_EQ(back->callback_secret, "whsec_satu");
    EXPECT_EQ(back->former_callback_secret, "whsec_dua");
    EXPECT_TRUE(back->callback_delivered);
    EXPECT_EQ(back->api_key_hash, std::string(64, 'a'));
    EXPECT_EQ(back->former_api_key_hash, std::string(64, 'b'));
    EXPECT_EQ(back->most_pending, 50'000U);
    EXPECT_TRUE(back->disabled);
    EXPECT_TRUE(same(*back, whole));
  }
  const auto bare = decode_facility("a", encode(facility("a")));
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->encrypted_replies, std::nullopt);
  EXPECT_EQ(bare->signature_age, std::nullopt);
  EXPECT_EQ(bare->most_pending, std::nullopt);
  EXPECT_FALSE(bare->disabled);
  EXPECT_EQ(bare->callback_url, "");
  EXPECT_EQ(bare->api_key_hash, "");
}

// What a Titip without callbacks, API keys and quotas wrote: one byte of flags less to know, nothing behind the
// secrets.
TEST(KeptFacility, of_an_earlier_titip_is_read) {
  auto whole = with_everything();
  whole.callback_url.clear();
  whole.callback_secret.clear();
  whole.former_callback_secret.clear();
  whole.callback_delivered = false;
  whole.api_key_hash.clear();
  whole.former_api_key_hash.clear();
  whole.most_pending.reset();
  const auto bytes = encode(whole);
  EXPECT_EQ(bytes[1], '\x0b') << "the flags as they were";
  const auto back = decode_facility(whole.code, bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->former_secret, "rahasia lama");
  EXPECT_EQ(back->callback_url, "");
  EXPECT_EQ(back->callback_secret, "");
}

TEST(KeptFacility, what_is_not_whole_is_refused) {
  const auto bytes = encode(with_everything());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_facility("a", std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(decode_facility("a", bytes + "x"));
  for (const std::size_t at : {0U, 2U}) {  // all flags of the first byte have a meaning
    auto other = bytes;
    other[at] = '\xff';
    EXPECT_FALSE(decode_facility("a", other)) << "a version or a flag of the future";
  }
}

class KeptFacilitiesOfStore : public CustodyOnEveryEngine {};

TEST_P(KeptFacilitiesOfStore, survive_a_start_and_hold_nothing_readable) {
  std::vector<Facility> many{with_everything()};
  for (int number = 0; number < 500; ++number)
    many.push_back(facility(fmt::format("P{:04}", number), fmt::format("{}", 1000 + number)));
  ASSERT_TRUE(keep_facilities(*store, *sealer, many, home));
  start_again();
  const auto kept = read_facilities(*store, *sealer, home);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->damaged.empty());
  ASSERT_EQ(kept->facilities.size(), many.size());
  for (std::size_t at = 0; at < many.size(); ++at) EXPECT_TRUE(same(kept->facilities[at], many[at])) << many[at].code;
  const auto object = caller->get_object(std::string(facility_object_kind), "0905R002").value();
  ASSERT_TRUE(object);
  for (const auto* word : {"rahasia", "kata sandi", "23456", "Klinik", "meja"})
    EXPECT_EQ(object->bytes.find(word), std::string::npos) << word;
}

TEST_P(KeptFacilitiesOfStore, one_is_replaced_and_sealed_bytes_fit_no_other) {
  auto one = facility("P0001", "1001");
  ASSERT_TRUE(keep_facilities(*store, *sealer, {one, facility("P0002", "1002")}, home));
  one.disabled = true;
  ASSERT_TRUE(keep_facilities(*store, *sealer, {one}, home));
  EXPECT_TRUE(read_facilities(*store, *sealer, home)->facilities.at(0).disabled);
  const auto first = caller->get_object(std::string(facility_object_kind), "P0001").value();
  ASSERT_TRUE(first);
  caller->put_objects({PutObject{std::string(facility_object_kind), "P0002", std::nullopt, first->bytes}});
  const auto kept = read_facilities(*store, *sealer, home);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->facilities.size(), 1U);
  EXPECT_EQ(kept->damaged, std::vector<std::string>{"P0002"});
  // Added anew, it is whole again.
  ASSERT_TRUE(keep_facilities(*store, *sealer, {facility("P0002", "1002")}, home));
  EXPECT_TRUE(read_facilities(*store, *sealer, home)->damaged.empty());
}

TEST_P(KeptFacilitiesOfStore, rotation_reseals_them) {
  ASSERT_TRUE(keep_facilities(*store, *sealer, {facility("P0001", "1001"), facility("P0002", "1002")}, home));
  const auto before = caller->get_object(std::string(facility_object_kind), "P0001").value()->bytes;
  RotationOptions options;
  options.page = 1;
  options.grace = std::chrono::milliseconds(0);
  const auto report = rotate_keys(key_file, *sealer, *store, home, options);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->finished) << report->why_not.english();
  EXPECT_EQ(report->dropped.size(), 1U) << "nothing was left under the old key";
  const auto after = caller->get_object(std::string(facility_object_kind), "P0001").value()->bytes;
  EXPECT_EQ(Sealer::key_id_of(after), report->current_key);
  EXPECT_NE(Sealer::key_id_of(before), report->current_key);
  start_again();  // with what the key file holds now, and nothing else
  const auto kept = read_facilities(*store, *sealer, home);
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->facilities.size(), 2U);
  EXPECT_EQ(kept->facilities[0].consumer_secret, "rahasia-1001");
}

TEST(Facilities, who_takes_the_place_of_one_gone_from_the_config_may_have_its_consumer_id) {
  Facilities facilities;
  auto gone = facility("P0001", "1001");
  gone.in_config = true;
  ASSERT_TRUE(facilities.add(gone));
  EXPECT_FALSE(facilities.add(facility("P0002", "1001")));
  gone.disabled = true;
  ASSERT_TRUE(facilities.add(gone));
  ASSERT_TRUE(facilities.add(facility("P0002", "1001")));
  EXPECT_EQ(facilities.find_consumer("1001"), facilities.find("P0002"));
  gone.disabled = false;
  EXPECT_FALSE(facilities.add(gone)) << "it is another's now";
  EXPECT_EQ(facilities.find_consumer("1001"), facilities.find("P0002"));
}

INSTANTIATE_TEST_SUITE_P(Engines, KeptFacilitiesOfStore, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace titip::storage
