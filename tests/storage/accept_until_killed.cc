// Accepts submissions into a RocksDB store and writes a byte to stdout for each one acknowledged, until it is killed.
// Modes: honest; hasty (says so before the commit: a control that must be caught); opens (one submission, one attempt
// opened, then waits).
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/storage/support.h"

int main(int count, char** arguments) {
  using namespace titip::storage;
  if (count != 3) return 2;
  const std::string mode = arguments[2];
  StoreOptions options;
  options.directory = arguments[1];
  options.now = [] { return at(noon_ms); };
  options.free_space_floor_bytes = 0;
  options.on_fatal = [](const std::string&) { std::abort(); };
  auto store = open_rocks_store(options);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().c_str());
    return 1;
  }
  Caller caller(**store);
  const auto say = [] { return ::write(1, "x", 1) == 1; };
  if (mode == "opens") {
    const auto record = caller.accept(submission(1)).submission;
    if (!say()) return 1;
    if (caller.open_attempt(record).applied != Applied::yes || !say()) return 1;
    while (true) ::pause();
  }
  for (std::uint64_t number = 1;; ++number) {
    const std::string person = "person " + std::to_string(number % 17);
    if (mode == "hasty") {
      if (!say()) return 1;
      (*store)->accept({submission(number, person)}, caller.home, [](auto) {});
      continue;
    }
    const auto verdicts = caller.accept(std::vector{submission(number, person)});
    if (!verdicts || !say()) return 1;
  }
}
