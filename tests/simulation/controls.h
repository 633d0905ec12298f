// Faults built in on purpose, each in a door of the simulated gateway: the checks must find every one of them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace titip::simulation {

enum class Control : std::uint8_t {
  none,
  no_probe,
  probe_before_the_wait,
  existence_instead_of_fields,
  new_key_per_attempt,
  attempts_burned_while_open,
  order_ignored,
  forgotten_wake_up,
  restore_that_requeues,
  breaker_that_never_opens,
};
// `promises`: those that the fault breaks. Whatever else is found is another fault, and does not count.
struct ControlName {
  Control control;
  std::string_view name;
  std::array<std::string_view, 2> promises;
};
inline constexpr std::array all_controls{
    ControlName{Control::no_probe, "no_probe", {"P5"}},
    ControlName{Control::probe_before_the_wait, "probe_before_the_wait", {"P5", "late"}},
    ControlName{Control::existence_instead_of_fields, "existence_instead_of_fields", {"P6"}},
    ControlName{Control::new_key_per_attempt, "new_key_per_attempt", {"key"}},
    ControlName{Control::attempts_burned_while_open, "attempts_burned_while_open", {"attempts"}},
    ControlName{Control::order_ignored, "order_ignored", {"order", "one at a time"}},
    ControlName{Control::forgotten_wake_up, "forgotten_wake_up", {"liveness"}},
    ControlName{Control::restore_that_requeues, "restore_that_requeues", {"restore"}},
    ControlName{Control::breaker_that_never_opens, "breaker_that_never_opens", {"breaker"}},
};
constexpr bool is_caught_by(const ControlName& control, std::string_view promise) {
  return !promise.empty() && (promise == control.promises[0] || promise == control.promises[1]);
}
constexpr std::optional<Control> control_named(std::string_view name) {
  for (const auto& each : all_controls)
    if (each.name == name) return each.control;
  return std::nullopt;
}

}  // namespace titip::simulation
