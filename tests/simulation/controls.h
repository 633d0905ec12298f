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
};
struct ControlName {
  Control control;
  std::string_view name;
};
inline constexpr std::array all_controls{
    ControlName{Control::no_probe, "no_probe"},
    ControlName{Control::probe_before_the_wait, "probe_before_the_wait"},
    ControlName{Control::existence_instead_of_fields, "existence_instead_of_fields"},
    ControlName{Control::new_key_per_attempt, "new_key_per_attempt"},
    ControlName{Control::attempts_burned_while_open, "attempts_burned_while_open"},
    ControlName{Control::order_ignored, "order_ignored"},
    ControlName{Control::forgotten_wake_up, "forgotten_wake_up"},
    ControlName{Control::restore_that_requeues, "restore_that_requeues"},
};
constexpr std::optional<Control> control_named(std::string_view name) {
  for (const auto& each : all_controls)
    if (each.name == name) return each.control;
  return std::nullopt;
}

}  // namespace titip::simulation
