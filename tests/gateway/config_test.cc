#include "gateway/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "gateway/built_in_profiles.h"
#include "gateway/profiles.h"
#include "tests/gateway/temporary_directory.h"

namespace titip::gateway {
namespace {

using namespace std::chrono_literals;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() { write_secret("puskesmas.pass", "right\n", 0600); }

  void write_secret(const std::string& name, std::string_view text, mode_t mode) {
    std::ofstream(directory_ / name) << text;
    ASSERT_EQ(::chmod((directory_ / name).c_str(), mode), 0);
  }
  std::expected<Config, ConfigError> load(std::string_view text) {
    std::ofstream(directory_ / "titip.json") << text;
    return load_config(directory_ / "titip.json");
  }

  tests::TemporaryDirectory temporary_;
  std::filesystem::path directory_ = temporary_.path();
};

constexpr std::string_view whole = R"({
  // Comments are allowed.
  "data_directory": "data", /* relative to this file */
  "key_file": "/etc/titip/titip.key",
  "log_level": "debug",
  "time_zone": "WITA",
  "stop_grace_ms": 2500,
  "front": { "address": "127.0.0.2", "port": 0, "loops": 2, "answer_within_ms": 1500, "waiting_answers": 7, "connections": 10, "body_bytes": 1000,
             "header_bytes": 4096, "idle_ms": 1000, "header_deadline_ms": 1001, "body_deadline_ms": 1002,
             "write_deadline_ms": 1003 },
  "operations": { "address": "127.0.0.3", "port": 9999 },
  "admin": { "listen": { "address": "10.1.2.3", "port": 9998 }, "behind_proxy": true },
  "storage": { "writer_queue_submissions": 100, "writer_queue_bytes": 2000000, "free_space_floor_bytes": 0, "kept_reads_bytes": 7,
               "ballast_bytes": 0 },
  "retention": { "delivered_days": 0, "keys_days": 365 },
  "log_in": { "maximum_age_ms": 5000, "tries": 2, "tries_elsewhere": 9, "tries_window_ms": 6000, "at_once": 3 },
  "destinations": [ {
    "name": "pcare", "profile": "pcare-vaksin", "mount": "/dinas/vaksin", "base_url": "http://127.0.0.1:7000/vaksin/",
    "resolve_timeout_ms": 1, "connect_timeout_ms": 2, "write_timeout_ms": 3, "response_timeout_ms": 4,
    "idle_connection_ms": 5, "reply_bytes": 2048, "late_apply_wait_ms": 0, "maximum_unknown_age_ms": 7000,
    "maximum_age_ms": 86400000, "deadline_share": 0.25, "deadline_near_ms": 7200000,
    "breaker": { "window_ms": 100, "minimum_calls": 2, "minimum_keys": 1, "failure_ratio": 0.25,
                 "open_first_ms": 20, "open_max_ms": 30, "successes_to_close": 4 },
    "backoff": { "first_ms": 8, "max_ms": 9 }, "window": { "initial": 3, "cap": 5 },
    "login_pause_ms": 1000, "login_pause_max_ms": 2000
  } ],
  "facilities": [
    { "code": "0905R002", "name": "Puskesmas Contoh", "time_zone": "WIT", "late_entry_reason": "02",
      "login": { "username": "desk-1", "password_file": "puskesmas.pass" },
      "consumer_id": "23456", "consumer_secret_file": "puskesmas.pass", "encrypted_replies": false,
      "signature_age_s": 300, "most_pending": 40 },
    { "code": "0905R003" }
  ]
})";

