#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/micro/measured.h"

namespace titip::bench {
namespace {
int twice_every = 0;
}

void set_twice_every(int n) {
  twice_every = n;
}

void add_rule(const char* name, std::function<void()> rule) {
  benchmark::RegisterBenchmark(name, [rule = std::move(rule)](benchmark::State& state) {
    rule();  // what is set up at its first use is not the rule's
    for (auto each : state) titip_measured(rule, repetitions, twice_every);
    state.SetItemsProcessed(state.iterations() * repetitions);
  });
}

}  // namespace titip::bench

extern "C" [[gnu::noinline]] void titip_measured(const std::function<void()>& rule, int repetitions, int twice_every) {
  for (int i = 1; i <= repetitions; ++i) {
    rule();
    if (twice_every > 0 && i % twice_every == 0) rule();
  }
}

int main(int count, char** arguments) {
  std::vector<char*> theirs;
  const std::string ours = "--twice-every=";
  for (int i = 0; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument.starts_with(ours)) {
      titip::bench::set_twice_every(std::atoi(argument.c_str() + ours.size()));
    } else {
      theirs.push_back(arguments[i]);
    }
  }
  titip::bench::add_front_rules();
  titip::bench::add_storage_rules();
  int left = static_cast<int>(theirs.size());
  benchmark::Initialize(&left, theirs.data());
  if (benchmark::ReportUnrecognizedArguments(left, theirs.data())) return 2;
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
