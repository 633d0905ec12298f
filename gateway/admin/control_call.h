// The other end of the control socket: asks the gateway that serves a data directory. Blocking; the command line's.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <string>

#include "gateway/admin/wire.h"

namespace titip::admin {

struct Heard {
  std::function<void(storage::Progress)> progress;
  std::function<void(const std::string& json)> data;
};

// Nobody took the question.
struct NoAnswer {
  bool nobody_there = false;  // no gateway serves this data directory
  Trouble trouble = Trouble::unreachable;
  words::Said sentence;
};

std::expected<Ended, NoAnswer> call(const std::filesystem::path& data_directory, const Request& request,
                                    const Heard& heard);
// Whether somebody listens.
bool gateway_runs(const std::filesystem::path& data_directory);

}  // namespace titip::admin
