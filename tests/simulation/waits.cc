#include "tests/simulation/waits.h"

#include <algorithm>

namespace titip::simulation {
namespace {

using storage::HoldReason;
using storage::State;

bool waits_for_a_requirement(const Known& known) {
  return known.standing.state == State::blocked ||
         (known.standing.state == State::held && known.standing.reason == HoldReason::requirement);
}

bool gives(const Known& other, const Known& known) {
  const auto& needs = known.form->requirements;
  const auto is_needed = [&](const std::string& name) { return std::ranges::find(needs, name) != needs.end(); };
  const bool a_number = std::ranges::any_of(other.form->references, is_needed);
  // Delivered, what is needed may be the number that nobody has read yet.
  if (storage::is_terminal(other.standing.state)) return a_number && other.standing.state == State::delivered;
  return a_number || std::ranges::any_of(other.form->provides, is_needed);
}

const Known* head_of(const Records& records, const Known& known) {
  const Known* head = nullptr;
  for (const auto* each : records.of_person(known.form->nik)) {
    if (each->lost || storage::is_terminal(each->standing.state)) continue;
    if (head == nullptr || each->sequence < head->sequence) head = each;
  }
  return head;
}

}  // namespace

std::string fault_of(const Records& records, const storage::Waiting& said, const Known& known) {
  const Known* whom = said.for_whom ? records.find(*said.for_whom) : nullptr;
  const auto name = [](const Known* of) { return of && of->form ? of->form->token : std::string("nobody"); };
  if (said.for_whom && (whom == nullptr || whom->form == nullptr || whom->lost))
    return "is said to wait for nobody there is";
  if (known.standing.state == State::blocked) {
    if (whom != nullptr && said.on_requirement && gives(*whom, known)) return {};
    return fmt::format("is blocked, and is said to wait for {}, who gives it nothing", name(whom));
  }
  const Known* head = head_of(records, known);
  if (said.on_requirement) return fmt::format("is not blocked, and is said to need {}", name(whom));
  if (head == &known) return whom == nullptr ? "" : fmt::format("is first, and is said to wait for {}", name(whom));
  // What is on its way went when it might; it is asked after, whoever stands before it by now.
  const bool is_on_its_way = known.standing.state == State::in_flight || known.standing.state == State::unknown;
  if (whom == nullptr && is_on_its_way) return {};
  const bool may_pass = head != nullptr && waits_for_a_requirement(*head);
  if (whom == head || (whom == nullptr && may_pass)) return {};
  return fmt::format("waits behind {}, and is said to wait for {}", name(head), name(whom));
}

}  // namespace titip::simulation
