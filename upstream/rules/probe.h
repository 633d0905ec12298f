// Reads the reply to a probe: did the write land? Pure. A reply that is not certainly the service's own answer is
// inconclusive; comparing is by the fields this write changes, never by mere existence.
// A list may come in pages. What is found on any of them is found; that something is not there counts only if the list
// was read to its end and was equally long on its first and its last page: else it changed between two of them, and
// what slipped from one to the other was never seen.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "upstream/profile/profile.h"
#include "upstream/profile/values.h"
#include "upstream/rules/exchange.h"

namespace titip::rules {

enum class ProbeResult : std::uint8_t {
  found_equal,
  found_other,  // an entry about this write, with other values
  absent,       // the service answered and has no such entry. Decisive only after the late-apply wait (delivery's rule)
  inconclusive,
};

// Things of one kind in a list may look alike: those whose number is known to be another record's are not this one.
struct Others {
  const profile::Yield* yield = nullptr;  // which number
  std::set<std::string, std::less<>> numbers{};
};

// One read of a list, page by page; of a probe that has no pages, one reply. Many may look for theirs in it.
class ProbeRead {
 public:
  static constexpr std::size_t most_pages = 50;

  void take(const Exchange& page);
  // Where the next page starts: how many entries were read so far. Nothing: there is no need, or no sense, in another.
  std::optional<std::uint64_t> next_start(const profile::Profile& profile, const profile::Probe& probe) const;
  ProbeResult look_for(const profile::Profile& profile, const profile::Probe& probe,
                       const profile::RequestView& request, const Others& others = {}) const;
  // The number in the entry that is about this write: how one that the server gave is read back. Nothing if no entry
  // is, or if those that are disagree. Among others (Probe::among_others) it is that of the first: they are alike, and
  // each is as good as the next.
  std::optional<std::string> number_of(const profile::Profile& profile, const profile::Probe& probe,
                                       const profile::RequestView& request, const profile::Yield& yield,
                                       const Others& others = {}) const;
  // The numbers of all entries that are this write, to judge by them alone: its own and those of its twins.
  std::vector<std::string> numbers_of_equals(const profile::Profile& profile, const profile::Probe& probe,
                                             const profile::RequestView& request, const profile::Yield& yield) const;

 private:
  struct Page {
    int http_status = 0;
    bool blank = false;                              // a reply without a body
    std::shared_ptr<const nlohmann::json> document;  // null: no reply, or no JSON
  };
  struct Answer;
  static Answer answer_in(const Page& page, const profile::Profile& profile, const profile::Probe& probe);
  std::vector<const nlohmann::json*> equals(const profile::Profile& profile, const profile::Probe& probe,
                                            const profile::RequestView& request) const;
  struct Extent;
  Extent extent(const profile::Profile& profile, const profile::Probe& probe) const;

  std::vector<Page> pages_;
};

// Of one reply that holds everything.
ProbeResult read_probe(const profile::Profile& profile, const profile::Probe& probe,
                       const profile::RequestView& request, const Exchange& exchange);

}  // namespace titip::rules
