// The people who look after what waits: they hold, release, cancel, erase, and say of an unknown outcome what the
// national server shows them. At the end of the day they deal with all that is held. One thread.
#pragma once

#include "tests/simulation/stage.h"

namespace titip::simulation {

class Officers {
 public:
  Officers(std::uint64_t seed, const National& national, Stage& stage, Records& records)
      : national_(national), stage_(stage), records_(records), random_(seed, 9) {}

  void one_act();
  // Whatever is held is decided, so that nothing is left to wait for. False: nothing was held.
  bool decide_all();

 private:
  void act_on_waiting(const Known& known);
  void act_on_held(const Known& known);
  void say_what_became_of(const Known& known);
  void move(const Known& known, storage::Event event);

  const National& national_;
  Stage& stage_;
  Records& records_;
  sampler::Random random_;
};

}  // namespace titip::simulation
