// A clinic's log-in: passed on while the server is up; while it is not, or has no place for more of them, checked
// against the verifier of a log-in that the server accepted before, and answered with what the server answered then.
// Threads: one per front loop; the slow hash runs on the workers.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/reads/log_in_tries.h"
#include "gateway/reads/pass_through.h"
#include "gateway/reads/verifier.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::reads {

struct LogInOptions {
  std::chrono::milliseconds maximum_age{30 * 24 * 3600'000LL};  // of a verifier
  LogInTriesOptions tries{};                                    // while the server is down
  std::size_t at_once = 8;                                      // on their way to the server
  std::size_t waiting = 32;                                     // checks in the workers' queue; more are told to wait
};

struct LogInDoors {
  PassThroughDoors upstream;
  std::string destination;
  storage::Store& store;
  storage::Home& home;
  const storage::Sealer& sealer;
  const clock::Clock& clock;
  client::ReadDoor::Post workers;                            // any thread; runs work off the loops
  std::function<void(const std::string& facility)> renewed;  // the server accepted a log-in of this facility
  std::shared_ptr<LogInTries> tries;                         // one for all front loops
};

struct LogInCall {
  std::string content_type;
  std::string body;
  std::string site;  // where it comes from, as addresses are counted
};

class LogIn {
 public:
  LogIn(LogInOptions options, LogInDoors doors);
  void take(LogInCall call, std::move_only_function<void(ReadAnswer)> done);

 private:
  struct Asked;
  using AskedPtr = std::shared_ptr<Asked>;
  void answered(const AskedPtr& asked, const rules::Exchange& exchange);
  void remember(const AskedPtr& asked, const std::string& facility, const rules::Reply& reply);
  void forget(const AskedPtr& asked);
  void check(const AskedPtr& asked);
  void check_against(const AskedPtr& asked, Verifier verifier);
  void refuse(const AskedPtr& asked, std::string_view reason, int status, words::Text sentence,
              std::chrono::nanoseconds wait = {});
  void cannot_check(const AskedPtr& asked, std::string_view reason, words::Text sentence);
  bool was_crowded_out(const rules::Exchange& exchange) const;
  std::string name_of(const AskedPtr& asked) const;

  LogInOptions options_;
  LogInDoors doors_;
  std::size_t in_workers_ = 0;
};

}  // namespace titip::reads
