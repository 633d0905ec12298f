// What sealing costs: nanoseconds a call, the best of five rounds. Run by hand: build/release/sealing_measure
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "storage/key_file.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

template <class Call>
void measure(std::string_view name, Call call) {
  constexpr int calls = 100'000;
  double best = 1e9;
  for (int round = 0; round < 6; ++round) {
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) call();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    if (round > 0) best = std::min(best, took.count() / calls);
  }
  fmt::print("{:<48}{:>8.0f} ns\n", name, best);
}

int run() {
  const Directory directory;
  const auto path = directory.path() / "key";
  auto sealer = Sealer::open(path, true);
  if (!sealer) return 1;
  const SubmissionId id = id_of(1);
  const NewDataKey key = sealer->new_data_key(id);
  const std::string body(1024, 'b');
  const Sealed sealed = sealer->seal(key.key, id, "payload", body);
  std::size_t seen = 0;
  measure("seal 1 KB", [&] { seen += sealer->seal(key.key, id, "payload", body).bytes.size(); });
  measure("open 1 KB", [&] { seen += sealer->open(key.key, id, "payload", sealed)->size(); });
  measure("new_data_key", [&] { seen += sealer->new_data_key(id).wrapped.size(); });
  measure("unwrap", [&] { seen += sealer->unwrap(id, key.wrapped)->bytes[0]; });
  measure("rewrap", [&] { seen += sealer->rewrap(id, key.wrapped)->size(); });
  measure("keyed_hash of 50 bytes",
          [&] { seen += sealer->keyed_hash("ordering", {std::string_view(body).substr(0, 50)})[0]; });
  measure("keyed_hash of 1 KB", [&] { seen += sealer->keyed_hash("fingerprint", {body})[0]; });
  const auto longer = with_new_index_key(read_key_file(path).value());
  if (!longer || !replace_key_file(path, *longer)) return 1;
  sealer = Sealer::open(path, false);
  if (!sealer) return 1;
  measure("keyed_hash of 50 bytes, chain of 2",
          [&] { seen += sealer->keyed_hash("ordering", {std::string_view(body).substr(0, 50)})[0]; });
  fmt::print("wrapped key {} bytes, sealed 1 KB {} bytes ({})\n", key.wrapped.size(), sealed.bytes.size(), seen % 10);
  return 0;
}

}  // namespace
}  // namespace titip::storage

int main() {
  return titip::storage::run();
}