TEST_F(ConfigTest, every_key_arrives_where_it_belongs) {
  const auto config = load(whole);
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  EXPECT_EQ(config->data_directory, directory_ / "data");
  EXPECT_EQ(config->key_file, "/etc/titip/titip.key");
  EXPECT_EQ(config->log_level, metrics::Level::debug);
  EXPECT_EQ(config->utc_offset, 8h);
  EXPECT_EQ(config->stop_grace, 2500ms);
  EXPECT_EQ(config->front.listen.address, "127.0.0.2");
  EXPECT_EQ(config->front.listen.port, 0);
  EXPECT_EQ(config->front.loops, 2U);
  EXPECT_EQ(config->front.answer_within, 1500ms);
  EXPECT_EQ(config->front.waiting_answers, 7U);
  EXPECT_EQ(config->front.limits.connections, 10U);
  EXPECT_EQ(config->front.limits.body_bytes, 1000U);
  EXPECT_EQ(config->front.limits.guard.header_bytes, 4096U);
  EXPECT_EQ(config->front.limits.idle, 1000ms);
  EXPECT_EQ(config->front.limits.header_deadline, 1001ms);
  EXPECT_EQ(config->front.limits.body_deadline, 1002ms);
  EXPECT_EQ(config->front.limits.write_deadline, 1003ms);
  EXPECT_EQ(config->operations.address, "127.0.0.3");
  EXPECT_EQ(config->operations.port, 9999);
  EXPECT_EQ(config->admin.listen.address, "10.1.2.3");
  EXPECT_EQ(config->admin.listen.port, 9998);
  EXPECT_TRUE(config->admin.behind_proxy);
  EXPECT_EQ(config->storage.writer_queue_submissions, 100U);
  EXPECT_EQ(config->storage.writer_queue_bytes, 2'000'000U);
  EXPECT_EQ(config->storage.free_space_floor_bytes, 0U);
  EXPECT_EQ(config->storage.ballast_bytes, 0U);
  EXPECT_EQ(config->storage.kept_reads_bytes, 7U);
  EXPECT_EQ(config->retention.delivered_days, 0U);
  EXPECT_EQ(config->retention.keys_days, 365U);
  EXPECT_EQ(config->log_in.maximum_age, 5000ms);
  EXPECT_EQ(config->log_in.tries.tries, 2U);
  EXPECT_EQ(config->log_in.tries.window, 6000ms);
  EXPECT_EQ(config->log_in.tries.tries_elsewhere, 9U);
  EXPECT_EQ(config->log_in.at_once, 3U);

  ASSERT_EQ(config->destinations.size(), 1U);
  const auto& destination = config->destinations[0];
  EXPECT_EQ(destination.name, "pcare");
  EXPECT_EQ(destination.profile, "pcare-vaksin");
  EXPECT_EQ(destination.mount, "/dinas/vaksin");
  EXPECT_EQ(find_profile(destination, directory_)->mount, "/dinas/vaksin");
  EXPECT_EQ(destination.transport.base.host, "127.0.0.1");
  EXPECT_EQ(destination.transport.base.port, "7000");
  EXPECT_EQ(destination.transport.base.path, "/vaksin");
  EXPECT_EQ(destination.transport.resolve_timeout, 1ms);
  EXPECT_EQ(destination.transport.connect_timeout, 2ms);
  EXPECT_EQ(destination.transport.write_timeout, 3ms);
  EXPECT_EQ(destination.transport.response_timeout, 4ms);
  EXPECT_EQ(destination.transport.idle_connection, 5ms);
  EXPECT_EQ(destination.transport.reply_bytes, 2048U);
  EXPECT_EQ(destination.settle.late_apply_wait, 0ms);
  EXPECT_EQ(destination.settle.maximum_unknown_age, 7000ms);
  EXPECT_EQ(destination.settle.maximum_age.age, 24h);
  EXPECT_EQ(destination.permits.shares.deadline_at_most, 0.25);
  EXPECT_EQ(destination.deadline_near, 2h);
  EXPECT_EQ(destination.settle.backoff.first, 8ms);
  EXPECT_EQ(destination.settle.backoff.max, 9ms);
  EXPECT_EQ(destination.upstream.breaker.window, 100ms);
  EXPECT_EQ(destination.upstream.breaker.minimum_calls, 2U);
  EXPECT_EQ(destination.upstream.breaker.minimum_keys, 1U);
  EXPECT_EQ(destination.upstream.breaker.failure_ratio, 0.25);
  EXPECT_EQ(destination.upstream.breaker.open_first, 20ms);
  EXPECT_EQ(destination.upstream.breaker.open_max, 30ms);
  EXPECT_EQ(destination.upstream.breaker.successes_to_close, 4U);
  EXPECT_EQ(destination.upstream.window.initial, 3U);
  EXPECT_EQ(destination.upstream.window.cap, 5U);
  EXPECT_EQ(destination.login.pause_first, 1000ms);
  EXPECT_EQ(destination.login.pause_max, 2000ms);

  ASSERT_EQ(config->facilities.size(), 2U);
  const auto& facility = config->facilities[0];
  EXPECT_EQ(facility.code, "0905R002");
  EXPECT_EQ(facility.name, "Puskesmas Contoh");
  EXPECT_EQ(facility.utc_offset, 9h);
  EXPECT_EQ(facility.late_entry_reason, "02");
  EXPECT_EQ(facility.username, "desk-1");
  EXPECT_EQ(facility.password, "right") << "without the line's end";
  EXPECT_EQ(facility.consumer_id, "23456");
  EXPECT_EQ(facility.consumer_secret, "right");
  EXPECT_EQ(facility.encrypted_replies, false);
  EXPECT_EQ(facility.signature_age, 300s);
  EXPECT_EQ(facility.most_pending, 40U);
  EXPECT_EQ(config->facilities[1].username, "");
  EXPECT_EQ(config->facilities[1].consumer_id, "");
  EXPECT_EQ(config->facilities[1].encrypted_replies, std::nullopt);
  EXPECT_EQ(config->facilities[1].signature_age, std::nullopt);
}

