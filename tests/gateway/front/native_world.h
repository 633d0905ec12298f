// The front before two services of different schemes, over a store in memory with records in it: what tests of /v1 ask.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/front/front.h"
#include "tests/gateway/reads_support.h"
#include "tests/gateway/records_in_custody.h"
#include "tests/gateway/signing.h"

namespace titip::tests {

class NativeWorld {
 public:
  NativeWorld() {
    auto facility = signing_facility();
    facility.utc_offset = std::chrono::hours(7);
    EXPECT_TRUE(facilities.add(facility));
    EXPECT_TRUE(facilities.add(signing_facility("0905R003", {"10002", "another clinic's secret"})));
    world.transport.server = [](const auto&) { return national(200, 200, "OK"); };
  }

  http::Response ask(std::string method, std::string target, std::vector<http::Header> headers = {},
                     std::string body = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    std::optional<http::Response> answer;
    front.handle(std::move(request),
                 http::Responder([&](http::Response given) { answer = std::move(given); }, nullptr));
    world.run();
    if (!answer) ADD_FAILURE() << "no answer";
    return answer.value_or(http::Response{});
  }
  // As the facility that a header names, unless other headers are given.
  http::Response get(std::string target, std::optional<std::vector<http::Header>> headers = {}) {
    return ask("GET", std::move(target), headers ? *std::move(headers) : named());
  }
  static std::vector<http::Header> named(std::string facility = "0905R002") {
    return {{"x-kdppk", std::move(facility)}};
  }
  static std::vector<http::Header> signed_now() { return clinic_headers("1629075600"); }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& each : response.headers)
      if (each.name == name) return each.value;
    return {};
  }

  ReadsWorld world;
  const profile::Profile by_header = pcare_vaksin();
  const profile::Profile by_signature = [] {
    auto profile = signing_profile();
    profile.mount = "/signed";
    auto route = profile.routes.front();  // and one that takes back, so that every method is served
    route.id = "vaksin/hapus";
    route.method = "DELETE";
    route.path = "/vaksin/hapus";
    profile.routes.push_back(std::move(route));
    return profile;
  }();
  storage::Facilities facilities;
  metrics::IntakeProbes intake_probes{world.registry};
  intake::Intake intake{{world.store, world.home, *world.sealer, world.clock, intake_probes}};
  reads::DestinationReads reads{{}, {}, world.log_in_doors()};
  reads::OwnRecords own_records{world.store, world.home, *world.sealer};
  RecordsInCustody records{world.store, world.home, *world.sealer, [this] { world.run(); }};
  front::Front front{{{{"pcare-vaksin", &by_header, &reads}, {"signed", &by_signature, &reads}},
                      facilities,
                      intake,
                      [] { return std::string(R"({"sentence":{"id":"Baik.","en":"Fine."},"destinations":[]})"); },
                      [] { return true; },
                      [] { return words::Said(); },
                      own_records,
                      world.clock}};
};

}  // namespace titip::tests
