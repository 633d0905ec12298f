#include "tests/simulation/ages.h"

#include "tests/simulation/records.h"

namespace titip::simulation {

using storage::State;

void ServedClocks::runs(const std::string& facility, bool runs) {
  auto& one = all_[facility];
  one.served = of(facility);
  one.since = runs ? std::optional(clock_.steady()) : std::nullopt;
}

Age::Served ServedClocks::of(const std::string& facility) const {
  const auto found = all_.find(facility);
  if (found == all_.end()) return Age::Served(0);
  const auto& one = found->second;
  return one.served +
         (one.since ? std::chrono::duration_cast<Age::Served>(clock_.steady() - *one.since) : Age::Served(0));
}

void Ages::answered(Known& known) const {
  known.age.answered = served_(known.form->facility);
}

void Ages::changed(Known& known, const Standing& now, bool a_person_said_so) const {
  if (now.state == State::deferred && !known.age.since)
    known.age.since = known.age.answered.value_or(served_(known.form->facility));
  if (now.state == State::expired && known.standing.state != State::expired && !a_person_said_so) {
    const auto& form = *known.form;
    const auto served = known.age.since ? served_(form.facility) - *known.age.since : Age::Served(0);
    if (!maximum_ || served + notices_within <= *maximum_)
      findings_.violated("age", fmt::format("{} ({}) expired after {} ms in which it could have been sent", form.token,
                                            form.nik, served.count()));
    if (known.attempts < least_tries)
      findings_.violated("age", fmt::format("{} ({}) expired after {} attempts", form.token, form.nik, known.attempts));
  }
  if (now.state != State::deferred && now.state != State::queued && now.state != State::in_flight)
    known.age.since.reset();
}

}  // namespace titip::simulation
