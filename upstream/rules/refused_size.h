// What a window remembers of a server that refused as too much (429, 503), beside its own rule. Feedback on single
// calls comes to rest where as many are refused as are served, and a place that is filled again at once is refused
// again at once. So: all that was in flight together counts once; a place that was refused stays empty until another
// call is served; and near the size that was refused the window grows by a thousandth for each success, twice as fast
// for each place beyond it (the plateau of RFC 9438, section 4.1). Pure; one owner.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace titip::rules {

class RefusedSize {
 public:
  std::uint32_t places(double size) const {
    const auto whole = static_cast<std::uint32_t>(size);
    return whole > empty_ ? whole - empty_ : 1;
  }
  // For each success; `usual` where nothing was refused near this size.
  double growth(double size, double usual) const {
    const double beyond = size - at_;
    if (at_ == 0 || beyond < -1.0) return usual;
    return std::min(usual, careful * std::exp2(std::max(0.0, beyond)));
  }
  bool is_near(double size) const { return at_ > 0 && size >= at_ - 1.0; }

  void served() {
    ended();
    ++served_since_;
    if (empty_ > 0) --empty_;
  }
  void failed() { ended(); }
  // True: the window has to fall. `in_flight` before it ended.
  bool refused(std::uint32_t in_flight, double size) {
    empty_ = std::min(empty_ + 1, static_cast<std::uint32_t>(size) - 1);
    if (sent_before_ > 0) {  // to the window as it was before it fell
      ended();
      return false;
    }
    sent_before_ = std::max(1U, in_flight) - 1;
    // Refused again before a whole window was served, it is the same trouble: it says nothing of the smaller size.
    if (at_ == 0 || static_cast<double>(served_since_) >= size) at_ = size;
    served_since_ = 0;
    return true;
  }
  void forget() { *this = RefusedSize(); }

 private:
  static constexpr double careful = 0.001;
  void ended() {
    if (sent_before_ > 0) --sent_before_;
  }
  double at_ = 0;                   // the size at the last refusal that counted; 0: none
  std::uint64_t served_since_ = 0;  // since the window last fell
  std::uint32_t empty_ = 0;         // places of refused calls that no served one has opened again
  std::uint32_t sent_before_ = 0;   // calls in flight that were sent before the window fell
};

}  // namespace titip::rules
