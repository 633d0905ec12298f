// A facility's own records: one with its timeline, lists, and what needs its attention. Somebody else's is as absent as
// one that never was. Whoever holds a receipt code is told of that record without saying who they are. Threads: one per
// front loop; everything on that loop.
#pragma once

#include <chrono>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/reads/attention.h"
#include "gateway/reads/own_query.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::reads {

// Who asks. A scheme that names a facility without proving it must not open what another scheme guards: a facility sees
// what it sent to those destinations by whose scheme it has shown itself, and nothing else.
struct Owner {
  std::string facility;
  std::vector<std::string> destinations;
  std::chrono::minutes utc_offset{};
  bool sees_callbacks = false;  // it has shown itself to every destination
};

enum class OwnFault { absent, store_unavailable, bad_cursor };
template <class T>
using OwnDone = std::move_only_function<void(std::expected<T, OwnFault>)>;

struct OwnPage {
  std::vector<storage::Submission> items;
  std::string next;            // the cursor of the next page; empty: that was all
  std::size_t unreadable = 0;  // damaged records of what needs attention, which cannot be listed
};

struct AttentionPage {
  std::vector<AttentionItem> items;
  std::string next;
  std::size_t unreadable = 0;
};

class OwnRecords {
 public:
  // One answer looks at so many records at most; it may then be short of its limit, or empty, and still have a next.
  // (36,000 records: 14 ms of a reader's thread.)
  static constexpr std::size_t most_examined = 30'000;
  // Of one facility and front loop, one walk at a time is under way and so many wait; more are refused.
  static constexpr std::size_t most_waiting = 16;

  OwnRecords(storage::Store& store, storage::Home& home, const storage::Sealer& sealer)
      : store_(store), home_(home), sealer_(sealer) {}

  void submission(const storage::SubmissionId& id, Owner owner, OwnDone<std::string> done);  // JSON text
  void list(OwnQuery asked, Owner owner, OwnDone<OwnPage> done);
  void attention(OwnQuery asked, Owner owner, OwnDone<AttentionPage> done);
  // JSON text. As people read it to each other: in any case, with dashes, O for 0, I and L for 1.
  void receipt(std::string_view code, OwnDone<std::string> done);

 private:
  struct Asked {
    OwnQuery query;
    Owner owner;
    OwnDone<OwnPage> done;
  };
  void walk_next(const std::string& facility);

  storage::Store& store_;
  storage::Home& home_;
  const storage::Sealer& sealer_;
  std::map<std::string, std::deque<Asked>> walks_;  // by facility; the first of each is under way
};

// JSON text of a page, and of a record in it: what a receipt tells, how it stands, no content.
std::string list_json(const OwnPage& page);
std::string receipt_json(const storage::Submission& record);

}  // namespace titip::reads