constexpr std::string_view webhook_secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

TEST_F(ConfigTest, callbacks_arrive_where_they_belong) {
  write_secret("now", std::string(webhook_secret) + "\n", 0600);
  write_secret("before", "whsec_BBBBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 0600);
  const auto config = load(R"({"data_directory":"d",
    "destinations":[{"profile":"pcare-vaksin","base_url":"http://localhost"}],
    "callbacks":{"timeout_ms":100,"private_targets":true,"ca_file":"ca.pem","in_flight":5,"unproven":2,"per_host":3,
                 "backoff_first_ms":1,"backoff_max_ms":2,"breaker_pause_ms":11,"maximum_age_ms":1001,
                 "maximum_attempts":4,"most_waiting":6},
    "facilities":[{"code":"a","callback":{"url":"https://klinik.example/x","secret_file":"now",
                                          "former_secret_file":"before","delivered":true}},
                  {"code":"b"}]})");
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  const auto& [options, transport] = config->callbacks;
  EXPECT_EQ(transport.timeout, 100ms);
  EXPECT_TRUE(transport.private_targets);
  EXPECT_EQ(transport.ca_file, directory_ / "ca.pem");
  EXPECT_EQ(transport.lookups, 6U) << "more than may hang";
  EXPECT_EQ(options.hosts.in_flight, 5U);
  EXPECT_EQ(options.hosts.unproven, 2U);
  EXPECT_EQ(options.hosts.window.cap, 3U);
  EXPECT_EQ(options.hosts.breaker.open_first, 11ms);
  EXPECT_EQ(options.policy.backoff.first, 1ms);
  EXPECT_EQ(options.policy.backoff.max, 2ms);
  EXPECT_EQ(options.policy.maximum_age, 1001ms);
  EXPECT_EQ(options.policy.maximum_attempts, 4U);
  EXPECT_EQ(options.policy.most_due, 6U);
  const auto& facility = config->facilities[0];
  EXPECT_EQ(facility.callback_url, "https://klinik.example/x");
  EXPECT_EQ(facility.callback_secret, webhook_secret);
  EXPECT_TRUE(facility.former_callback_secret.starts_with("whsec_BBBB"));
  EXPECT_TRUE(facility.callback_delivered);
  EXPECT_EQ(config->facilities[1].callback_url, "");
}

