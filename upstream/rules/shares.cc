#include "upstream/rules/shares.h"

#include <algorithm>

namespace titip::rules {
namespace {

constexpr std::size_t index(SendClass which) {
  return static_cast<std::size_t>(which);
}

bool waits(const Waiting& waiting, SendClass which) {
  switch (which) {
    case SendClass::deadline:
      return waiting.deadline;
    case SendClass::fresh:
      return waiting.fresh;
    case SendClass::backlog:
      return waiting.backlog;
  }
  return false;
}

constexpr std::array all_classes{SendClass::deadline, SendClass::fresh, SendClass::backlog};

}  // namespace

Shares::Shares(SharesOptions options) : options_(options) {
  options_.deadline_at_most = std::clamp(options_.deadline_at_most, 0.0, 1.0);
  options_.fresh = std::clamp(options_.fresh, 0.0, 1.0);
  options_.saved_at_most = std::max(1.0, options_.saved_at_most);
}

// What part of a send each class is due while these wait; they sum up to one.
std::array<double, 3> Shares::dues(const Waiting& waiting) const {
  std::array<double, 3> dues{};
  const bool others = waiting.fresh || waiting.backlog;
  if (waiting.deadline) dues[index(SendClass::deadline)] = others ? options_.deadline_at_most : 1.0;
  const double left = 1.0 - dues[index(SendClass::deadline)];
  if (waiting.fresh) dues[index(SendClass::fresh)] = left * (waiting.backlog ? options_.fresh : 1.0);
  if (waiting.backlog) dues[index(SendClass::backlog)] = left * (waiting.fresh ? 1.0 - options_.fresh : 1.0);
  return dues;
}

std::optional<SendClass> Shares::next(const Waiting& waiting) const {
  const auto due = dues(waiting);
  std::optional<SendClass> chosen;
  for (const SendClass each : all_classes) {
    if (!waits(waiting, each)) continue;
    const auto claim = [&](SendClass which) { return behind_[index(which)] + due[index(which)]; };
    if (!chosen || claim(each) > claim(*chosen)) chosen = each;
  }
  return chosen;
}

void Shares::sent(SendClass which, const Waiting& waiting) {
  const auto due = dues(waiting);
  for (const SendClass each : all_classes) {
    double& behind = behind_[index(each)];
    behind += due[index(each)] - (each == which ? 1.0 : 0.0);
    // A class that nobody waits in has no claim, and is not punished for having had more than its share of an idle
    // server.
    if (!waits(waiting, each)) behind = 0;
    behind = std::clamp(behind, -options_.saved_at_most, options_.saved_at_most);
  }
}

}  // namespace titip::rules
