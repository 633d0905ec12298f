// The control socket: how whoever may run Titip reaches the one that runs. A Unix socket in the data directory (mode
// 0600), one request a connection (wire.h). Nothing here blocks the loop; a caller that takes no answers is let go.
// Threads: everything on the loop that runs `context`; the callers it hands out may be told things from any thread.
// Invariant: what is not a whole, valid request of a user who may ask reaches nobody.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "gateway/admin/desk.h"
#include "gateway/admin/wire.h"

namespace titip::admin {

struct ControlOptions {
  std::size_t connections = 16;                        // more are answered "busy" and closed
  std::chrono::milliseconds request_deadline{10'000};  // from the connection to the request's line end
  std::chrono::milliseconds write_deadline{30'000};    // an answer must be taken within
  std::size_t unsent_bytes = 1U << 20U;                // an export waits when this much is not taken
};

class ControlSocket {
 public:
  class Impl;
  using Take = std::function<void(Request, std::shared_ptr<Caller>)>;

  ControlSocket(boost::asio::io_context& context, ControlOptions options, Take take);
  ~ControlSocket();

  // Before the loop runs. Nobody else may serve this data directory: what an earlier process left is taken away.
  std::expected<void, words::Said> listen(const std::filesystem::path& data_directory);

  void stop();   // no new requests
  void abort();  // lets every caller go
  std::size_t connections() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace titip::admin
