#include "upstream/rules/surge.h"

#include <algorithm>
#include <utility>

namespace titip::rules {
namespace {

// How much one result that leaves the sample weighs in the long run: about the last two hundred count.
constexpr double long_run_weight = 1.0 / 200.0;

}  // namespace

bool Surges::surges(const Facility& facility) const {
  const auto size = static_cast<double>(facility.last.size());
  return facility.last.size() >= options_.minimum && facility.long_run <= options_.normal &&
         static_cast<double>(facility.rejected_of_last) > options_.share * size;
}

Surge Surges::decided(const std::string& name, bool rejected) {
  Facility& facility = facilities_[name];
  facility.touched = ++turn_;
  facility.last.push_back(rejected);
  facility.rejected_of_last += rejected ? 1 : 0;
  if (facility.last.size() > options_.sample) {
    const bool oldest = facility.last.front();
    facility.last.pop_front();
    facility.rejected_of_last -= oldest ? 1 : 0;
    facility.long_run += long_run_weight * ((oldest ? 1.0 : 0.0) - facility.long_run);
  }
  if (facility.surging || !surges(facility)) {
    forget_one();
    return Surge::none;
  }
  facility.surging = true;
  ++surging_;
  if (surging_ < options_.facilities || destination_said_) return Surge::facility;
  destination_said_ = true;
  return Surge::destination;
}

void Surges::gated(const std::string& name) {
  Facility& facility = facilities_[name];
  facility.touched = ++turn_;
  if (!std::exchange(facility.surging, true)) ++surging_;
}

void Surges::reset(const std::string& name) {
  const auto found = facilities_.find(name);
  if (found == facilities_.end()) return;
  if (found->second.surging) --surging_;
  facilities_.erase(found);
  if (surging_ < options_.facilities) destination_said_ = false;
}

void Surges::reset_all() {
  facilities_.clear();
  surging_ = 0;
  destination_said_ = false;
}

void Surges::forget_one() {
  if (facilities_.size() <= options_.facilities_known) return;
  auto oldest = facilities_.end();
  for (auto i = facilities_.begin(); i != facilities_.end(); ++i) {
    if (i->second.surging) continue;  // its gate stands
    if (oldest == facilities_.end() || i->second.touched < oldest->second.touched) oldest = i;
  }
  if (oldest != facilities_.end()) facilities_.erase(oldest);
}

}  // namespace titip::rules
