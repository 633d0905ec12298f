// Where the live part of each lane and class of the due index begins. What was due and is gone leaves tombstones at the
// front of its lane, and a peek that began there would walk over all of them, longer each day. So each look remembers
// the first key it met, and the next one begins there.
//
// Only ever a hint, and one that may be too early but never too late: an entry can appear before it at any time (an
// older record that is due again), so the writer pulls it back before its batch can be seen, and no look that began
// before that batch can push it forward again. Lost at every stop, which costs one walk.
//
// Threads: any; Writing on the writer's alone, one at a time. A Look must begin before the snapshot that it reads.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "storage/kv.h"

namespace titip::storage {

class LiveParts {
 public:
  // One look at the keys with one prefix (keys::due_prefix).
  class Look {
   public:
    Look(LiveParts& parts, std::string prefix);
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;
    ~Look();
    const std::string& prefix() const { return prefix_; }
    // Nothing with this prefix stands before it. Asked after the snapshot was taken: what was committed between the two
    // has pulled it back.
    const std::string& from();
    // What a scan that began at from() met first; or that it met nothing to the end of the prefix.
    void met_first(std::string_view key) { learned_ = std::string(key); }
    void met_nothing();

   private:
    LiveParts& parts_;
    const std::string prefix_;
    std::string from_;
    bool counted_ = false;
    bool asked_ = false;
    std::optional<std::string> learned_;
  };

  // The time in which a batch is committed: from before anybody can see it to after everybody does.
  class Writing {
   public:
    Writing(LiveParts& parts, const KvBatch& batch);
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    ~Writing();

   private:
    LiveParts& parts_;
  };

  // `most`: of lanes and classes; what is beyond is looked at from its start, as if there were no hint.
  explicit LiveParts(std::size_t most = 100'000) : most_(most) {}

 private:
  struct Part {
    std::string start;
    unsigned looking = 0;
    std::optional<std::string> lowest_since;  // written since the oldest look that is still under way
  };

  const std::size_t most_;
  std::mutex mutex_;
  std::unordered_map<std::string, Part> parts_;
  std::map<std::string, std::string> writing_;  // the lowest key of each prefix in the batch being committed
};

}  // namespace titip::storage
