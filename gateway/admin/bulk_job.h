// A bulk action as the store keeps it, so that it outlives the process: what is done, to which records, how far it is,
// and whom the batch under way is about. Whoever was refused is kept beside it, a batch an object. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/act.h"
#include "gateway/admin/wire.h"

namespace titip::admin {

inline constexpr std::string_view bulk_kind = "bulk";
inline constexpr std::string_view bulk_name = "job";
inline constexpr std::string_view refused_kind = "bulk-refused";  // named by a number, in the order of the batches

struct BulkJob {
  enum class State : std::uint8_t { running, stopped, done };
  Command action = Command::hold;
  QueueWords words;  // of records accepted before `began`: what the job itself makes is not its own work
  std::string reason;
  std::string by;
  storage::WallTime began{};
  State state = State::running;
  std::uint64_t of = 0;  // as the preview counted
  std::uint64_t done = 0;
  std::uint64_t refused = 0;
  std::uint64_t went_with = 0;      // cancelled because one was that they needed
  bool went_with_is_least = false;  // it was cut short between the doing and the counting: there may be more
  std::uint64_t passed_over = 0;    // stretches of damaged records that not even have an id to be listed by
  std::uint64_t batches = 0;
  std::optional<storage::SubmissionId> after;  // everything up to here was looked at, and done but for `pending`
  std::vector<storage::SubmissionId> pending;  // the batch under way: not counted yet
  // For the audit log (audit_subjects.h): of all that the job was about so far, as it was before and after; before it
  // is one batch ahead. Nothing: a version that had none began it.
  std::optional<storage::Digest> hash_before = storage::Digest{};
  std::optional<storage::Digest> hash_after = storage::Digest{};
  bool operator==(const BulkJob&) const = default;
};
std::string_view name(BulkJob::State state);
std::string encode(const BulkJob& job);
std::optional<BulkJob> decode_bulk_job(std::string_view bytes);

// [{"id":…,"why":…,"other":…}]: those that were refused; empty: none was.
std::string encode_refused(const std::vector<Acted>& acted);

}  // namespace titip::admin
