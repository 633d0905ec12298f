// Reads whose answers are kept: fresh ones are given without asking, others are asked for, and while the server does
// not answer in time, or at all, the kept one is given marked as stale. Equal reads at the same time are one call.
// Threads: one per destination and front loop, everything on that loop. Bounded: what is in memory by bytes, what is
// under way by calls.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/reads/kept_read.h"
#include "gateway/reads/kept_size.h"
#include "gateway/reads/pass_through.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "upstream/profile/profile.h"

namespace titip::reads {

struct CacheOptions {
  std::size_t memory_bytes = 16U << 20U;   // of each front loop and destination
  std::size_t longest_answer = 1U << 20U;  // a longer one is passed on and not kept
  std::shared_ptr<KeptSize> on_disk{};     // of all loops and destinations; none: as much as the disk takes
};

struct CachedDoors {
  PassThroughDoors upstream;
  std::string destination;
  storage::Store& store;
  storage::Home& home;
  const storage::Sealer& sealer;
  const clock::Clock& clock;
};

class CachedReads {
 public:
  CachedReads(CacheOptions options, CachedDoors doors) : options_(options), doors_(std::move(doors)) {}

  // `place` names what is read: the route and its parameters and the query, the same text for the same thing.
  void read(const profile::Route& route, std::string place, ReadCall call,
            std::move_only_function<void(ReadAnswer)> done);

  std::size_t in_memory() const { return entries_.size(); }

 private:
  using Done = std::move_only_function<void(ReadAnswer)>;
  struct Entry {
    std::string key;
    KeptRead read;
  };
  void look(const profile::Route& route, const std::string& key, ReadCall call, Done done);
  void found(const profile::Route& route, const std::string& key, ReadCall call, Done done, const KeptRead* kept);
  void ask(const profile::Route& route, const std::string& key, ReadCall call, Done done);
  void answered(const profile::Route& route, const std::string& key, const rules::Exchange& exchange);
  void keep(const profile::Route& route, const std::string& key, const rules::Reply& reply);
  void remember(const std::string& key, KeptRead read);
  const KeptRead* recall(const std::string& key);
  ReadAnswer given(const KeptRead& read, std::string_view source) const;

  CacheOptions options_;
  CachedDoors doors_;
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
  std::size_t bytes_ = 0;
  struct Asker {
    ReadCall call;
    Done done;
  };
  std::map<std::string, std::vector<Asker>, std::less<>> asked_;  // under way
};

}  // namespace titip::reads
