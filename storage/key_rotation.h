// Rotation of the wrapping key: a new one is made, every record's data key and every sealed object is wrapped anew, and
// the old one goes. Sealed payloads stay as they are: only 53 bytes of each record change. Index keys are never touched
// (reindex.h), so duplicates stay recognisable.
//
// Threads: rotate_keys blocks, on a thread of its own (a worker, never a loop), beside live traffic. One at a time.
// Crash-safe and resumable: killed anywhere, it is simply run again and ends right, because each step is durable before
// the next depends on it: the new key is in the file before anything is wrapped with it, and an old key leaves the file
// only after a whole pass found nothing under it, and no damage that may hide something. Bounded memory: a page at a
// time. A key is only made once the store was looked through: with an older key file in the place of a lost one, the
// new key would else get the lost one's id, and what that one wrapped would pass for current.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "metrics/words/said.h"
#include "storage/sealing.h"
#include "storage/waiting_home.h"

namespace titip::storage {

struct RotationProgress {
  enum class Step : std::uint8_t {
    looked,     // a page was looked at, before anything is made
    key_made,   // the new key is in the file, on stable storage
    key_used,   // what is sealed from now on is sealed with it
    quiet,      // everything sealed before that is in the store
    records,    // a page of records was looked at, and rewrapped where it had to be
    objects,    // likewise of objects
    pass_done,  // everything was looked at once
    key_dropped,
  };
  Step step = Step::key_made;
  unsigned pass = 0;            // 0: before the key is made; 1, 2, …; the last one finds nothing to do
  std::uint64_t looked_at = 0;  // records, in this pass
  std::uint64_t of = 0;         // about; records that are accepted meanwhile count too
  std::uint64_t rewrapped = 0;  // data keys and objects, in all passes
};
std::string_view name(RotationProgress::Step step);

struct RotationOptions {
  std::size_t page = 500;
  // Between taking the new key into use and relying on it: whoever sealed with the old one has called the store by
  // then.
  std::chrono::milliseconds grace{2000};
  bool only_finish = false;  // begin nothing: go on with what is under way, if anything is
  // Lets the old keys go although some records cannot be rewrapped. They stay unreadable even if their damage is
  // mended. With a rotation under way it goes on with that one.
  bool forget_damaged = false;
  // Makes a key although records are under keys that are not in the file. They can be read again once that key turns
  // up, for its id is not given to another.
  bool forget_lost = false;
  // Told after every step. False: stop here; the next call goes on.
  std::function<bool(const RotationProgress&)> told;
};

struct RotationReport {
  bool finished = false;               // no old key is left in the file
  bool began = false;                  // a new key was made; else what was under way went on
  std::uint32_t current_key = 0;       // its id
  std::vector<std::uint32_t> dropped;  // ids of keys that left the file
  std::uint64_t rewrapped = 0;
  unsigned passes = 0;
  std::uint64_t damaged = 0;  // records and objects that are not readable, or that their old key does not open
  std::uint64_t lost = 0;     // records and objects under keys that are not in the file: nobody can read them
  words::Said why_not;        // a sentence, unless finished
};

// Begins a rotation. One is under way as long as the file has older keys: a new key is made in front of them all the
// same, for the present one may be stolen, unless `only_finish` or `forget_damaged` asks for the end of that one. The
// error is a sentence that says what to do.
std::expected<RotationReport, words::Said> rotate_keys(const std::filesystem::path& key_file, Sealer& sealer,
                                                       Store& store, WaitingHome& home,
                                                       const RotationOptions& options = {});

}  // namespace titip::storage
