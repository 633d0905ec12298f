// A front over the store in memory and a scripted national server.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/front/front.h"
#include "tests/gateway/reads_support.h"

namespace titip::front {

using nlohmann::json;
using tests::pcare_vaksin;

inline constexpr std::string_view dose =
    R"({"nik":"3300000000000001","noTiket":"A-01J783G1","dosis":1,"tglVaksin":"2021-08-16"})";

class FrontTest : public testing::Test {
 protected:
  FrontTest() {
    // The shipped profile offers everything it knows.
    for (auto& route : profile_.routes)
      if (route.id == "referensi/alasan") route.action = profile::Action::refuse;
    storage::Facility facility;
    facility.code = "0905R002";
    facilities_.add(std::move(facility));
    facility = {};
    facility.code = "0905R003";
    facilities_.add(std::move(facility));
    facility = {};
    facility.code = "0905R004";
    facility.disabled = true;
    facilities_.add(std::move(facility));
    world_.transport.server = [](const auto&) { return tests::national(200, 200, "OK"); };
  }

  FrontDoors doors() {
    return {{{"pcare-vaksin", &profile_, &reads_}},
            facilities_,
            intake_,
            [] { return std::string(R"({"sentence":{}})"); },
            [this] { return alive_; },
            [this] { return why_not_ready_; },
            own_records_,
            world_.clock};
  }

  static http::Request request(std::string method, std::string target, std::string body = {},
                               std::vector<http::Header> headers = {{"x-kdppk", "0905R002"}}) {
    http::Request made;
    made.method = std::move(method);
    made.target = std::move(target);
    made.body = std::move(body);
    made.headers = std::move(headers);
    return made;
  }

  std::optional<http::Response> ask(http::Request asked) {
    std::optional<http::Response> answer;
    abandoned_ = false;
    front_->handle(std::move(asked), http::Responder([&](http::Response given) { answer = std::move(given); },
                                                     [this] { abandoned_ = true; }));
    world_.run();
    if (!answer && !abandoned_) ADD_FAILURE() << "neither answered nor abandoned";
    return answer;
  }
  http::Response answer(http::Request asked) {
    auto given = ask(std::move(asked));
    if (!given) ADD_FAILURE() << "no answer";
    return given.value_or(http::Response{});
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& each : response.headers)
      if (each.name == name) return each.value;
    return {};
  }
  std::uint64_t accepted() {
    std::uint64_t sum = 0;
    for (const auto& [name, counts] : world_.engine->counts().destinations) sum += counts.accepted;
    return sum;
  }

  tests::ReadsWorld world_;
  profile::Profile profile_ = pcare_vaksin();
  storage::Facilities facilities_;
  metrics::IntakeProbes intake_probes_{world_.registry};
  tests::FakeTimers timers_{world_.clock};
  intake::Standing standing_ = intake::Standing::down;
  intake::Intake intake_{{world_.store, world_.home, *world_.sealer, world_.clock, intake_probes_,
                          std::chrono::milliseconds(2'500), &timers_,
                          [this](std::string_view, std::string_view) { return standing_; }}};
  reads::DestinationReads reads_{{}, {}, world_.log_in_doors()};
  reads::OwnRecords own_records_{world_.store, world_.home, *world_.sealer};
  bool alive_ = true;
  words::Said why_not_ready_;
  std::optional<Front> front_{std::in_place, doors()};
  bool abandoned_ = false;
};

}  // namespace titip::front
