#include "gateway/http/guard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "gateway/http/header_text.h"

namespace titip::http {
namespace {

constexpr std::array known_methods{std::string_view("GET"),    std::string_view("HEAD"),   std::string_view("POST"),
                                   std::string_view("PUT"),    std::string_view("DELETE"), std::string_view("PATCH"),
                                   std::string_view("OPTIONS")};

// Fields by which a request is understood, or its sender known: where two stand, two readers may take different ones.
// Lists (Connection, Prefer, Accept, Forwarded) may be said in several lines.
constexpr std::array said_once{
    std::string_view("authorization"), std::string_view("content-encoding"), std::string_view("content-type"),
    std::string_view("expect"),        std::string_view("idempotency-key"),  std::string_view("origin"),
    std::string_view("user_key"),      std::string_view("x-api-key"),        std::string_view("x-authorization"),
    std::string_view("x-cons-id"),     std::string_view("x-kdppk"),          std::string_view("x-password"),
    std::string_view("x-signature"),   std::string_view("x-timestamp"),      std::string_view("x-token"),
    std::string_view("x-username")};
static_assert(said_once.size() <= 32);

bool lists(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    if (equals_ignoring_case(trim(value.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
  return false;
}

bool is_token_list(std::string_view value) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    if (!std::ranges::all_of(trim(value.substr(0, comma)), is_token_char)) return false;
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
  return true;
}

std::unexpected<GuardFault> fault(int status, std::string_view reason, words::Text sentence) {
  return std::unexpected(GuardFault{status, reason, sentence});
}

struct Fields {
  int hosts = 0;
  std::string_view host;
  std::uint32_t said = 0;  // of said_once, a bit each
  bool transfer_encoding = false;
  std::optional<std::string_view> content_length;
  bool content_length_repeated = false;
  bool says_close = false;
  bool says_keep_alive = false;
  std::string_view expect;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// "." and ".." in any spelling.
bool is_dot_segment(std::string_view segment) {
  std::size_t dots = 0;
  while (!segment.empty()) {
    const bool escaped = segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' && (segment[2] | 0x20) == 'e';
    if (!escaped && segment[0] != '.') return false;
    segment.remove_prefix(escaped ? 3 : 1);
    ++dots;
  }
  return dots == 1 || dots == 2;
}

std::optional<GuardFault> check_target(std::string_view target) {
  const auto visible_ascii = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::ranges::all_of(target, visible_ascii) || target.contains('#') || target.contains('\\'))
    return GuardFault{
        400, "target_bytes",
        words::text("The request target holds a space, a fragment, a backslash, or a byte that is not visible ASCII.")};
  for (auto at = target.find('%'); at != std::string_view::npos; at = target.find('%', at + 1)) {
    const bool has_digits = at + 2 < target.size() && hex_digit(target[at + 1]) >= 0 && hex_digit(target[at + 2]) >= 0;
    if (!has_digits || target.substr(at, 3) == "%00")
      return GuardFault{400, "target_escape",
                        words::text("A percent sign in the request target stands before no byte that it may mean.")};
  }
  auto path = target.substr(0, target.find('?'));
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto segment = path.substr(0, path.find('/'));
    if (is_dot_segment(segment))
      return GuardFault{400, "target_dots", words::text("The request target must not hold the segments '.' and '..'.")};
    path.remove_prefix(segment.size());
  }
  return std::nullopt;
}

// A name or an address, and a port (RFC 9110, section 7.2). What it says is nobody's business here, but what stands
// before the gateway must read the same.
bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    const auto is_address = [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; };
    if (!std::ranges::all_of(host.substr(1, end - 1), is_address)) return false;
    host.remove_prefix(end + 1);
    if (!host.empty() && host.front() != ':') return false;
  } else {
    const auto name = host.substr(0, host.find(':'));
    const auto is_name = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
             c == '_';
    };
    if (name.empty() || !std::ranges::all_of(name, is_name)) return false;
    host.remove_prefix(name.size());
  }
  if (host.empty()) return true;
  host.remove_prefix(1);
  return host.size() <= 5 && std::ranges::all_of(host, [](char c) { return c >= '0' && c <= '9'; });
}

std::expected<bool, GuardFault> check_request_line(std::string_view line, const GuardLimits& limits) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == 0 || first == last)
    return fault(400, "request_line", words::text("The request line must be METHOD SP target SP HTTP/1.1."));
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return fault(505, "version", words::text("Only HTTP/1.1 and HTTP/1.0 are served."));
  if (!std::ranges::all_of(method, is_token_char))
    return fault(400, "method", words::text("The method is not a token."));
  if (std::ranges::find(known_methods, method) == known_methods.end())
    return fault(501, "unknown_method", words::text("This method is not known here."));
  if (target.size() > limits.target_bytes)
    return fault(414, "target_too_long", words::text("The request target is too long."));
  if (!target.starts_with('/'))
    return fault(400, "target_form", words::text("The request target must be a path that starts with '/'."));
  if (const auto wrong = check_target(target)) return std::unexpected(*wrong);
  return version == "HTTP/1.1";
}

