// Negative control: a gateway that loses 1 KB a request and never gives it back.
#include <atomic>
#include <cstring>

#include "gateway/http/guard.h"
#include "gateway/serve.h"

namespace {

std::atomic<char*> last_lost;  // so that no compiler leaves the loss out

std::expected<titip::http::GuardedHead, titip::http::GuardFault> lose_some(std::string_view head,
                                                                           const titip::http::GuardLimits& limits) {
  constexpr std::size_t lost_bytes = 1024;
  auto* lost = new char[lost_bytes];
  std::memset(lost, 1, lost_bytes);
  last_lost = lost;
  return titip::http::guard(head, limits);
}

}  // namespace

int main(int argc, char** argv) {
  titip::gateway::Seams seams;
  seams.front = [](titip::http::ServerOptions& options) { options.look = lose_some; };
  return titip::gateway::run(argc, argv, seams);
}
