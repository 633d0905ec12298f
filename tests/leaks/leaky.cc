// Negative control: a gateway that logs every request's header, as somebody might who looks for a fault.
#include "gateway/http/guard.h"
#include "gateway/serve.h"
#include "metrics/log.h"

int main(int argc, char** argv) {
  namespace http = titip::http;
  namespace metrics = titip::metrics;
  titip::gateway::Seams seams;
  seams.front = [](http::ServerOptions& options) {
    options.look = [](std::string_view head, const http::GuardLimits& limits) {
      metrics::log(metrics::Level::debug, "a_request", {{metrics::Field::reason, head}});
      return http::guard(head, limits);
    };
  };
  return titip::gateway::run(argc, argv, seams);
}
