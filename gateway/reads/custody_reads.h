// What custody knows that a read asks for: the numbers it quotes, and what of a list has not reached the server yet.
// Threads: one per destination and front loop, everything on that loop. Bounded: of one facility so many records are
// looked at, the oldest.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/reads/completed_list.h"
#include "gateway/reads/pass_through.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "upstream/profile/profile.h"

namespace titip::reads {

using Parameters = std::map<std::string, std::string, std::less<>>;

class CustodyReads {
 public:
  static constexpr std::size_t most_queued = 500;

  struct Doors {
    const profile::Profile& profile;
    std::string destination;
    storage::Store& store;
    storage::Home& home;
    const storage::Sealer& sealer;
    const clock::Clock& clock;
  };
  explicit CustodyReads(Doors doors) : doors_(std::move(doors)) {}

  // A read that quotes numbers: with the real ones in their places, or answered here, where one of them is not known
  // to the server yet or was never given to this facility.
  struct Looked {
    std::string target;
    Parameters parameters;
    std::optional<ReadAnswer> answer{};
  };
  void put_in_numbers(const profile::Route& route, const std::string& facility, Looked read,
                      std::move_only_function<void(Looked)> done);

  // The facility's records of that route which wait to be sent, or nobody knows whether they landed; oldest due first.
  // At most one of each person.
  void queued(std::string facility, const profile::Route& route,
              std::move_only_function<void(std::vector<QueuedRequest>)> done);

 private:
  ReadAnswer waiting(const std::string& reference, const std::string& number, storage::State origin) const;
  ReadAnswer never_given() const;
  ReadAnswer unreadable() const;
  std::optional<std::string> open(const storage::Reference& reference) const;
  std::optional<QueuedRequest> open(const storage::Due& due) const;

  Doors doors_;
};

}  // namespace titip::reads
