// One front loop put together: the listener's share, front, intake and reads. Private to the root.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "gateway/destination.h"
#include "gateway/front/front.h"
#include "gateway/http/server.h"
#include "gateway/intake/intake.h"
#include "gateway/reads/destination_reads.h"
#include "gateway/runtime.h"

namespace titip::gateway {

struct FrontLoopParts {
  const Config& config;
  const storage::Facilities& facilities;
  storage::Store& store;
  const storage::Sealer& sealer;
  const clock::Clock& clock;
  Workers& workers;
  std::vector<std::unique_ptr<Destination>>& destinations;
  metrics::HttpProbes& http;
  const metrics::IntakeProbes& intake;
  const metrics::ReadProbes& reads;
  std::shared_ptr<intake::MadeNumbers> made_numbers;  // one for all loops, as are these
  std::shared_ptr<front::FacilityRates> rates;
  std::shared_ptr<const front::Admission> admission;  // none: codes are enough
  std::shared_ptr<front::LogInPaces> log_in_paces;
  std::shared_ptr<reads::LogInTries> log_in_tries;
  std::shared_ptr<reads::KeptSize> kept_reads;
  std::function<std::string()> status;
  std::function<bool()> alive;
  std::function<words::Said()> why_not_ready;
};

class FrontLoop {
 public:
  FrontLoop(std::size_t number, FrontLoopParts parts);

  // Before start(): binds; the port found, or a sentence.
  std::expected<std::uint16_t, std::string> listen(const std::string& address, std::uint16_t port, bool shared);
  std::expected<std::uint16_t, std::string> listen_on(int socket);
  void start() { loop_.start(); }
  void begin_stop();
  void abort();
  void join() { loop_.stop(); }
  std::size_t connections() const { return server_.connections(); }
  const Loop& loop() const { return loop_; }

 private:
  front::FrontDoors front_doors(const FrontLoopParts& parts);

  Loop loop_;
  std::vector<std::unique_ptr<reads::DestinationReads>> reads_;
  intake::Intake intake_;
  reads::OwnRecords own_records_;
  front::Front front_;
  http::Server server_;
};

}  // namespace titip::gateway
