// An Intake that serves a small service whose records quote each other's numbers, with timers and a server whose health
// the test sets.
#pragma once

#include <deque>
#include <memory>

#include "storage/reference_keys.h"
#include "tests/gateway/intake/intake_fixture.h"

namespace titip::intake {

using namespace std::chrono_literals;

inline profile::Route queued_route(std::string id, std::string method, std::string path) {
  profile::Route route;
  route.id = std::move(id);
  route.method = std::move(method);
  route.path = std::move(path);
  route.action = profile::Action::queue;
  route.after_unknown = profile::AfterUnknown::park;
  return route;
}

// Register, visit, medicine: pcare-rest in small.
inline profile::Profile clinic_profile() {
  profile::Profile made;
  made.name = "clinic";
  made.mount = "/clinic";
  made.envelope = {"/response", "/metaData/code", "/metaData/message"};
  made.date_format = profile::DateFormat::day_first;
  made.utc_offset = std::chrono::hours(7);
  made.references = {{"noUrut", "T{3}"}, {"noKunjungan", "{facility}{MMyy}T{6}"}};
  made.rules = {{.id = "there", .text = "sudah", .outcome = profile::RuleOutcome::duplicate}};

  auto registration = queued_route("pendaftaran", "POST", "/pendaftaran");
  registration.required = {"/noKartu", "/tglDaftar", "/kdPoli"};
  registration.ordering_key = {"/noKartu"};
  registration.natural_key = {"/noKartu", "/kdPoli"};
  registration.business_date = "/tglDaftar";
  registration.provides = {"/noKartu", "/tglDaftar", "/kdPoli"};
  registration.yields = {{.reference = "noUrut", .in_reply = {"/response"}, .scope = {"/tglDaftar", "/kdPoli"}}};
  registration.acknowledgement = {201, 201, "CREATED", R"({"field":"noUrut","message":"{reference:noUrut}"})"};

  auto unregistration = queued_route("pendaftaran/hapus", "DELETE", "/pendaftaran/{tgl}/{noUrut}/{kdPoli}");
  unregistration.ordering_key = {"{noUrut}"};
  unregistration.quotes = {{"noUrut", "{noUrut}", {"{tgl}", "{kdPoli}"}}};
  unregistration.ordering_from = "noUrut";
  unregistration.takes_back = profile::TakesBack{"noUrut", {}};
  unregistration.acknowledgement = {200, 200, "OK", ""};

  auto visit = queued_route("kunjungan", "POST", "/kunjungan");
  visit.required = {"/noKartu", "/tglDaftar", "/kdPoli"};
  visit.ordering_key = {"/noKartu"};
  visit.natural_key = {"/noKartu", "/kdPoli"};
  visit.business_date = "/tglDaftar";
  visit.requirements = {{"pendaftaran", {"/noKartu", "/tglDaftar", "/kdPoli"}}};
  visit.yields = {{.reference = "noKunjungan", .in_reply = {"/response"}}};
  visit.acknowledgement = {201, 201, "CREATED", R"([{"field":"noKunjungan","message":"{reference:noKunjungan}"}])"};

  auto medicine = queued_route("obat", "POST", "/obat");
  medicine.required = {"/noKunjungan", "/kdObat"};
  medicine.ordering_key = {"/noKunjungan"};
  medicine.natural_key = {"/noKunjungan", "/kdObat"};
  medicine.quotes = {{"noKunjungan", "/noKunjungan", {}}};
  medicine.ordering_from = "noKunjungan";

  made.routes = {registration, unregistration, visit, medicine};
  return made;
}

class ChainTest : public IntakeTest {
 protected:
  Arrival arrival_at(std::string_view route, std::string body, std::string_view key = {}) {
    Arrival made;
    made.profile = &profile_;
    made.route = profile::find_route(profile_, route);
    made.destination = "clinic";
    made.facility = "0114A026";
    made.channel = "mount";
    made.method = made.route->method;
    made.target = made.route->path;
    made.body = std::move(body);
    made.idempotency_key = key;
    return made;
  }
  static std::string person(std::string_view card, std::string_view more = {}) {
    return R"({"noKartu":")" + std::string(card) + R"(","tglDaftar":"15-08-2026","kdPoli":"001")" + std::string(more) +
           "}";
  }
  static std::string medicine(std::string_view visit, std::string_view drug = "A") {
    return R"({ "noKunjungan": ")" + std::string(visit) + R"(", "kdObat": ")" + std::string(drug) + "\" }";
  }
  Arrival registration(std::string_view card) { return arrival_at("pendaftaran", person(card)); }
  Arrival unregistration(const std::string& number) {
    auto made = arrival_at("pendaftaran/hapus", "");
    made.parameters = {{"tgl", "15-08-2026"}, {"noUrut", number}, {"kdPoli", "001"}};
    return made;
  }

