// What the storage tests share: a home, a clock that stands still, synthetic submissions, and asking a store and
// waiting for its answer.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/store_probes.h"
#include "storage/open.h"

namespace titip::storage {

inline WallTime at(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}
inline constexpr std::int64_t noon_ms = 1'630'000'000'000;

// Gathers what is posted; run() does it on the test's thread.
class TestHome : public Home {
 public:
  void post(std::move_only_function<void()> work) override;
  bool run();                                    // false: nothing was there
  bool wait(std::chrono::milliseconds longest);  // until something is posted
  std::size_t posts() const { return posts_; }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> work_;
  std::atomic<std::size_t> posts_ = 0;
};

// A directory under the system's temporary one, gone with the object.
class Directory {
 public:
  Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class CountingProbes : public metrics::StoreProbes {
 public:
  void committed(std::chrono::nanoseconds, std::size_t calls) override {
    ++commits;
    committed_calls += calls;
  }
  void failed(std::string_view kind) override {
    if (kind == "write") ++writes_failed;
    if (kind == "corrupt_record") ++corrupt_records;
    if (kind == "overloaded") ++overloaded;
    if (kind == "disk_full") ++disk_full;
    if (kind == "too_late") ++too_late;
    if (kind == "passed_over") ++passed_over;
    if (kind == "patrol") ++patrols_failed;
  }
  std::atomic<std::size_t> commits = 0, committed_calls = 0, writes_failed = 0, corrupt_records = 0, overloaded = 0,
                           disk_full = 0, too_late = 0, passed_over = 0, patrols_failed = 0;
};

Digest digest(std::string_view text);  // bytes that depend on the text; not a hash to rely on
// Synthetic: person, destination and facility are made-up words. The id depends on `number` alone.
NewSubmission submission(std::uint64_t number, std::string_view person = "person",
                         std::string_view facility = "clinic-1");
SubmissionId id_of(std::uint64_t number);

// Asks and waits for the answer: `call` gets the callback to hand on, `pump` is for stores that are pumped by hand.
template <class T, class Ask>
Result<T> ask(TestHome& home, const std::function<bool()>& pump, Ask call) {
  std::optional<Result<T>> answer;
  call(Done<T>([&](Result<T> result) { answer = std::move(result); }));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!answer && std::chrono::steady_clock::now() < until) {
    if (home.run() || pump()) continue;
    home.wait(std::chrono::milliseconds(50));
  }
  if (!answer) {
    ADD_FAILURE() << "no answer in 20 s";
    return std::unexpected(Error::unavailable);
  }
  return std::move(*answer);
}

// The door, one call at a time, answers awaited.
class Caller {
 public:
  explicit Caller(
      Store& store, std::function<bool()> pump = [] { return false; })
      : store_(store), pump_(std::move(pump)) {}

  Result<std::vector<Verdict>> accept(std::vector<NewSubmission> batch);
  Verdict accept(NewSubmission one);  // must be answered
  Result<std::vector<Changed>> open_attempts(std::vector<OpenAttempt> batch);
  Changed open_attempt(const Submission& record, WallTime opened_at = at(noon_ms));
  Result<std::vector<Changed>> settle(std::vector<Settlement> batch);
  Changed settle(Settlement one);
  Result<std::vector<Changed>> read_back(std::vector<ReadBack> batch);
  Changed read_back(ReadBack one);
  Result<std::vector<Changed>> transition(std::vector<Transition> batch);
  Changed transition(Transition one);
  std::vector<Lane> lanes(std::string destination = "pcare");
  DueBatch due(std::string facility = "clinic-1", DueClass due_class = DueClass::send, WallTime now = at(noon_ms),
               std::size_t limit = 100);
  Result<std::vector<std::optional<Loaded>>> load(std::vector<LoadRequest> batch);
  Loaded load(const SubmissionId& id);  // all of it; must be there
  Result<std::vector<Applied>> put_objects(std::vector<PutObject> batch);
  Result<std::optional<Object>> get_object(std::string kind, std::string name);
  Result<std::vector<std::pair<std::string, Object>>> list_objects(std::string kind);

  // Whole ways through the life of a record.
  Changed finish(const Submission& record, Event event);  // opened, then settled with `event`
  TestHome home;

 private:
  template <class T>
  void under_our_lease(std::vector<T>& batch) const;

  Store& store_;
  std::function<bool()> pump_;
};

// A settlement of `record` as it stands now.
Settlement settlement(const Submission& record, Event event, std::uint32_t version_step = 0);
Transition transition_of(const Submission& record, Event event);

}  // namespace titip::storage
