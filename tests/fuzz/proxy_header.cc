// The PROXY protocol's header, and what a proxy says in a request's fields. What is read as missing is never more than
// a header has, whatever is cut off, and read so the header ends where it ends in one piece.
#include "gateway/http/proxy_header.h"

#include "gateway/http/proxies.h"
#include "tests/fuzz/fuzz.h"

namespace {

using titip::fuzz::must;
using titip::http::read_proxy_header;
using titip::http::spelled_address;

constexpr std::size_t most = 4'096;

bool is_spelled(const std::string& address) {
  return spelled_address(address) == address;
}

void read_as_it_comes(std::string_view bytes) {
  std::size_t taken = 0;
  for (;;) {
    const auto read = read_proxy_header(bytes.substr(0, taken), most);
    if (!read) return must(!read.error().empty(), "a fault has a label");
    if (read->missing == 0) {
      must(read->source.empty() || is_spelled(read->source), "an address, in its one spelling");
      const auto whole = read_proxy_header(bytes, most);
      must(whole && whole->missing == 0 && whole->source == read->source, "what stands behind it changes nothing");
      // No beginning of it asks for more than there is.
      for (std::size_t cut = 0; cut < taken; cut += 1 + taken / 32) {
        const auto part = read_proxy_header(bytes.substr(0, cut), most);
        must(part && part->missing > 0 && cut + part->missing <= taken, "not a byte of what stands behind it");
      }
      return;
    }
    taken += read->missing;
    must(taken <= most, "no more than may be");
    if (taken > bytes.size()) return;
  }
}

void hear(std::string_view field) {
  static const titip::http::Proxies forwarded{
      {*titip::http::Network::parse("10.0.0.0/8")}, false, most, titip::http::AddressField::forwarded};
  static const titip::http::Proxies x_forwarded_for{forwarded.trusted};
  titip::http::Request request;
  request.headers = {{"Forwarded", std::string(field)}, {"X-Forwarded-For", std::string(field)}};
  for (const auto* proxies : {&forwarded, &x_forwarded_for}) {
    const auto client = client_behind(*proxies, "10.0.0.1", request);
    must(is_spelled(client.text), "an address, in its one spelling");
    must(proxies->trust(client.text) == (client.by == titip::http::AddressBy::nobody),
         "a proxy's own address is nobody's, and no other is");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = titip::fuzz::text_of(data, size);
  read_as_it_comes(bytes);
  hear(bytes);
  return 0;
}