  // What becomes of a request whose answer may wait.
  using Asked = std::shared_ptr<std::optional<Answer>>;
  Asked ask(Arrival made) {
    auto asked = std::make_shared<std::optional<Answer>>();
    chained_.take(std::move(made), [asked](Answer given) {
      ASSERT_FALSE(asked->has_value()) << "answered twice";
      *asked = std::move(given);
    });
    run();
    return asked;
  }
  Answer answered(Arrival made) {
    const auto asked = ask(std::move(made));
    if (!asked->has_value()) {
      ADD_FAILURE() << "no answer";
      return InDoubt{};
    }
    return std::move(**asked);
  }
  InCustody taken(Arrival made) { return custody(answered(std::move(made))); }
  Refused refused(Arrival made) { return refusal(answered(std::move(made))); }

  void pass(std::chrono::milliseconds span) {
    clock_.advance(span);
    while (timers_.run_due()) {
    }
    run();
  }

  // Delivered, with the number the server gave: as delivery settles it.
  void deliver(const InCustody& taken, std::string_view reference, const std::vector<std::string>& scope,
               const std::string& number, std::optional<storage::KeptReply> reply = std::nullopt) {
    const auto record = load(taken.submission.id).submission;
    const std::uint64_t epoch = store_->health().epoch;
    const auto key = (*sealer_).unwrap(record.id, record.wrapped_key);
    storage::Settlement settlement;
    settlement.epoch = epoch;
    settlement.id = record.id;
    settlement.expected_version = record.version + 1;
    settlement.event = storage::Event::delivered;
    if (reply) settlement.reply = (*sealer_).seal(*key, record.id, "reply", encode(*reply));
    const storage::KeySpace space{record.destination, record.facility};
    settlement.resolved = {
        {storage::reference_key(*sealer_, space, reference, scope, taken.numbers.at(std::string(reference))),
         (*sealer_).seal(*key, record.id, "reference", number),
         storage::reference_key(*sealer_, space, reference, scope, number)}};
    store_->open_attempts({{record.id, record.version, {}, epoch}}, home_, [](const auto&) {});
    store_->settle({settlement}, home_, [](const auto& changed) {
      ASSERT_TRUE(changed && changed->front().applied == storage::Applied::yes);
    });
    run();
  }
  bool told(std::string_view answer, int times) {
    return registry_.expose().contains(R"(titip_accepted_answers_total{answer=")" + std::string(answer) + "\"} " +
                                       std::to_string(times) + "\n");
  }

  profile::Profile profile_ = clinic_profile();
  tests::FakeTimers timers_{clock_};
  Standing standing_ = Standing::down;
  std::deque<std::uint64_t> draws_;  // then 1, 2, 3, …
  std::uint64_t drawn_ = 0;
  Intake chained_{{faulty_,
                   home_,
                   *sealer_,
                   clock_,
                   probes_,
                   2'500ms,
                   &timers_,
                   [this](std::string_view, std::string_view) { return standing_; },
                   {.most = 2},
                   std::make_shared<MadeNumbers>(),
                   [this] {
                     if (draws_.empty()) return ++drawn_;
                     const auto draw = draws_.front();
                     draws_.pop_front();
                     return draw;
                   }}};
};

}  // namespace titip::intake
