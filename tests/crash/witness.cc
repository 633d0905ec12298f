#include "tests/crash/witness.h"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>

namespace titip::crash {
namespace {

template <class Enum>
unsigned number(Enum value) {
  return static_cast<unsigned>(value);
}

template <class Enum>
bool read(std::istringstream& line, Enum& value) {
  unsigned number = 0;
  if (!(line >> number)) return false;
  value = static_cast<Enum>(number);
  return true;
}

bool read_id(std::istringstream& line, storage::SubmissionId& id) {
  std::string text;
  line >> text;
  const auto parsed = storage::SubmissionId::parse(text);
  if (parsed) id = *parsed;
  return parsed.has_value();
}

}  // namespace

void Teller::tell(const std::string& line) {
  // A reader that is gone means that nobody wants to know any more.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, line.data(), line.size());
}

void Teller::saw(const AcceptAsked& seen) {
  tell(fmt::format("a {} {}\n", seen.said.number, seen.said.times));
}
void Teller::saw(const AcceptAnswered& seen) {
  tell(fmt::format("A {} {} {} {} {} {}\n", seen.said.number, seen.said.times, number(seen.answer),
                   number(seen.verdict), seen.in_custody.text(), seen.position));
}
void Teller::saw(const ChangeAsked& seen) {
  tell(fmt::format("c {} {} {} {} {}\n", seen.id.text(), seen.version, number(seen.from), number(seen.event),
                   seen.line ? 1 : 0));
}
void Teller::saw(const ChangeAnswered& seen) {
  tell(fmt::format("C {} {} {} {} {}\n", seen.id.text(), number(seen.answer), number(seen.applied), seen.version,
                   number(seen.state)));
}
void Teller::saw(const ObjectAsked& seen) {
  tell(fmt::format("o {} {} {}\n", seen.name, seen.expected_version, seen.bytes));
}
void Teller::saw(const ObjectAnswered& seen) {
  tell(fmt::format("O {} {} {}\n", seen.name, number(seen.answer), number(seen.applied)));
}
void Teller::saw(const AuditAsked& seen) {
  tell(fmt::format("l {}\n", seen.line));
}
void Teller::saw(const AuditAnswered& seen) {
  tell(fmt::format("L {} {} {}\n", seen.line, number(seen.answer), seen.number));
}
void Teller::saw(const Effect& seen) {
  tell(fmt::format("e {}\n", seen.body));
}
void Teller::saw(const Served& seen) {
  tell(fmt::format("s {} {}\n", seen.id.text(), seen.right ? 1 : 0));
}

bool retell(std::string_view text, Witness& witness) {
  std::istringstream line{std::string(text)};
  char kind = 0;
  line >> kind;
  const auto told = [&](bool whole, const auto& seen) {
    if (whole) witness.saw(seen);
    return whole;
  };
  switch (kind) {
    case 'a': {
      AcceptAsked seen;
      return told(static_cast<bool>(line >> seen.said.number >> seen.said.times), seen);
    }
    case 'A': {
      AcceptAnswered seen;
      line >> seen.said.number >> seen.said.times;
      const bool whole = read(line, seen.answer) && read(line, seen.verdict) && read_id(line, seen.in_custody);
      return told(whole && line >> seen.position, seen);
    }
    case 'c': {
      ChangeAsked seen;
      int left = 0;
      const bool whole = read_id(line, seen.id) && line >> seen.version && read(line, seen.from) &&
                         read(line, seen.event) && line >> left;
      seen.line = left == 1;
      return told(whole, seen);
    }
    case 'C': {
      ChangeAnswered seen;
      const bool whole = read_id(line, seen.id) && read(line, seen.answer) && read(line, seen.applied) &&
                         line >> seen.version && read(line, seen.state);
      return told(whole, seen);
    }
    case 'o': {
      ObjectAsked seen;
      return told(static_cast<bool>(line >> seen.name >> seen.expected_version >> seen.bytes), seen);
    }
    case 'O': {
      ObjectAnswered seen;
      line >> seen.name;
      return told(read(line, seen.answer) && read(line, seen.applied), seen);
    }
    case 'l': {
      AuditAsked seen;
      return told(static_cast<bool>(line >> seen.line), seen);
    }
    case 'L': {
      AuditAnswered seen;
      line >> seen.line;
      return told(read(line, seen.answer) && line >> seen.number, seen);
    }
    case 'e': {
      Effect seen;
      return told(static_cast<bool>(line >> seen.body), seen);
    }
    case 's': {
      Served seen;
      int right = 0;
      const bool whole = read_id(line, seen.id) && line >> right;
      seen.right = right == 1;
      return told(whole, seen);
    }
    default:
      return false;
  }
}

}  // namespace titip::crash
