// What front asks of a destination that is not custody: reads and log-ins. One per destination and front loop.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "gateway/reads/cached_reads.h"
#include "gateway/reads/custody_reads.h"
#include "gateway/reads/log_in.h"
#include "gateway/reads/pass_through.h"

namespace titip::reads {

class DestinationReads {
 public:
  using Done = std::move_only_function<void(ReadAnswer)>;

  DestinationReads(LogInOptions options, CacheOptions cache, LogInDoors doors);

  // A read of this route: of what the server has, as custody knows better.
  void read(const profile::Route& route, Parameters parameters, ReadCall call, Done done);
  void log_in(LogInCall call, Done done) { log_in_.take(std::move(call), std::move(done)); }

 private:
  void ask(const profile::Route& route, const Parameters& parameters, ReadCall call, Done done);
  void complete(const profile::Route& route, Parameters parameters, std::string facility, ReadAnswer answer, Done done);

  PassThroughDoors upstream_;
  CustodyReads custody_;
  CachedReads cached_;
  LogIn log_in_;
};

}  // namespace titip::reads
