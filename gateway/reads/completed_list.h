// A list that the national server keeps and the queue would change (a day's registrations), as the clinic needs to see
// it: with what is in custody and has not arrived there yet, marked as such. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/words/said.h"
#include "upstream/profile/profile.h"
#include "upstream/profile/values.h"

namespace titip::reads {

// A record in custody: the request as it came in, and the provisional numbers given out for it.
struct QueuedRequest {
  std::string body;
  std::map<std::string, std::string, std::less<>> parameters;
  std::map<std::string, std::string, std::less<>> numbers;
};

// The reply with those entries behind the server's own and counted, or one of these entries alone where there is no
// reply. Nothing if there is nothing to add, or if the reply is no list. An entry that the server lists already, by
// what its probe goes by, is not added. `language`: of what is said where there is no reply.
std::optional<std::string> completed_list(const profile::Profile& profile, const profile::Route& read,
                                          const profile::RequestView& asked, std::string_view facility,
                                          std::optional<std::string_view> reply,
                                          const std::vector<QueuedRequest>& queued,
                                          words::Language language = words::Language::id);

}  // namespace titip::reads
