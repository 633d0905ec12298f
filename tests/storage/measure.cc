// Measures accepts in process: storage_measure DIRECTORY [submissions] [waiting] [payload_bytes]
// `waiting` accepts are kept in flight, each a call of its own, as the clinics' requests are.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/storage/support.h"

namespace {

using namespace titip::storage;
using Clock = std::chrono::steady_clock;

WallTime wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

struct Figures {
  std::vector<double> answer_ms;
  std::size_t refused = 0;
};

std::string random_bytes(std::size_t size) {  // sealed bytes do not compress
  std::string bytes;
  while (bytes.size() < size) {
    const auto id = SubmissionId::make(at(0));
    bytes.append(reinterpret_cast<const char*>(id.bytes.data()) + 6, 10);
  }
  bytes.resize(size);
  return bytes;
}

Figures accept_all(Store& store, std::size_t submissions, std::size_t waiting, std::size_t payload_bytes) {
  Figures figures;
  figures.answer_ms.reserve(submissions);
  TestHome home;
  std::size_t sent = 0, answered = 0;
  const std::string payload = random_bytes(payload_bytes + 64);
  while (answered < submissions) {
    while (sent < submissions && sent - answered < waiting) {
      auto one = submission(sent, "person " + std::to_string(sent / 2), "clinic-" + std::to_string(sent % 500));
      one.submission.id = SubmissionId::make(wall_now());
      one.submission.natural_key = digest("dose " + std::to_string(sent));
      one.idempotency_key = digest("key " + std::to_string(sent));
      one.payload.bytes = payload.substr(sent % 64, payload_bytes);
      one.submission.wrapped_key.assign(53, 'w');
      ++sent;
      const auto began = Clock::now();
      store.accept({std::move(one)}, home, [&figures, &answered, began](const auto& result) {
        ++answered;
        figures.refused += result ? 0 : 1;
        figures.answer_ms.push_back(seconds_since(began) * 1000);
      });
    }
    if (!home.run()) home.wait(std::chrono::milliseconds(100));
  }
  return figures;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2 || std::string(arguments[1]).starts_with("-")) {
    std::fprintf(stderr, "usage: storage_measure DIRECTORY [submissions] [waiting] [payload_bytes]\n");
    return 2;
  }
  const auto argument = [&](int i, std::size_t otherwise) {
    return count > i ? static_cast<std::size_t>(std::strtoull(arguments[i], nullptr, 10)) : otherwise;
  };
  const std::size_t submissions = argument(2, 200'000), waiting = argument(3, 1024), bytes = argument(4, 1024);
  StoreOptions options;
  options.directory = arguments[1];
  options.now = wall_now;
  options.on_fatal = [](const std::string& why) { std::fprintf(stderr, "%s\n", why.c_str()); };
  CountingProbes probes;
  options.probes = &probes;
  auto opening = Clock::now();
  auto store = open_rocks_store(options);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().c_str());
    return 1;
  }
  const auto began = Clock::now();
  Figures figures = accept_all(**store, submissions, waiting, bytes);
  const double took = seconds_since(began);
  std::ranges::sort(figures.answer_ms);
  const auto at_share = [&](double share) {
    return figures.answer_ms[std::min(figures.answer_ms.size() - 1,
                                      static_cast<std::size_t>(share * static_cast<double>(figures.answer_ms.size())))];
  };
  std::printf(
      "accepts=%zu refused=%zu waiting=%zu payload_bytes=%zu seconds=%.2f accepts_per_s=%.0f commits=%zu "
      "per_commit=%.0f "
      "answer_ms p50=%.1f p99=%.1f max=%.1f\n",
      submissions, figures.refused, waiting, bytes, took, static_cast<double>(submissions) / took,
      probes.commits.load(), static_cast<double>(submissions) / static_cast<double>(probes.commits.load()),
      at_share(0.5), at_share(0.99), figures.answer_ms.back());
  (*store)->close();
  store->reset();
  opening = Clock::now();
  store = open_rocks_store(options);
  if (!store) return 1;
  std::printf("opened_again_s=%.2f last_position=%llu\n", seconds_since(opening),
              static_cast<unsigned long long>((*store)->health().last_position));
  return 0;
}
