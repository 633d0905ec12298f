#include "upstream/rules/concurrency.h"

#include "upstream/rules/adaptive_window.h"
#include "upstream/rules/window.h"

namespace titip::rules {

std::unique_ptr<Concurrency> make_concurrency(const ConcurrencyOptions& options) {
  switch (options.rule) {
    case ConcurrencyOptions::Rule::adaptive:
      return std::make_unique<AdaptiveWindow>(AdaptiveWindowOptions{.initial = options.initial, .cap = options.cap});
    case ConcurrencyOptions::Rule::feedback:
      break;
  }
  return std::make_unique<Window>(WindowOptions{.initial = options.initial, .cap = options.cap});
}

}  // namespace titip::rules
