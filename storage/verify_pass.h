// The walks of a whole look at the store (verify.h). Private to verify*.cc. One thread, one snapshot.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/due_index.h"
#include "storage/reading.h"
#include "storage/records.h"
#include "storage/verify_counts.h"
#include "storage/verify_findings.h"

namespace titip::storage {

class Verification {
 public:
  Verification(const KvReader& kv, const std::function<void(Progress)>& progress, const std::function<bool()>& stopping)
      : kv_(kv), reading_(kv), progress_(progress), stopping_(stopping), counts_(kv, findings_) {}

  Result<VerifyReport> run();

 private:
  static constexpr std::size_t in_a_batch = 256;
  struct Entry {
    std::string key;
    std::string value;  // where the walk was asked to keep it
  };
  using Batch = std::vector<Entry>;
  enum class Values : std::uint8_t { dropped, kept };
  template <class T>
  using Looked = std::vector<Result<std::optional<T>>>;  // corrupt: it is there, and damaged
  using Found = Result<std::optional<Record>>;

  // All entries of a family that decode, in batches; those that do not are found damaged.
  void walk(Family family, Values values, const std::function<void(Batch&)>& each);
  template <class T>
  Looked<T> look(Family family, const std::vector<std::string>& keys, Decode<T> decode);
  Looked<Record> records_of(const std::vector<SubmissionId>& ids);
  bool tick();
  void found_damaged(Family family, std::string_view key);
  static std::vector<Record> decoded(const Batch& batch);  // of `meta`

  // verify.cc: the records
  void walk_records();
  void add_up(const Record& record);
  void look_at_blocked(const std::vector<Record>& batch);
  void look_at_replaced(const std::vector<Record>& batch);
  void walk_quarantine();
  void check_positions();

  // verify_missing.cc: whose entries are missing
  void name_missing();
  void name_missing(Family family, const std::vector<Record>& batch);
  void name_missing_naturals(const std::vector<Record>& batch);
  void name_missing_providers(const std::vector<Record>& batch);
  void name_missing_in_lines(const std::vector<Record>& batch);
  void name_missing_due(const SubmissionId& id, const DueRows& rows);

  // verify_entries.cc: the families whose entries stand for records one by one
  void walk_entries(Family family);
  void walk_idempotency();
  void walk_naturals();
  void walk_requirements();
  template <class T>
  void walk_lists(Family family, Decode<T> decode, const std::function<std::vector<SubmissionId>(const T&)>& ids_of,
                  const std::function<void(const Entry&, const T&, std::span<const Found>)>& each);
  void look_at_requirement(const Entry& entry, const Requirement& requirement, std::span<const Found> records);
  void walk_audit();
  void walk_values(Family family);  // decode, no more

  // verify_lines.cc: who stands where, who may go, what is due
  void walk_heads();
  void look_at_head(const std::string& key, const Head& head, const Found& first, const Found& front);
  bool line_fits(const std::string& key, const Head& head);
  void look_at_front(const Head& head, const Found& first, const Found& front);
  bool provider_may_go(const Submission& head);
  void walk_chains();
  void walk_due();
  void look_at_due(const Entry& entry, const Submission& submission, const Result<std::optional<Head>>& head);
  void check_lanes();

  std::uint64_t& must(Family family) { return must_[static_cast<std::size_t>(family)]; }
  std::uint64_t& met(Family family) { return met_[static_cast<std::size_t>(family)]; }
  bool lacks(Family family) { return met(family) < must(family); }

  const KvReader& kv_;
  Reading reading_;
  const std::function<void(Progress)>& progress_;
  const std::function<bool()>& stopping_;
  Findings findings_;
  CountCheck counts_;
  VerifyReport report_;
  Progress at_;
  std::optional<Error> error_;
  bool again_ = false;         // the last walk, to name what is missing: nothing is counted any more
  std::uint64_t records_ = 0;  // damaged ones too
  std::uint64_t highest_position_ = 0;
  // By family: how many entries there must be, and how many of those were met. `chain` stands for the places in lines,
  // the heads' too.
  std::array<std::uint64_t, family_count> must_{};
  std::array<std::uint64_t, family_count> met_{};
  std::map<Lane, std::uint64_t> due_in_lane_;
};

template <class T>
Verification::Looked<T> Verification::look(Family family, const std::vector<std::string>& keys, Decode<T> decode) {
  if (keys.empty() || error_) return Looked<T>(keys.size(), std::optional<T>());
  auto found = reading_.get_all(family, keys, decode);
  if (found) return std::move(*found);
  error_ = found.error();
  return Looked<T>(keys.size(), std::optional<T>());
}

}  // namespace titip::storage
