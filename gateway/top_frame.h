// One picture of `titip top`: the queue by state, rates, how the national servers are, when the backlog is gone. Pure.
// Private to the root.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gateway/clock/clock.h"
#include "gateway/top_words.h"

namespace titip::gateway {

// What the gateway said of itself, as `titip status --json` has it, and when.
struct TopLook {
  nlohmann::ordered_json status;
  std::chrono::steady_clock::time_point at;
};

struct TopSize {
  std::size_t columns = 80;
  std::size_t rows = 0;  // 0: as many as it takes
};

// The last looks: rates are what changed between the first and the last of them.
class TopLooks {
 public:
  void add(TopLook look);
  const TopLook& last() const { return looks_.back(); }
  const TopLook& first() const { return looks_.front(); }
  bool empty() const { return looks_.empty(); }

 private:
  std::deque<TopLook> looks_;
};

// Lines without ends of their own, none longer than the columns; `lost`: the gateway does not answer any more.
std::string top_frame(const TopLooks& looks, TopSize size, Language language, std::string_view time, bool lost);

}  // namespace titip::gateway
