// Callbacks over real sockets: a connection each, TLS checked against the host's name, one time-out for all of it. Of
// the reply only the header is read, 8 KiB at most; a redirect is a reply like any other and never followed. Only
// addresses of the public internet are called, unless the config says otherwise, and the address that was looked at is
// the one that is connected to. Names are looked up on threads of their own, so many that those who are not known to
// answer cannot take them all (gateway/delivery/callback_hosts.h); they are made when the first name is.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "upstream/client/callback_door.h"

namespace titip::client {

struct CallbackTransportOptions {
  std::chrono::milliseconds timeout{10'000};
  bool private_targets = false;     // this machine and private networks may be called
  std::filesystem::path ca_file{};  // certificates to trust beside the system's
  std::size_t lookups = 36;         // names looked up at once
};

// The error is a sentence: the file of certificates cannot be used.
std::expected<std::unique_ptr<CallbackDoor>, std::string> make_callback_transport(boost::asio::io_context& context,
                                                                                  CallbackTransportOptions options);

}  // namespace titip::client
