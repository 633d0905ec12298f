#include "gateway/http/proxies.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

#include "gateway/http/header_text.h"

namespace titip::http {
namespace {

// Nothing: it cannot be read. Of each proxy on the way one, in their order; empty: that one does not say.
using Said = std::optional<std::vector<std::string>>;

Said x_forwarded_for(std::string_view value) {
  std::vector<std::string> said;
  for (const auto each : std::views::split(value, ','))
    if (const auto text = trim({each.begin(), each.end()}); !text.empty()) said.emplace_back(text);
  return said;
}

// RFC 7239, section 4: elements by commas, in each of them pairs by semicolons, values that may be quoted.
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view rest) : rest_(rest) {}

  Said read() {
    while (skip_blanks(), !rest_.empty()) {
      if (take(',')) continue;
      if (!read_element()) return std::nullopt;
    }
    return std::move(said_);
  }

 private:
  bool read_element() {
    std::optional<std::string> client;
    do {
      const auto name = token();
      if (name.empty() || !take('=')) return false;
      auto value = take('"') ? quoted() : std::optional(std::string(token()));
      if (!value) return false;
      const bool is_for = equals_ignoring_case(name, "for");
      if (is_for && client) return false;
      if (is_for) client = std::move(value);
      skip_blanks();
    } while (take(';'));
    said_.push_back(std::move(client).value_or(""));
    return rest_.empty() || take(',');
  }

  std::string_view token() {
    skip_blanks();
    const auto end = std::ranges::find_if_not(rest_, is_token_char);
    const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::optional<std::string> quoted() {
    std::string value;
    while (!rest_.empty()) {
      if (take('"')) return value;
      if (take('\\') && rest_.empty()) break;
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    return std::nullopt;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    while (take(' ') || take('\t')) {
    }
  }

  std::string_view rest_;
  std::vector<std::string> said_;
};

// An address, and a port if need be: "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". Nothing for a name
// that hides one ("unknown", "_proxy").
std::optional<std::string> address_of(std::string_view node) {
  const auto is_port = [](std::string_view text) {
    return text.empty() || (text.starts_with(':') && text.size() > 1 && text.size() <= 6 &&
                            std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; }));
  };
  if (node.starts_with('[')) {
    const auto end = node.find(']');
    if (end == std::string_view::npos || !is_port(node.substr(end + 1))) return std::nullopt;
    const auto inside = node.substr(1, end - 1);
    return inside.contains(':') ? spelled_address(inside) : std::nullopt;
  }
  if (std::ranges::count(node, ':') == 1) {
    const auto colon = node.find(':');
    return is_port(node.substr(colon)) ? spelled_address(node.substr(0, colon)) : std::nullopt;
  }
  return spelled_address(node);
}

}  // namespace

bool Proxies::trust(std::string_view address) const {
  return std::ranges::any_of(trusted, [&](const Network& each) { return each.has(address); });
}

ClientAddress client_behind(const Proxies& proxies, const std::string& proxy, const Request& request) {
  const auto said = proxies.field == AddressField::forwarded ? ForwardedReader(request.joined("forwarded")).read()
                                                             : x_forwarded_for(request.joined("x-forwarded-for"));
  ClientAddress client{proxy, AddressBy::nobody};
  if (!said) return client;
  for (const auto& each : std::views::reverse(*said)) {
    auto address = address_of(each);
    if (!address) return client;
    client.text = *std::move(address);
    if (proxies.trust(client.text)) continue;
    client.by = AddressBy::proxy;
    return client;
  }
  return client;
}

}  // namespace titip::http
