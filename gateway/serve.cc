#include "gateway/serve.h"

#include <fmt/format.h>
#include <signal.h>

#include "gateway/app.h"
#include "gateway/exit_status.h"
#include "gateway/exposure.h"
#include "metrics/log.h"

namespace titip::gateway {
namespace {

using metrics::Field;
using metrics::Level;

int fail(std::string_view sentence, int status = exit_failed) {
  fmt::print(stderr, "titip: {}\n", sentence);
  return status;
}

}  // namespace

int serve(Config config, const Seams& seams) {
  metrics::set_log_level(config.log_level);
  if (const auto complaint = exposure_complaint(config); !complaint.empty()) return fail(complaint, exit_usage);
  if (const auto warning = exposure_warning(config); !warning.empty())
    metrics::log(Level::warning, "codes_alone_let_in", {{Field::reason, warning}});
  // The signals are taken by sigwait below; every thread inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  App app(std::move(config), seams);
  if (const auto opened = app.open(); !opened)
    return fail(opened.error(), opened.error().needs_a_person() ? exit_store_damaged : exit_failed);
  if (const auto listening = app.listen(); !listening) return fail(listening.error());
  app.start();
  int caught = 0;
  while (sigwait(&signals, &caught) == 0 && caught == SIGHUP) app.reload();
  metrics::log(Level::info, "stopping", {{Field::signal, caught == SIGTERM ? "SIGTERM" : "SIGINT"}});
  // A second signal must not have to wait for the first one's patience; a reload then means nothing any more.
  ::signal(SIGHUP, SIG_IGN);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  app.stop();
  return 0;
}

}  // namespace titip::gateway
