// Export and erasure of everything about one person (Indonesia's UU PDP, Law 27/2022), found by the keyed hash of the
// person's number. Nothing here writes the number down: lists and audit hold the hash alone.
//
// Threads: each function blocks, on a thread of its own (a worker, never a loop), beside live traffic. Bounded memory:
// a page at a time. Killed halfway, each may simply be run again.
// A record that cannot be read, or not be erased, keeps none of the others from it: it is named in the report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/words/said.h"
#include "storage/kept_reply.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/waiting_home.h"

namespace titip::storage {

// What Submission::person holds for this number (a NIK).
Digest person_hash(const Sealer& sealer, std::string_view number);

// --- export -------------------------------------------------------------------------------------------------------

// One record with everything that is kept of it, opened. The views live until the sink returns.
struct ExportedRecord {
  enum class Content : std::uint8_t {
    whole,
    erased,      // by retention or on request: there is nothing to open any more
    unreadable,  // its data key, or something under it, does not open: damaged, or the key file is not the right one
  };
  struct Line {
    const Attempt& attempt;
    std::optional<std::string> note;  // the server's words
  };
  const Submission& record;
  Content content = Content::whole;
  std::optional<Payload> payload{};
  std::optional<KeptReply> reply{};
  std::vector<Line> timeline{};
  std::vector<std::string> numbers{};  // the real ones the national server gave, in the order of record.references
};

inline constexpr std::size_t most_named = 1000;

// Records that damage keeps from being read or erased.
struct LeftOut {
  std::vector<SubmissionId> ids;  // at most `most_named`
  std::uint64_t count = 0;
  bool perhaps_more = false;  // a part of the index of persons cannot be read: there may be records nobody knows of
  bool any() const { return count != 0 || perhaps_more; }
  void add(const SubmissionId& id);
  void add(const LeftOut& other);
};

struct ExportReport {
  std::uint64_t records = 0;
  std::uint64_t erased = 0;
  std::uint64_t unreadable = 0;  // some of their content
  LeftOut left_out;              // nothing of them could be read: the sink did not get them
  bool stopped = false;          // by the sink
};

// Oldest first. The sink says whether to go on. The error is a sentence that says what to do.
std::expected<ExportReport, words::Said> export_person(Store& store, const Sealer& sealer, WaitingHome& home,
                                                       const Digest& person,
                                                       const std::function<bool(const ExportedRecord&)>& sink);

// --- erasure ------------------------------------------------------------------------------------------------------

struct ErasureReport {
  std::uint64_t persons = 0;               // each once, however often they asked
  std::uint64_t records = 0;               // looked at
  std::uint64_t erased = 0;                // they were settled
  std::vector<SubmissionId> cancelled;     // they waited: never sent, erased; at most `most_named`
  std::vector<SubmissionId> when_settled;  // under way, or their outcome is unknown: erased as soon as that is known
  std::uint64_t cancelled_count = 0;
  std::uint64_t when_settled_count = 0;
  LeftOut left_out;  // damaged: they stand as they were
};

// Writes the person on the list first, then erases every record that is in custody when this is called, whatever its
// time, then says so in the audit log. On the list too where nothing is found: a backup may hold something.
// `by`: who asked for it, a plain word (a user or a token's name); it goes into the audit log.
std::expected<ErasureReport, words::Said> erase_person(Store& store, const Sealer& sealer, WaitingHome& home,
                                                       const std::filesystem::path& erasure_list, const Digest& person,
                                                       WallTime now, std::string_view by);

// After a restore, before anything is served: whoever is on the list is erased again, with what was accepted until
// then. What damage leaves out must be tried again: `left_out` says so. `told` hears how many lines of the list are
// done, of how many; false stops (to be repeated from the start).
std::expected<ErasureReport, words::Said> reapply_erasures(
    Store& store, const Sealer& sealer, WaitingHome& home, const std::filesystem::path& erasure_list,
    const std::function<bool(std::uint64_t done, std::uint64_t of)>& told = {});

}  // namespace titip::storage