TEST_F(ConfigTest, a_short_one_has_good_defaults) {
  const auto config =
      load(R"({"data_directory":"d","destinations":[{"profile":"pcare-vaksin","base_url":"http://localhost"}]})");
  ASSERT_TRUE(config) << config.error().sentence;
  EXPECT_EQ(config->key_file, directory_ / "d" / "titip.key");
  EXPECT_EQ(config->front.listen.address, "127.0.0.1");
  EXPECT_EQ(config->utc_offset, 7h);
  EXPECT_EQ(config->front.answer_within, 2500ms);
  EXPECT_EQ(config->front.waiting_answers, 1000U);
  EXPECT_EQ(config->retention.delivered_days, 90U);
  EXPECT_EQ(config->retention.keys_days, 90U);
  EXPECT_EQ(config->storage.ballast_bytes, 128U << 20U);
  EXPECT_EQ(config->destinations[0].settle.late_apply_wait, 2min);
}

struct Mistake {
  const char* name;
  std::string text;
  const char* pointer;
  const char* says;
};

std::string with(std::string_view more) {
  return R"({"data_directory":"d","destinations":[{"profile":"p","base_url":"http://a"}],)" + std::string(more) + "}";
}
std::string destination(std::string_view more) {
  return R"({"data_directory":"d","destinations":[{"profile":"p","base_url":"http://a",)" + std::string(more) + "}]}";
}

const Mistake mistakes[] = {
    {"no JSON", "{", "", "is not JSON"},
    {"a number nothing can hold", R"({"stop_grace_ms":1e999})", "", "is not JSON"},
    {"no object", "[]", "", "must be an object"},
    {"empty", "{}", "", "data_directory"},
    {"no destinations", R"({"data_directory":"d"})", "", "destinations"},
    {"destinations empty", R"({"data_directory":"d","destinations":[]})", "/destinations", "at least one"},
    {"destinations no list", R"({"data_directory":"d","destinations":{}})", "/destinations", "list"},
    {"unknown key", with(R"("frnt":{})"), "/frnt", "it knows: data_directory"},
    {"unknown key inside", with(R"("front":{"prot":1})"), "/front/prot", "port"},
    {"unknown key deep inside", destination(R"("breaker":{"windw_ms":1})"), "/destinations/0/breaker/windw_ms",
     "window_ms"},
    {"text for a number", with(R"("front":{"port":"8480"})"), "/front/port", "from 0 to 65535"},
    {"number too large", with(R"("front":{"port":65536})"), "/front/port", "from 0 to 65535"},
    {"number beyond all numbers", with(R"("front":{"port":18446744073709551615})"), "/front/port", "from 0 to 65535"},
    {"number too small", with(R"("front":{"loops":0})"), "/front/loops", "from 1 to 64"},
    {"nobody can answer so soon", with(R"("front":{"answer_within_ms":0})"), "/front/answer_within_ms",
     "from 100 to 60000"},
    {"keys given free too soon", with(R"("retention":{"keys_days":89})"), "/retention/keys_days", "from 90 to 36500"},
    {"content kept for ever", with(R"("retention":{"delivered_days":-1})"), "/retention/delivered_days", "from 0"},
    {"a ballast larger than disks", with(R"("storage":{"ballast_bytes":99999999999})"), "/storage/ballast_bytes",
     "from 0 to"},
    {"a fraction", with(R"("stop_grace_ms":1.5)"), "/stop_grace_ms", "whole number"},
    {"a ratio of zero", destination(R"("breaker":{"failure_ratio":0})"), "/destinations/0/breaker/failure_ratio",
     "above 0"},
    {"a ratio above one", destination(R"("breaker":{"failure_ratio":1.1})"), "/destinations/0/breaker/failure_ratio",
     "at most 1"},
    {"number for a text", with(R"("key_file":1)"), "/key_file", "string"},
    {"an empty text", R"({"data_directory":""})", "/data_directory", "not empty"},
    {"no object inside", with(R"("front":[])"), "/front", "must be an object"},
    {"no such zone", with(R"("time_zone":"WIBB")"), "/time_zone", "WIB, WITA or WIT"},
    {"no such level", with(R"("log_level":"loud")"), "/log_level", "debug, info"},
    {"no profile", R"({"data_directory":"d","destinations":[{"base_url":"http://a"}]})", "/destinations/0", "profile"},
    {"no base URL", R"({"data_directory":"d","destinations":[{"profile":"p"}]})", "/destinations/0", "base_url"},
    {"a bad base URL", R"({"data_directory":"d","destinations":[{"profile":"p","base_url":"ftp://a"}]})",
     "/destinations/0/base_url", "http://"},
    {"a name with a slash", destination(R"("name":"a/b")"), "/destinations/0/name", "letters, digits"},
    {"a mount that is no path", destination(R"("mount":"pcare")"), "/destinations/0/mount",
     "'pcare' is not a fixed path"},
    {"a mount with a slash behind", destination(R"("mount":"/pcare/")"), "/destinations/0/mount", "trailing slash"},
    {"a mount for everything", destination(R"("mount":"/")"), "/destinations/0/mount", "is not a fixed path"},
    {"a mount with a parameter", destination(R"("mount":"/{a}")"), "/destinations/0/mount", "no braces"},
    {"a mount that is ours", destination(R"("mount":"/v1/pcare")"), "/destinations/0/mount",
     "mount the service elsewhere"},
    {"an empty mount", destination(R"("mount":"")"), "/destinations/0/mount", "not empty"},
    {"a surge nobody would notice", destination(R"("surge":{"sample":10})"), "/destinations/0/surge",
     "no surge would ever be noticed"},
    {"nothing left to the backlog", destination(R"("fresh_share":1.0)"), "/destinations/0/fresh_share", "0.9 or less"},
    {"facilities no list", with(R"("facilities":{})"), "/facilities", "list"},
    {"a facility without a code", with(R"("facilities":[{"name":"x"}])"), "/facilities/0", "code"},
    {"a code that is none", with(R"("facilities":[{"code":"a b"}])"), "/facilities/0/code", "letters"},
    {"a code twice", with(R"("facilities":[{"code":"a"},{"code":"a"}])"), "/facilities/1/code", "twice"},
    {"a consumer id without a secret", with(R"("facilities":[{"code":"a","consumer_id":"1"}])"), "/facilities/0",
     "consumer_secret_file"},
    {"a secret without a consumer id", with(R"("facilities":[{"code":"a","consumer_secret_file":"puskesmas.pass"}])"),
     "/facilities/0", "consumer_id"},
    {"a consumer id of two",
     with(R"("facilities":[{"code":"a","consumer_id":"1","consumer_secret_file":"puskesmas.pass"},
                           {"code":"b","consumer_id":"1","consumer_secret_file":"puskesmas.pass"}])"),
     "/facilities/1/consumer_id", "that of facility a"},
    {"a consumer id with a space",
     with(R"("facilities":[{"code":"a","consumer_id":"1 1","consumer_secret_file":"puskesmas.pass"}])"),
     "/facilities/0", "visible ASCII"},
    {"a secret that is not there",
     with(R"("facilities":[{"code":"a","consumer_id":"1","consumer_secret_file":"nothing"}])"),
     "/facilities/0/consumer_secret_file", "cannot read"},
    {"a callback without a secret", with(R"("facilities":[{"code":"a","callback":{"url":"https://a.example"}}])"),
     "/facilities/0", "go together"},
    {"a callback's secret that is none",
     with(R"("facilities":[{"code":"a","callback":{"url":"https://a.example","secret_file":"puskesmas.pass"}}])"),
     "/facilities/0", "whsec_"},
    {"a callback without TLS",
     with(R"("facilities":[{"code":"a","callback":{"url":"http://a.example","secret_file":"puskesmas.pass"}}])"),
     "/facilities/0", "https://"},
    {"callbacks of nothing", with(R"("callbacks":{"in_flight":0})"), "/callbacks/in_flight", "from 1"},
    {"encrypted perhaps", with(R"("facilities":[{"code":"a","encrypted_replies":"yes"}])"),
     "/facilities/0/encrypted_replies", "true or false"},
    {"an age of nothing", with(R"("facilities":[{"code":"a","signature_age_s":0}])"), "/facilities/0/signature_age_s",
     "86400"},
    {"a name too long", with(R"("facilities":[{"code":"a","name":")" + std::string(201, 'n') + R"("}])"),
     "/facilities/0", "200"},
    {"a user without a password", with(R"("facilities":[{"code":"a","login":{"username":"u"}}])"),
     "/facilities/0/login", "password_file"},
    {"a password without a user", with(R"("facilities":[{"code":"a","login":{"password_file":"puskesmas.pass"}}])"),
     "/facilities/0/login", "username"},
};

TEST_F(ConfigTest, a_mistake_is_named_by_its_place_and_a_sentence) {
  for (const auto& mistake : mistakes) {
    const auto config = load(mistake.text);
    ASSERT_FALSE(config) << mistake.name;
    EXPECT_EQ(config.error().pointer, mistake.pointer) << mistake.name << ": " << config.error().sentence;
    EXPECT_TRUE(config.error().sentence.contains(mistake.says)) << mistake.name << ": " << config.error().sentence;
  }
}

TEST_F(ConfigTest, a_file_that_is_not_there) {
  const auto config = load_config(directory_ / "nothing.json");
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().sentence.contains("cannot be read")) << config.error().sentence;
}

TEST_F(ConfigTest, secrets_are_taken_from_files_that_only_their_owner_may_read) {
  struct Row {
    const char* name;
    const char* text;
    mode_t mode;
    const char* says;  // none: fine
  };
  const Row rows[] = {
      {"0600", "open sesame", 0600, nullptr},
      {"0400", "open sesame\r\n", 0400, nullptr},
      {"the group may read", "open sesame", 0640, "chmod 600"},
      {"others may read", "open sesame", 0604, "chmod 600"},
      {"the group may write", "open sesame", 0620, "chmod 600"},
      {"everyone", "open sesame", 0666, "chmod 600"},
      {"empty", "\n", 0600, "empty"},
  };
  for (const auto& row : rows) {
    std::filesystem::remove(directory_ / "p");
    write_secret("p", row.text, row.mode);
    const auto config = load(with(R"("facilities":[{"code":"a","login":{"username":"u","password_file":"p"}}])"));
    if (row.says == nullptr) {
      ASSERT_TRUE(config) << row.name << ": " << config.error().sentence;
      EXPECT_EQ(config->facilities.at(0).password, "open sesame") << row.name;
    } else {
      ASSERT_FALSE(config) << row.name;
      EXPECT_EQ(config.error().pointer, "/facilities/0/login/password_file") << row.name;
      EXPECT_TRUE(config.error().sentence.contains(row.says)) << row.name << ": " << config.error().sentence;
      EXPECT_FALSE(config.error().sentence.contains("open sesame")) << row.name;
    }
  }
  std::filesystem::remove(directory_ / "p");
  const auto missing = load(with(R"("facilities":[{"code":"a","login":{"username":"u","password_file":"p"}}])"));
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().sentence.contains("cannot read")) << missing.error().sentence;
}

TEST(BuiltInProfiles, the_shipped_ones_are_there_and_load) {
  const auto names = built_in_profile_names();
  for (const char* name : {"antreanfktp", "pcare-rest", "pcare-rest-v3", "pcare-vaksin"}) {
    const auto text = built_in_profile(name);
    ASSERT_TRUE(text) << name;
    const auto loaded = profile::load_profile(*text);
    ASSERT_TRUE(loaded) << name << " at " << loaded.error().pointer << ": " << loaded.error().sentence;
    EXPECT_EQ(loaded->name, name);
    EXPECT_NE(std::ranges::find(names, name), names.end());
  }
  EXPECT_FALSE(built_in_profile("nothing"));
}

}  // namespace
}  // namespace titip::gateway
