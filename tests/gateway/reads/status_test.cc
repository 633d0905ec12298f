#include "gateway/reads/status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/clock/clock.h"
#include "tests/gateway/fakes.h"

namespace titip::reads {
namespace {

using namespace std::chrono_literals;
using storage::State;

struct Count {
  State state;
  std::uint64_t count;
};

DestinationFacts facts_of(std::vector<Count> counts, std::optional<client::WallTime> outage_since = {}) {
  DestinationFacts facts;
  facts.destination = "pcare-vaksin";
  for (const auto& [state, count] : counts) {
    facts.counts.by_state[static_cast<std::size_t>(state)] = count;
    facts.counts.accepted += count;
  }
  facts.health.outage_since = outage_since;
  if (outage_since) facts.health.state = rules::BreakerState::open;
  return facts;
}

StatusFacts status_of(std::vector<DestinationFacts> destinations, bool writable = true, bool disk_low = false) {
  StatusFacts facts;
  facts.destinations = std::move(destinations);
  facts.store.writable = writable;
  facts.store.disk_low = disk_low;
  facts.utc_offset = 7h;
  return facts;
}

const auto nine_twelve = tests::morning + 1h + 12min;  // in Jakarta: 09:12

DestinationFacts gated(DestinationFacts facts) {
  facts.gate = Gated{words::verbatim("restored"), "2021-08-16T01:00:00.000Z"};
  return facts;
}

struct Row {
  const char* name;
  StatusFacts facts;
  const char* id;
  const char* en;
};

const Row rows[] = {
    {"at rest", status_of({facts_of({})}), "Server nasional melayani. Tidak ada laporan yang menunggu.",
     "The national server is serving. No record is waiting."},
    {"behind a gate", status_of({gated(facts_of({{State::queued, 2}}))}),
     "Server nasional melayani. Pengiriman ke pcare-vaksin ditahan sampai pengelola membukanya. 2 laporan tersimpan "
     "aman "
     "dan akan dikirim, jangan diinput ulang.",
     "The national server is serving. Sending to pcare-vaksin is held back until its operator opens the gate. 2 "
     "records "
     "are safe here and will be sent, do not enter them again."},
    {"all delivered", status_of({facts_of({{State::delivered, 2000}, {State::cancelled, 2}})}),
     "Server nasional melayani. Tidak ada laporan yang menunggu.",
     "The national server is serving. No record is waiting."},
    {"some under way", status_of({facts_of({{State::queued, 2}, {State::in_flight, 1}})}),
     "Server nasional melayani. 3 laporan tersimpan aman dan akan dikirim, jangan diinput ulang.",
     "The national server is serving. 3 records are safe here and will be sent, do not enter them again."},
    {"one", status_of({facts_of({{State::unknown, 1}})}),
     "Server nasional melayani. 1 laporan tersimpan aman dan akan dikirim, jangan diinput ulang.",
     "The national server is serving. 1 record is safe here and will be sent, do not enter it again."},
    {"an outage, numbers grouped, attention",
     status_of({facts_of({{State::queued, 1'200}, {State::deferred, 1}, {State::blocked, 2}, {State::rejected, 2}},
                         nine_twelve)}),
     "Server nasional tidak tersedia sejak 09:12 WIB. 1.203 laporan tersimpan aman dan akan dikirim, jangan diinput "
     "ulang; 2 perlu diperiksa.",
     "The national server has been unavailable since 09:12 WIB. 1,203 records are safe here and will be sent, do not "
     "enter them again; 2 need attention."},
    {"what is held will not be sent by itself",
     status_of({facts_of({{State::queued, 1}, {State::held, 1}, {State::expired, 1}, {State::rejected, 1}})}),
     "Server nasional melayani. 1 laporan tersimpan aman dan akan dikirim, jangan diinput ulang; 3 perlu diperiksa.",
     "The national server is serving. 1 record is safe here and will be sent, do not enter it again; 3 need "
     "attention."},
    {"only something held", status_of({facts_of({{State::held, 1}})}),
     "Server nasional melayani. Tidak ada laporan yang menunggu; 1 perlu diperiksa.",
     "The national server is serving. No record is waiting; 1 needs attention."},
    {"ten million", status_of({facts_of({{State::queued, 10'000'000}}, nine_twelve)}),
     "Server nasional tidak tersedia sejak 09:12 WIB. 10.000.000 laporan tersimpan aman dan akan dikirim, jangan "
     "diinput ulang.",
     "The national server has been unavailable since 09:12 WIB. 10,000,000 records are safe here and will be sent, do "
     "not enter them again."},
    {"two destinations, the longest outage counts",
     status_of({facts_of({{State::queued, 1}}, nine_twelve + 1h), facts_of({{State::queued, 2}}, nine_twelve)}),
     "Server nasional tidak tersedia sejak 09:12 WIB. 3 laporan tersimpan aman dan akan dikirim, jangan diinput ulang.",
     "The national server has been unavailable since 09:12 WIB. 3 records are safe here and will be sent, do not enter "
     "them again."},
    {"the store is broken", status_of({facts_of({}, nine_twelve)}, false),
     "Gateway tidak dapat menyimpan laporan baru; hubungi pengelolanya. Tidak ada laporan yang menunggu.",
     "The gateway cannot store new records; call its operator. No record is waiting."},
    {"the disk is full", status_of({facts_of({{State::queued, 5}})}, true, true),
     "Gateway tidak dapat menyimpan laporan baru; hubungi pengelolanya. 5 laporan tersimpan aman dan akan dikirim, "
     "jangan diinput ulang.",
     "The gateway cannot store new records; call its operator. 5 records are safe here and will be sent, do not enter "
     "them again."},
};

// Three reports have until 23:59 tonight; it is 23:00 in Jakarta, an hour before.
const auto tonight = std::chrono::floor<std::chrono::minutes>(tests::morning + 15h + 59min);
StatusFacts with_deadlines(std::uint64_t count, double per_second, std::chrono::milliseconds before_midnight = 1h) {
  auto facts = status_of({facts_of({{State::queued, count}})});
  facts.destinations[0].counts.pending_by_deadline[tonight.time_since_epoch().count()] = count;
  facts.destinations[0].sends_per_second = per_second;
  facts.destinations[0].deadline_share = 0.5;
  facts.now = client::WallTime(tonight) + 1min - before_midnight;
  return facts;
}

TEST(Status, says_who_will_miss_a_deadline) {
  const struct {
    const char* name;
    StatusFacts facts;
    const char* id;
    const char* en;
    nlohmann::json numbers;
  } cases[] = {
      {"all in time",
       with_deadlines(3, 1),
       "diinput ulang.",
       "again.",
       {{"waiting", 3}, {"next_at", "2021-08-16T16:59:00.000Z"}, {"will_miss", 0}, {"missed", 0}}},
      {"nothing is being sent",
       with_deadlines(3, 0),
       " 3 laporan harus sampai paling lambat 23:59 WIB.",
       " 3 must arrive by 23:59 WIB.",
       {{"waiting", 3}, {"next_at", "2021-08-16T16:59:00.000Z"}, {"will_miss", nullptr}, {"missed", 0}}},
      {"too many",
       with_deadlines(3000, 1),
       " Dengan laju sekarang 1.200 akan melewati batas waktunya.",
       " At the present pace 1,200 will miss their deadline.",
       {{"waiting", 3000}, {"next_at", "2021-08-16T16:59:00.000Z"}, {"will_miss", 1200}, {"missed", 0}}},
      {"after midnight",
       with_deadlines(3, 1, -1min),
       " 3 sudah melewati batas waktunya.",
       " 3 missed their deadline.",
       {{"waiting", 0}, {"next_at", nullptr}, {"will_miss", 0}, {"missed", 3}}},
      {"one of them",
       with_deadlines(1, 0, -1min),
       " 1 sudah melewati batas waktunya.",
       " 1 missed its deadline.",
       {{"waiting", 0}, {"next_at", nullptr}, {"will_miss", 0}, {"missed", 1}}},
  };
  for (const auto& row : cases) {
    const auto said = sentence(row.facts);
    EXPECT_TRUE(said.in(words::Language::id).ends_with(row.id)) << row.name << ": " << said.in(words::Language::id);
    EXPECT_TRUE(said.english().ends_with(row.en)) << row.name << ": " << said.english();
    EXPECT_EQ(nlohmann::json::parse(status_json(row.facts).dump()).at("destinations").at(0).at("deadlines"),
              row.numbers)
        << row.name;
  }
}

TEST(Status, one_true_sentence) {
  for (const auto& row : rows) {
    const auto said = sentence(row.facts);
    EXPECT_EQ(said.in(words::Language::id), row.id) << row.name;
    EXPECT_EQ(said.english(), row.en) << row.name;
  }
}

TEST(Status, the_numbers_behind_it) {
  auto facts = status_of({facts_of({{State::queued, 3},
                                    {State::in_flight, 1},
                                    {State::unknown, 2},
                                    {State::held, 4},
                                    {State::delivered, 90},
                                    {State::rejected, 5}},
                                   nine_twelve)});
  facts.destinations[0].unknown_outcomes = 7;
  facts.destinations[0].probes = 8;
  facts.destinations[0].health.outages = 3;
  facts.store.why_not = words::verbatim("because");
  facts.store.last_position = 105;
  facts.store.epoch = 2;
  facts.store.found_open_attempts = 1;
  const auto document = status_json(facts);
  const auto& destination = document.at("destinations").at(0);
  EXPECT_EQ(destination.at("destination"), "pcare-vaksin");
  EXPECT_EQ(destination.at("upstream"), "open");
  EXPECT_EQ(destination.at("outage_since"), "2021-08-16T02:12:00.000Z");
  EXPECT_EQ(destination.at("accepted"), 105);
  EXPECT_EQ(destination.at("queued"), 3);
  EXPECT_EQ(destination.at("held"), 4);
  EXPECT_EQ(destination.at("delivered"), 90);
  EXPECT_EQ(destination.at("pending"), 10);
  EXPECT_EQ(destination.at("needs_attention"), 9);
  EXPECT_EQ(destination.at("ledger_difference"), 0);
  EXPECT_EQ(destination.at("unknown_outcomes"), 7);
  EXPECT_EQ(destination.at("probes"), 8);
  EXPECT_EQ(destination.at("outages"), 3);
  EXPECT_EQ(destination.at("open_attempts_at_start"), 1);
  for (const auto state : storage::all_states) EXPECT_TRUE(destination.contains(storage::name(state)));
  EXPECT_EQ(document.at("store").at("epoch"), 2);
  EXPECT_EQ(document.at("store").at("why_not"), "because");
  EXPECT_EQ(document.at("sentence").at("en"), sentence(facts).english());
}

TEST(Status, a_ledger_that_does_not_balance_shows_by_how_much) {
  auto facts = facts_of({{State::queued, 3}});
  facts.counts.accepted = 5;
  EXPECT_EQ(ledger_difference(facts.counts), 2);
  facts.counts.accepted = 1;
  EXPECT_EQ(ledger_difference(facts.counts), 2);
  facts.counts.accepted = 3;
  facts.counts.scan_difference = 4;
  EXPECT_EQ(ledger_difference(facts.counts), 4) << "what the rolling look found counts too";
}

TEST(Status, a_drain_is_told_as_it_stands) {
  DrainFacts running;
  running.state = "running";
  running.of = 1000;
  running.settled = 250;
  running.per_second = 10;
  running.eta = 75s;
  auto canary = running;
  canary.state = "canary";
  canary.canary = 20;
  auto paused = running;
  paused.state = "paused";
  paused.stands_still = true;
  paused.reason = words::verbatim("clinic hours");
  paused.goes_on_at = tests::morning;
  auto aborted = running;
  aborted.state = "aborted";
  aborted.stands_still = true;
  aborted.reason = words::verbatim("20 of the last 50 were rejected or are unknown");
  aborted.rejected = 20;
  auto done = running;
  done.state = "done";
  done.is_done = true;
  done.settled = 1000;
  const struct {
    const DrainFacts& drain;
    const char* says;
  } sentences[] = {
      {running, "runs at 10 a second: 250 of 1000 settled, about 75 s left."},
      {canary, "waits for its canary of 20: 250 of 1000 settled."},
      {paused, "is paused until 2021-08-16T01:00:00.000Z (clinic hours): 250 of 1000 settled."},
      {aborted,
       "has stopped by itself (20 of the last 50 were rejected or are unknown): 250 of 1000 settled, 20 rejected."},
      {done, "is done: 1000 of 1000 settled."},
  };
  for (const auto& row : sentences) EXPECT_EQ(drain_sentence(row.drain).english(), row.says);
  auto facts = facts_of({{State::queued, 3}});
  EXPECT_TRUE(status_json(status_of({facts}))["destinations"][0]["drain"].is_null());
  facts.drain = running;
  const auto document = status_json(status_of({facts}))["destinations"][0]["drain"];
  EXPECT_EQ(document["settled"], 250);
  EXPECT_EQ(document["eta_s"], 75);
  EXPECT_FALSE(sentence(status_of({facts})).english().contains("backlog"));
  facts.drain = aborted;
  EXPECT_TRUE(sentence(status_of({facts})).english().contains("Sending the backlog to pcare-vaksin is paused."));
  EXPECT_TRUE(
      sentence(status_of({facts})).in(words::Language::id).contains("laporan lama ke pcare-vaksin sedang dijeda."));
}

TEST(Status, spans_are_said_in_words) {
  EXPECT_EQ(duration_text(90s).english(), "90 s");
  EXPECT_EQ(duration_text(25min).english(), "25 min");
  EXPECT_EQ(duration_text(3h).english(), "3 h");
  EXPECT_EQ(duration_text(50h).english(), "3 days");
}

}  // namespace
}  // namespace titip::reads
