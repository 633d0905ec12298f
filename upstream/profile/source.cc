#include "upstream/profile/source.h"

#include <algorithm>

#include "upstream/profile/json_text.h"

namespace titip::profile {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '_'; });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::vector<std::string_view> alternatives(std::string_view source) {
  return split(source, '|');
}

std::optional<Source> parse_source(std::string_view alternative) {
  if (alternative == "facility") {
    return Source{SourceKind::facility, {}};
  }
  if (const auto parameter = parameter_name(alternative)) {
    return Source{SourceKind::parameter, *parameter};
  }
  if (is_pointer(alternative) && alternative.find_first_of("{}|") == std::string_view::npos) {
    return Source{SourceKind::body, alternative};
  }
  return std::nullopt;
}

std::optional<Source> parse_source_in_braces(std::string_view alternative) {
  if (alternative != "facility" && is_name(alternative)) {
    return Source{SourceKind::parameter, alternative};
  }
  return alternative.starts_with('{') ? std::nullopt : parse_source(alternative);
}

std::optional<std::vector<Piece>> pieces_of(std::string_view path_template) {
  std::vector<Piece> pieces;
  while (!path_template.empty()) {
    const std::size_t open = path_template.find_first_of("{}");
    if (open != 0) {
      pieces.push_back({false, path_template.substr(0, open)});
    }
    if (open == std::string_view::npos) {
      break;
    }
    const std::size_t close = path_template.find_first_of("{}", open + 1);
    if (path_template[open] != '{' || close == std::string_view::npos || path_template[close] != '}') {
      return std::nullopt;
    }
    pieces.push_back({true, path_template.substr(open + 1, close - open - 1)});
    path_template.remove_prefix(close + 1);
  }
  return pieces;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  if (path.starts_with('/')) {
    path.remove_prefix(1);
  }
  return split(path, '/');
}

std::optional<std::string_view> parameter_name(std::string_view segment) {
  if (segment.size() > 2 && segment.front() == '{' && segment.back() == '}' &&
      is_name(segment.substr(1, segment.size() - 2))) {
    return segment.substr(1, segment.size() - 2);
  }
  return std::nullopt;
}

bool same_literal(std::string_view one, std::string_view other, bool ignores_case) {
  const auto folded = [&](char c) { return ignores_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(one, other, {}, folded, folded);
}

std::optional<std::string> with_parameter(std::string_view route_path, std::string_view target,
                                          std::string_view parameter, std::string_view value) {
  std::size_t begin = 0;
  for (const auto wanted : segments_of(route_path)) {
    if (begin >= target.size() || target[begin] != '/') return std::nullopt;
    ++begin;
    const auto end = std::min(target.find_first_of("/?", begin), target.size());
    if (parameter_name(wanted) == parameter) {
      std::string made(target);
      return made.replace(begin, end - begin, percent_encode(value));
    }
    begin = end;
  }
  return std::nullopt;
}

std::string percent_encode(std::string_view value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(value.size());
  for (const char c : value) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

}  // namespace titip::profile
