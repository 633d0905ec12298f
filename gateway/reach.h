// Where the command line's questions go: to the gateway that serves the data directory or, while there is none, to the
// store itself, opened here and kept until this dies. Private to the root. One thread.
#pragma once

#include <memory>
#include <optional>

#include "gateway/admin/control_call.h"
#include "gateway/admin/wire.h"
#include "gateway/config.h"

namespace titip::gateway {

class Reach {
 public:
  explicit Reach(const Config& config);
  ~Reach();

  admin::Ended ask(const admin::Request& request, const admin::Heard& heard);
  bool is_offline() const { return offline_ != nullptr; }

 private:
  struct Offline;
  std::optional<admin::Ended> open();

  const Config& config_;
  std::unique_ptr<Offline> offline_;
};

}  // namespace titip::gateway
