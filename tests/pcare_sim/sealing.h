// The national server's signatures and its encrypted replies, straight from OpenSSL: the simulator's own, so that the
// gateway is not judged by itself. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titip::pcare_sim {

// Base64 of HMAC-SHA256 of consumer id & timestamp.
std::string signature_of(std::string_view consumer, std::string_view secret, std::string_view timestamp);

// Base64 of AES-256-CBC of the packed JSON, under SHA-256 of consumer + secret + timestamp.
std::string sealed_response(std::string_view consumer, std::string_view secret, std::string_view timestamp,
                            std::string_view json_text);

// Nothing if it is no Base64.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace titip::pcare_sim
