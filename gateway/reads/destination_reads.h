// What front asks of a destination that is not custody: pass-through reads and log-ins. One per destination and front
// loop.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "gateway/reads/log_in.h"
#include "gateway/reads/pass_through.h"

namespace titip::reads {

class DestinationReads {
 public:
  DestinationReads(LogInOptions options, LogInDoors doors)
      : upstream_(doors.upstream), log_in_(options, std::move(doors)) {}

  void pass(ReadCall call, std::move_only_function<void(ReadAnswer)> done) {
    pass_through(upstream_, std::move(call), std::move(done));
  }
  void log_in(std::string content_type, std::string body, std::move_only_function<void(ReadAnswer)> done) {
    log_in_.take(std::move(content_type), std::move(body), std::move(done));
  }

 private:
  PassThroughDoors upstream_;
  LogIn log_in_;
};

}  // namespace titip::reads
