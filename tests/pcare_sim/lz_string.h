// LZ-String as the national server writes it (compressToEncodedURIComponent): an LZW over UTF-16 code units whose bits
// become characters that may stand in a URL. The simulator's own, written from the format: it must not err as the
// gateway does. Packing alone; the server never unpacks. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace titip::pcare_sim {

// `text` is UTF-8 (it comes from JSON); what is not becomes U+FFFD.
std::string lz_packed(std::string_view text);

}  // namespace titip::pcare_sim
