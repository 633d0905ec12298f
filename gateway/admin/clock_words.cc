#include "gateway/admin/clock_words.h"

#include <optional>
#include <vector>

#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {

words::Said clock_words(const storage::Health& health) {
  if (!health.clock_doubt) return {};
  return words::said(
      "The clock went from {} to {} at once, so nobody can say how old a record is: what was settled before that is "
      "kept as if it had been settled then. See to the clock. If it is right, and was right before because nothing ran "
      "in "
      "between, say so: `titip retain --clock-is-right --reason …`.",
      clock::rfc3339(health.clock_doubt->before), clock::rfc3339(health.clock_doubt->since));
}

storage::Result<bool> believe_the_clock(storage::Store& store) {
  const std::string kind(storage::clock_kind);
  const std::string name(storage::doubt_name);
  storage::WaitingHome home;
  const auto doubt =
      home.ask<std::optional<storage::Object>>([&](auto done) { store.get_object(kind, name, home, std::move(done)); });
  if (!doubt) return std::unexpected(doubt.error());
  if (!*doubt) return false;
  const auto applied = home.ask<std::vector<storage::Applied>>(
      [&](auto done) { store.put_objects({{kind, name, (*doubt)->version, {}}}, home, std::move(done)); });
  if (!applied) return std::unexpected(applied.error());
  // Doubted anew meanwhile: that was not what the person looked at.
  return applied->front() == storage::Applied::yes;
}

}  // namespace titip::admin
