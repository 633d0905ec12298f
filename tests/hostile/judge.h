// Puts the corpus to a gateway and compares what it says. Blocking; several cases at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/hostile/corpus.h"

namespace titip::hostile {

struct Findings {
  std::vector<std::string> wrong;  // "hosts: two: answered 200 instead of 400 two_hosts"
  std::size_t hangs = 0;           // among them: neither answered nor closed
};

Findings judge(const std::vector<Case>& corpus, std::uint16_t port);

// One answer against what is owed; empty: as owed.
std::string complaint(const Verdict& owed, const std::string& head, int status, const std::string& body);

}  // namespace titip::hostile
