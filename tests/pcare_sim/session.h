// One connection: reads a request, lets the weather and the capacity have their way with it, answers, and so on.
// Requests on one connection are answered in order, one at a time, so pipelining is safe. Lives as long as something of
// it is under way, a late apply after the client has gone included. One thread, the loop's.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "tests/pcare_sim/world.h"

namespace titip::pcare_sim {

using LoopSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

enum class Door : std::uint8_t { service, control };  // which listener it came through

// Starts serving; the session keeps itself alive.
void serve(LoopSocket socket, World& world, Door door);

// Resets the connections: of the service's door only, or all that have been idle or hanging too long.
void reset_service_connections(World& world);
void reset_overdue_connections(World& world, World::Time now);

}  // namespace titip::pcare_sim
