// Which records are meant, as a person says it on the command line: options, read into what goes over the wire. Private
// to the root.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "gateway/admin/wire_queue.h"
#include "gateway/clock/clock.h"

namespace CLI {
class App;
}

namespace titip::gateway {

struct RecordFilter {
  std::vector<std::string> states;
  std::string destination;
  std::string facility;
  std::string rule;
  std::string day;
  std::string older_than;
  std::string newer_than;
};

// `filter` outlives the parsing.
void add_filter_options(CLI::App& command, RecordFilter& filter);
// The error is a sentence for whoever wrote it.
std::expected<admin::QueueWords, std::string> read_filter(const RecordFilter& filter, clock::WallTime now);

}  // namespace titip::gateway
