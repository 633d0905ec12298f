// What is seen from outside of a store that may die at any moment: what was asked of it, what it answered, and what
// happened at the national server. What was asked and never answered is unknown, like a request of a clinic that got no
// reply. Plain data; one line of text each, so that it can be told through a pipe by a process that is killed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/crash/intents.h"

namespace titip::crash {

// refused: certainly nothing happened. unknown: the store itself says in_doubt, or said nothing. corrupt: nothing
// happened either, and the store says that it holds damaged data.
enum class Answer : std::uint8_t { ok, refused, unknown, corrupt };

struct AcceptAsked {
  Try said;
};
struct AcceptAnswered {
  Try said;
  Answer answer = Answer::unknown;
  storage::VerdictKind verdict = storage::VerdictKind::accepted;
  storage::SubmissionId in_custody;  // the new one, or the one that stands in the way
  std::uint64_t position = 0;
};
struct ChangeAsked {
  storage::SubmissionId id;
  std::uint32_t version = 0;  // expected
  storage::State from = storage::State::queued;
  storage::Event event = storage::Event::hold;
  bool line = false;  // leaves a line in the timeline
};
struct ChangeAnswered {
  storage::SubmissionId id;
  Answer answer = Answer::unknown;
  storage::Applied applied = storage::Applied::stale;
  std::uint32_t version = 0;
  storage::State state = storage::State::queued;
};
struct ObjectAsked {
  std::uint32_t name = 0;
  std::uint64_t expected_version = 0;
  std::uint64_t bytes = 0;  // Intents::object_bytes of this
};
struct ObjectAnswered {
  std::uint32_t name = 0;
  Answer answer = Answer::unknown;
  storage::Applied applied = storage::Applied::stale;
};
struct AuditAsked {
  std::uint64_t line = 0;  // Intents::audit_line of this
};
struct AuditAnswered {
  std::uint64_t line = 0;
  Answer answer = Answer::unknown;
  std::uint64_t number = 0;  // the place it was given
};
// The national server was sent this body and applied it.
struct Effect {
  std::uint64_t body = 0;
};
// The store handed these bytes out to be sent.
struct Served {
  storage::SubmissionId id;
  bool right = false;  // byte for byte what was accepted under this id
};

class Witness {
 public:
  virtual ~Witness() = default;
  virtual void saw(const AcceptAsked&) {}
  virtual void saw(const AcceptAnswered&) {}
  virtual void saw(const ChangeAsked&) {}
  virtual void saw(const ChangeAnswered&) {}
  virtual void saw(const ObjectAsked&) {}
  virtual void saw(const ObjectAnswered&) {}
  virtual void saw(const AuditAsked&) {}
  virtual void saw(const AuditAnswered&) {}
  virtual void saw(const Effect&) {}
  virtual void saw(const Served&) {}
};

// Writes a line per sight to a file descriptor, whole or not at all (each is far shorter than PIPE_BUF).
class Teller : public Witness {
 public:
  explicit Teller(int descriptor) : descriptor_(descriptor) {}
  void saw(const AcceptAsked& seen) override;
  void saw(const AcceptAnswered& seen) override;
  void saw(const ChangeAsked& seen) override;
  void saw(const ChangeAnswered& seen) override;
  void saw(const ObjectAsked& seen) override;
  void saw(const ObjectAnswered& seen) override;
  void saw(const AuditAsked& seen) override;
  void saw(const AuditAnswered& seen) override;
  void saw(const Effect& seen) override;
  void saw(const Served& seen) override;

 private:
  void tell(const std::string& line);
  int descriptor_;
};

// One line of a Teller's. False: it is none.
bool retell(std::string_view line, Witness& witness);

}  // namespace titip::crash
