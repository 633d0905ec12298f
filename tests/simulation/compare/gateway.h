// Titip in the comparison: intake, the store in memory, delivery and the upstream client, as they are shipped, in one
// thread on time that stands still until nothing more can happen. Only the sockets and the national server are played.
#pragma once

#include <memory>
#include <optional>

#include "tests/gateway/fakes.h"
#include "tests/simulation/compare/course.h"
#include "upstream/client/upstream.h"

namespace titip::compare {

struct GatewayOptions {
  rules::ConcurrencyOptions window;
  bool breaker = true;  // false: it never opens, to try the judge
  double fresh_share = 0.5;
  std::optional<milliseconds> until{};  // the run ends then; without it when nobody waits any more
  bool weighs = false;                  // the heap is looked at
};

class Gateway {
 public:
  Gateway(GatewayOptions options, const Weather& weather, const storage::Sealer& sealer);
  ~Gateway();

  // Until nobody but the poison waits and nobody comes any more, half a day after the last at the latest; where there
  // is poison, three hours longer.
  Figures run();

 private:
  struct Life;
  std::unique_ptr<Life> life_;
};

}  // namespace titip::compare
