// The whole gateway put together, and its life from start to orderly stop.
#pragma once

#include <functional>
#include <memory>

#include "gateway/config.h"
#include "storage/store.h"
#include "upstream/profile/profile.h"

namespace titip::gateway {

// Places where the negative controls under tests/ put a faulty door in. The product uses none of them.
struct Seams {
  std::function<std::unique_ptr<storage::Store>(std::unique_ptr<storage::Store>)> store;
  std::function<void(profile::Profile&)> profile;
  std::function<void(DestinationConfig&)> destination;
  std::function<void(http::ServerOptions&)> front;
};

// Runs until SIGTERM or SIGINT; returns the exit status. What keeps it from starting is said on stderr.
int serve(Config config, const Seams& seams = {});

// The program: reads the command line. Every executable that is a gateway calls this from its main().
int run(int argc, char** argv, const Seams& seams = {});

}  // namespace titip::gateway
