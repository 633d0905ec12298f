// What the front does with each request, from its first byte to what the store takes, and with each answer.
#include <benchmark/benchmark.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "gateway/http/guard.h"
#include "gateway/http/parse.h"
#include "gateway/intake/body_hash.h"
#include "gateway/intake/make_submission.h"
#include "storage/check.h"
#include "tests/bench/micro/measured.h"
#include "tests/bench/wire.h"
#include "tests/gateway/fakes.h"
#include "upstream/profile/envelope.h"
#include "upstream/profile/prerendered.h"
#include "upstream/rules/classify.h"

namespace titip::bench {
namespace {

constexpr std::string_view head =
    "POST /pcare-vaksin/vaksin/simpan HTTP/1.1\r\nHost: 127.0.0.1\r\nx-kdppk: P0001\r\nContent-Type: "
    "application/json\r\nUser-Agent: clinic/1.4\r\nAccept: */*\r\nIdempotency-Key: \"visit-1\"\r\nContent-Length: "
    "800\r\n\r\n";
constexpr std::string_view served =
    R"({"response":{"noTiket":"U-00000007"},"metaData":{"message":"CREATED","code":201}})";
constexpr std::string_view receipt = "7K3M9QXW2T5VBN8RJ4PD6HFCZA";
constexpr std::string_view id = "01FD8Z6J5S0123456789ABCDEF";

const profile::Profile& pcare_vaksin() {
  static const profile::Profile loaded = [] {
    std::ifstream file(TITIP_PROFILES "/pcare-vaksin.json");
    std::stringstream text;
    text << file.rdbuf();
    auto profile = profile::load_profile(text.str());
    storage::check(profile.has_value(), "the shipped profile is sound");
    return *std::move(profile);
  }();
  return loaded;
}

const profile::Route& dose_route() {
  return *profile::find_route(pcare_vaksin(), "vaksin/simpan");
}

intake::Arrival arrival() {
  intake::Arrival made;
  made.profile = &pcare_vaksin();
  made.route = &dose_route();
  made.destination = "pcare-vaksin";
  made.facility = "P0001";
  made.channel = "mount";
  made.method = "POST";
  made.target = "/vaksin/simpan";
  made.content_type = "application/json";
  made.body = Payload("2026-08-15").of(7);
  return made;
}

intake::Draft draft_of(const intake::Arrival& arrival) {
  intake::Draft draft;
  const auto pointers = intake::identity_pointers(dose_route());
  auto identity =
      intake::read_identity(intake::IdentityText{dose_route(), pointers, arrival.body, arrival.parameters, "P0001"});
  storage::check(identity.has_value(), "the payload has an identity");
  draft.identity = *std::move(identity);
  draft.client_key = "visit-7";
  return draft;
}

void add_requests() {
  add_rule("guard", [limits = http::GuardLimits{}] { benchmark::DoNotOptimize(http::guard(head, limits)); });
  add_rule("parse_head", [] { benchmark::DoNotOptimize(http::parse(head, http::GuardLimits{}.header_bytes)); });
  add_rule("match_route", [] { benchmark::DoNotOptimize(profile::match(pcare_vaksin(), "POST", "/vaksin/simpan")); });
  add_rule("read_identity", [arrival = arrival(), pointers = intake::identity_pointers(dose_route())] {
    benchmark::DoNotOptimize(
        intake::read_identity(intake::IdentityText{dose_route(), pointers, arrival.body, arrival.parameters, "P0001"}));
  });
  const auto sealer = std::make_shared<tests::TestSealer>();
  add_rule("make_submission", [sealer, receipts = storage::Veil(**sealer, storage::receipt_domain), arrival = arrival(),
                               draft = draft_of(arrival())] {
    benchmark::DoNotOptimize(intake::make_submission(**sealer, receipts, arrival, draft, tests::morning));
  });
  add_rule("body_sha256", [body = arrival().body] { benchmark::DoNotOptimize(intake::body_sha256(body)); });
}

}  // namespace

void add_front_rules() {
  add_requests();
  const auto& told = dose_route().acknowledgement;
  add_rule("acknowledge", [ready = *profile::Prerendered::of(pcare_vaksin().envelope, told)] {
    benchmark::DoNotOptimize(ready.with(receipt, id));
  });
  add_rule("acknowledge_with_numbers", [&told] {
    benchmark::DoNotOptimize(profile::write_envelope(pcare_vaksin().envelope, told.code, told.message,
                                                     profile::acknowledgement_response(told, receipt, id)));
  });
  add_rule("classify", [exchange = rules::Exchange(rules::Reply{201, "application/json", std::string(served)})] {
    benchmark::DoNotOptimize(rules::classify(pcare_vaksin(), "vaksin/simpan", exchange));
  });
}

}  // namespace titip::bench
