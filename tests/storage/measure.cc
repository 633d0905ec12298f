// Measures a store in process: storage_measure DIRECTORY [submissions] [waiting] [payload_bytes] [kill]
// Accepts (`waiting` of them are kept in flight, each a call of its own, as the clinics' requests are), what they weigh
// on disk, a whole look at them, delivering them all with retention zero, and what is left on disk.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/storage/measure_disk.h"
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

std::string random_receipt() {  // 65 random bits
  return SubmissionId::make(at(0)).text().substr(13);
}

Figures accept_all(Store& store, std::size_t submissions, std::size_t waiting, std::size_t payload_bytes,
                   std::vector<SubmissionId>& ids) {
  Figures figures;
  figures.answer_ms.reserve(submissions);
  TestHome home;
  std::size_t sent = 0, answered = 0;
  const std::string payload = random_bytes(payload_bytes + 64);
  while (answered < submissions) {
    while (sent < submissions && sent - answered < waiting) {
      auto one = submission(sent, "person " + std::to_string(sent / 2), "clinic-" + std::to_string(sent % 500));
      one.submission.accepted_at = wall_now();
      one.submission.id = SubmissionId::make(one.submission.accepted_at);
      one.submission.person = digest("nik " + std::to_string(sent / 2));
      one.submission.receipt = random_receipt();
      one.submission.natural_key = digest("dose " + std::to_string(sent));
      one.idempotency_key = digest("key " + std::to_string(sent));
      one.payload.bytes = payload.substr(sent % 64, payload_bytes);
      one.submission.wrapped_key = random_bytes(53);
      ids.push_back(one.submission.id);
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

// Two records a person: first all first ones, then all second ones, 500 in a call.
std::size_t deliver_all(Store& store, const std::vector<SubmissionId>& ids) {
  Caller caller(store);
  std::size_t delivered = 0;
  for (std::size_t first : {0U, 1U}) {
    for (std::size_t i = first; i < ids.size();) {
      std::vector<OpenAttempt> open;
      std::vector<Settlement> settle;
      for (; i < ids.size() && open.size() < 500; i += 2) {
        open.push_back({ids[i], 1, {}, 0});
        open.back().attempt.opened_at = wall_now();
        Settlement one;
        one.id = ids[i];
        one.expected_version = 2;
        one.event = Event::delivered;
        one.attempt.ended_at = open.back().attempt.opened_at + std::chrono::milliseconds(300);
        one.attempt.outcome = Outcome::delivered;
        one.attempt.rule = "created";
        one.attempt.http_status = 200;
        one.counts_as_attempt = true;
        one.reply.bytes = random_bytes(200);
        settle.push_back(std::move(one));
      }
      caller.open_attempts(std::move(open)).value();
      for (const Changed& each : caller.settle(std::move(settle)).value()) {
        delivered += each.applied == Applied::yes ? 1 : 0;
      }
    }
  }
  return delivered;
}

// "VmRSS" (now) or "VmHWM" (at most so far), in MiB.
std::size_t memory_mib(const std::string& field) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(field + ":")) return std::strtoull(line.c_str() + field.size() + 1, nullptr, 10) / 1024;
  }
  return 0;
}

std::size_t disk_mib(const std::filesystem::path& directory) {
  std::size_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const bool is_ballast = entry.path().filename() == "BALLAST";
    if (entry.is_regular_file() && !is_ballast) bytes += entry.file_size();
  }
  return bytes >> 20U;
}

bool look_at_all(Store& store) {
  TestHome home;
  std::optional<VerifyReport> report;
  const auto began = Clock::now();
  store.verify({}, home, [&](Result<VerifyReport> result) { report = std::move(result).value_or(VerifyReport{}); });
  while (!report) {
    if (!home.run()) home.wait(std::chrono::milliseconds(100));
  }
  std::printf("verify_s=%.2f submissions=%llu pending=%llu problems=%zu\n", seconds_since(began),
              static_cast<unsigned long long>(report->submissions), static_cast<unsigned long long>(report->pending),
              report->problems.size());
  for (const auto& problem : report->problems) {
    std::printf("  %s x%llu %s\n", problem.kind.c_str(), static_cast<unsigned long long>(problem.times),
                problem.examples.front().c_str());
  }
  return report->sound();
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2 || std::string(arguments[1]).starts_with("-")) {
    std::fprintf(stderr, "usage: storage_measure DIRECTORY [submissions] [waiting] [payload_bytes] [kill]\n");
    return 2;
  }
  const auto argument = [&](int i, std::size_t otherwise) {
    return count > i ? static_cast<std::size_t>(std::strtoull(arguments[i], nullptr, 10)) : otherwise;
  };
  const std::size_t submissions = argument(2, 200'000), waiting = argument(3, 1024), bytes = argument(4, 1024);
  StoreOptions options;
  options.directory = arguments[1];
  options.now = wall_now;
  options.retain_delivered = std::chrono::milliseconds(0);
  options.on_fatal = [](const std::string& why) { std::fprintf(stderr, "%s\n", why.c_str()); };
  CountingProbes probes;
  options.probes = &probes;
  auto opening = Clock::now();
  auto store = open_rocks_store(options);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().c_str());
    return 1;
  }
  std::vector<SubmissionId> ids;
  const auto began = Clock::now();
  Figures figures = accept_all(**store, submissions, waiting, bytes, ids);
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
  std::printf("rss_mib=%zu most_mib=%zu disk_mib=%zu payload_mib=%zu\n", memory_mib("VmRSS"), memory_mib("VmHWM"),
              disk_mib(options.directory), (submissions * bytes) >> 20U);
  std::fflush(stdout);
  if (count > 5 && std::strcmp(arguments[5], "kill") == 0) ::_exit(0);
  (*store)->close();
  store->reset();
  const std::filesystem::path directory = options.directory;
  if (!print_bytes_on_disk(directory, "pending", submissions)) return 1;
  opening = Clock::now();
  store = open_rocks_store(options);
  if (!store) return 1;
  std::printf("opened_again_s=%.2f last_position=%llu\n", seconds_since(opening),
              static_cast<unsigned long long>((*store)->health().last_position));
  const bool sound = look_at_all(**store);
  const auto delivering = Clock::now();
  const std::size_t delivered = deliver_all(**store, ids);
  std::printf("delivered=%zu seconds=%.2f\n", delivered, seconds_since(delivering));
  const bool still_sound = look_at_all(**store);
  (*store)->close();
  store->reset();
  if (!print_bytes_on_disk(directory, "delivered", submissions)) return 1;
  return sound && still_sound && delivered == submissions ? 0 : 1;
}
