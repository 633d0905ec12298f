// Every count against the records themselves. Fed with all records in the order of their ids, which is the order of
// their minutes and days, so that a minute and a day are done with as soon as the next one begins. Private to
// verify*.cc. One thread. Memory: verify.h.
//
// A damaged record is still counted in its state, and nobody can see in which: so where some are, a count may be that
// much higher than what was found.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/keys.h"
#include "storage/kv.h"
#include "storage/records.h"
#include "storage/verify_findings.h"

namespace titip::storage {

class CountCheck {
 public:
  CountCheck(const KvReader& kv, Findings& findings) : kv_(kv), findings_(findings) {}

  void add(const Record& record);
  void add_damaged(const SubmissionId& id);
  void add_quarantined(const std::string& destination) { ++quarantined_[destination]; }
  // All records and all of the quarantine were added: the totals, and the rows nothing stands for. False: the disk does
  // not answer.
  bool finish();
  bool failed() const { return failed_; }

 private:
  struct Minute {
    std::uint64_t accepted = 0;
    std::uint64_t pending = 0;
  };
  void move_to(WallTime made_at);
  void close_minute();
  void close_day();
  void check_number(const std::string& key, std::uint64_t found, std::uint64_t slack);
  void check_fine(const Lane& lane, const std::vector<FineCount>& found);
  void check_totals();
  void check_strays();
  std::optional<std::string> row(const std::string& key);
  void remember(const std::string& key);
  void differs(const std::string& key) { findings_.add("count_differs", in_hex(key)); }

  const KvReader& kv_;
  Findings& findings_;
  std::map<std::string, DestinationCounts, std::less<>> totals_;
  std::map<std::string, std::uint64_t, std::less<>> quarantined_;
  std::int64_t minute_ = INT64_MIN;
  std::map<std::string, Minute, std::less<>> of_minute_;
  std::uint64_t damaged_of_minute_ = 0;
  std::map<std::string, std::uint64_t> need_attention_;  // by key
  std::map<std::string, std::uint64_t> of_deadline_;     // by key: a few, deadlines are ends of days
  std::int32_t day_ = INT32_MIN;
  std::map<Lane, std::vector<FineCount>> of_day_;
  std::uint64_t damaged_of_day_ = 0;
  std::uint64_t damaged_ = 0;
  std::vector<std::size_t> seen_;  // a hash of each row that records stand for
  bool failed_ = false;
};

}  // namespace titip::storage
