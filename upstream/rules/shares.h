// Which class the next send is dealt to: deadlines first, but never more than half of all sends; of the rest fresh
// records and backlog are each guaranteed a share, and a share nobody uses goes to the other. The person at the desk is
// served while last week's pile drains, and the pile drains while people stand at the desk. Deterministic: the class
// that is furthest behind its due goes (deficit, as in weighted fair queueing); what a class could not use is not saved
// up beyond a few sends, so that nobody comes back with a claim on everything. Pure; one owner.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace titip::rules {

enum class SendClass : std::uint8_t { deadline = 0, fresh = 1, backlog = 2 };

struct SharesOptions {
  double deadline_at_most = 0.5;  // of all sends, while others wait
  double fresh = 0.3;             // of what deadlines leave; the backlog has the rest
  double saved_at_most = 4;       // sends a class may be behind its due
};

struct Waiting {
  bool deadline = false;
  bool fresh = false;
  bool backlog = false;
};

class Shares {
 public:
  explicit Shares(SharesOptions options);

  // The class of the next send among those that have something waiting; none waits: nothing.
  std::optional<SendClass> next(const Waiting& waiting) const;
  // It was dealt a send while these waited.
  void sent(SendClass which, const Waiting& waiting);

 private:
  std::array<double, 3> dues(const Waiting& waiting) const;

  SharesOptions options_;
  std::array<double, 3> behind_{};  // sends each class is owed
};

}  // namespace titip::rules