std::expected<void, GuardFault> check_field(std::string_view line, Fields& fields) {
  if (line.front() == ' ' || line.front() == '\t')
    return fault(400, "folded_header", words::text("Folded header lines are not accepted."));
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return fault(400, "header_line", words::text("A header line has no name or no colon."));
  const auto name = line.substr(0, colon);
  if (!std::ranges::all_of(name, is_token_char))
    return fault(400, "header_name", words::text("A header name holds a byte that is not allowed there."));
  const auto value = trim(line.substr(colon + 1));
  const auto bad = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
  if (std::ranges::any_of(value, bad))
    return fault(400, "header_value", words::text("A header value holds a control character."));
  if (equals_ignoring_case(name, "host")) {
    ++fields.hosts;
    fields.host = value;
  } else if (equals_ignoring_case(name, "trailer")) {
    return fault(400, "trailer", words::text("Trailers are not accepted."));
  } else if (equals_ignoring_case(name, "transfer-encoding")) {
    fields.transfer_encoding = true;
  } else if (equals_ignoring_case(name, "content-length")) {
    fields.content_length_repeated |= fields.content_length.has_value();
    fields.content_length = value;
  } else if (equals_ignoring_case(name, "connection") || equals_ignoring_case(name, "proxy-connection")) {
    if (!is_token_list(value))
      return fault(400, "connection", words::text("The Connection header is no list of words."));
    if (name.size() != std::string_view("connection").size()) return {};
    fields.says_close |= lists(value, "close");  // the header may stand there more than once
    fields.says_keep_alive |= lists(value, "keep-alive");
  } else if (equals_ignoring_case(name, "expect")) {
    fields.expect = value;
  }
  const auto once = std::ranges::find_if(said_once, [&](auto each) { return equals_ignoring_case(name, each); });
  if (once == said_once.end()) return {};
  const auto bit = std::uint32_t{1} << static_cast<std::uint32_t>(once - said_once.begin());
  if ((fields.said & bit) != 0)
    return fault(400, "said_twice", words::text("A header that must be said once stands there twice."));
  fields.said |= bit;
  return {};
}

std::expected<std::uint64_t, GuardFault> body_length(const Fields& fields) {
  if (fields.transfer_encoding)
    return fault(411, "transfer_encoding",
                 words::text("Send the body with a Content-Length; Transfer-Encoding is not accepted."));
  if (!fields.content_length) return 0;
  const auto text = *fields.content_length;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool canonical =
      error == std::errc() && end == text.data() + text.size() && (text.size() == 1 || text[0] != '0');
  if (fields.content_length_repeated || !canonical)
    return fault(400, "content_length", words::text("There must be one Content-Length, a plain decimal number."));
  return length;
}

// The next line without its CRLF; nothing if it does not end in CRLF, or holds a bare CR or LF.
std::optional<std::string_view> take_line(std::string_view& head) {
  const auto end = head.find('\n');
  if (end == std::string_view::npos || end == 0 || head[end - 1] != '\r') return std::nullopt;
  const auto line = head.substr(0, end - 1);
  if (line.contains('\r') || line.contains('\0')) return std::nullopt;
  head.remove_prefix(end + 1);
  return line;
}

constexpr auto line_end = words::text("Header lines must end in CRLF and hold no bare CR, LF or NUL.");

}  // namespace

std::optional<GuardFault> guard_beginning(std::string_view begun, const GuardLimits& limits) {
  if (begun.size() > limits.header_bytes)
    return GuardFault{431, "header_too_large", words::text("The request header is too large.")};
  if (!begun.empty() && !is_token_char(begun.front()))
    return GuardFault{400, "request_line", words::text("The request line must be METHOD SP target SP HTTP/1.1.")};
  for (auto at = begun.find('\n'); at != std::string_view::npos; at = begun.find('\n', at + 1))
    if (begun[at - 1] != '\r') return GuardFault{400, "line_end", line_end};
  return std::nullopt;
}

std::expected<GuardedHead, GuardFault> guard(std::string_view head, const GuardLimits& limits) {
  if (head.size() > limits.header_bytes)
    return fault(431, "header_too_large", words::text("The request header is too large."));
  const auto request_line = take_line(head);
  if (!request_line) return fault(400, "line_end", line_end);
  const auto is_1_1 = check_request_line(*request_line, limits);
  if (!is_1_1) return std::unexpected(is_1_1.error());

  Fields fields;
  std::size_t count = 0;
  for (;;) {
    const auto line = take_line(head);
    if (!line) return fault(400, "line_end", line_end);
    if (line->empty()) break;
    if (++count > limits.fields)
      return fault(431, "too_many_fields", words::text("The request has too many header fields."));
    if (auto checked = check_field(*line, fields); !checked) return std::unexpected(checked.error());
  }
  if (fields.hosts > 1) return fault(400, "two_hosts", words::text("There must be one Host header."));
  if (fields.hosts == 0 && *is_1_1) return fault(400, "no_host", words::text("HTTP/1.1 needs a Host header."));

  if (fields.hosts == 1 && !is_host(fields.host))
    return fault(400, "bad_host", words::text("The Host header must be a name or an address, and a port if need be."));

  const auto length = body_length(fields);
  if (!length) return std::unexpected(length.error());
  const bool expects_continue = equals_ignoring_case(fields.expect, "100-continue");
  if (!fields.expect.empty() && !expects_continue)
    return fault(417, "expect", words::text("Only 'Expect: 100-continue' is known here."));
  const bool keep_alive = !fields.says_close && (*is_1_1 || fields.says_keep_alive);
  return GuardedHead{*length, keep_alive, expects_continue && *is_1_1};
}

}  // namespace titip::http
