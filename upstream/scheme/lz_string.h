// LZ-String, the compression inside P-Care's encrypted replies: an LZW over UTF-16 code units whose bits are written as
// characters that may stand in a URL (pieroxy's lz-string, compressToEncodedURIComponent; the format is described by
// its reference implementation, https://pieroxy.net/blog/pages/lz-string/). Text goes in and comes out as UTF-8. Pure;
// any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace titip::scheme {

// Nothing if `text` is not UTF-8.
std::optional<std::string> lz_compress(std::string_view text);

// Nothing if it is not LZ-String, ends before its end mark, holds half a surrogate pair, or gives more than
// `most_bytes` (a kilobyte can stand for a gigabyte).
std::optional<std::string> lz_decompress(std::string_view packed, std::size_t most_bytes);

}  // namespace titip::scheme
