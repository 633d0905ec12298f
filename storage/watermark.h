// The watermark: how far this store has come, noted outside the database after acknowledgements. A database that comes
// back with less was changed by something that is not an ordinary crash (a disk that lies, a rotten log, files put back
// from an older copy), and is refused: it would forget what clinics were promised, or send again what was delivered.
//
// Threads: acknowledged() and failure() from any; the notes are written by a thread of its own, or by pump(); close()
// ends it and notes the last mark.
// Invariant: nothing is noted that was not durable in the database before, so that no crash can leave the database
// behind its watermark.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "storage/kv.h"
#include "storage/submission.h"

namespace titip::storage {

struct Reach {
  std::uint64_t commit = 0;    // commit_sequence.h
  std::uint64_t position = 0;  // the last given out
  std::uint64_t epoch = 0;
  WallTime at{};  // of that commit
  bool operator==(const Reach&) const = default;
};
// FORMAT.md, "The note".
std::string encode(const Reach& mark);
std::optional<Reach> decode_reach(std::string_view bytes);

// "2021-08-26 17:46:40 UTC"
std::string time_text(WallTime at);

// What a store lacks that once stood in it.
struct Lack {
  std::uint64_t commits = 0;
  std::uint64_t positions = 0;  // submissions that were accepted and are not there
};
std::optional<Lack> lack_of(const Reach& found, const Reach& noted);
// One sentence for the operator: what is missing, from when, and what to do. `directory` may be empty.
std::string refusal(const Lack& lack, const Reach& found, const Reach& noted, std::string_view directory);

class Watermark {
 public:
  explicit Watermark(Kv& kv, std::chrono::milliseconds at_most_every = std::chrono::milliseconds(100));
  Watermark(const Watermark&) = delete;
  Watermark& operator=(const Watermark&) = delete;
  ~Watermark();

  void start();  // its own thread; without it, pump()
  void acknowledged(const Reach& mark);
  bool pump();  // notes what is new; false: nothing was
  // The first note that could not be written; nothing is noted after it.
  std::optional<KvError> failure() const;
  void close();

 private:
  void run();

  Kv& kv_;
  const std::chrono::milliseconds at_most_every_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Reach> newest_;  // not noted yet
  std::optional<KvError> failure_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace titip::storage
