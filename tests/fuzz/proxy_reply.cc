// What a proxy answers before a tunnel stands. However it comes in pieces it means the same, and only an answer that is
// whole and brings nothing along opens the tunnel.
#include "tests/fuzz/fuzz.h"
#include "upstream/client/proxy_tunnel.h"

using titip::client::judge_proxy_reply;
using titip::client::proxy_reply_bytes;
using titip::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = titip::fuzz::text_of(data, size);
  const auto all = judge_proxy_reply(bytes);
  must(all.whole || !all.failure, "who has not ended has not failed");
  must(all.whole || bytes.size() < proxy_reply_bytes, "an end is not waited for without end");
  const bool is_open = all.whole && !all.failure;
  must(!is_open || (bytes.ends_with("\r\n\r\n") && bytes.starts_with("HTTP/1.") && bytes.substr(9, 1) == "2"),
       "a tunnel stands behind a 2xx answer, and begins where it ends");
  for (std::size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 64) {
    const auto part = judge_proxy_reply(bytes.substr(0, cut));
    must(!is_open || !part.whole, "nothing of a good answer is one");
    must(!part.whole || all.whole, "what was decided stays so");
  }
  return 0;
}
