// Which addresses a URL that somebody else gave may lead to: those of the public internet. Everything else (this
// machine, the networks behind it, the cloud's metadata service) would let whoever gives the URL make us talk to what
// only we can reach. After IANA's registries of special-purpose addresses (RFC 6890); looked at after the name was
// resolved, and that very address is then connected to. Pure; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace titip::client {

bool is_public(const boost::asio::ip::address& address);

}  // namespace titip::client
