#include "upstream/profile/shapes.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "metrics/words/said.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/mounts.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool is_literal_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." && std::ranges::all_of(segment, [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
  });
}

}  // namespace

Complaint plain_name(std::string_view text) {
  const auto fits = [](char c) { return is_lower_or_digit(c) || c == '-'; };
  if (text.size() <= 40 && std::ranges::all_of(text, fits)) {
    return std::nullopt;
  }
  return words::tell("is not a name; use at most 40 lower-case letters, digits and dashes");
}

Complaint id_shape(std::string_view text) {
  const auto fits = [](char c) { return is_lower_or_digit(c) || c == '-' || c == '_' || c == '/'; };
  if (text.size() <= 64 && std::ranges::all_of(text, fits)) {
    return std::nullopt;
  }
  return words::tell("is not an id; use at most 64 lower-case letters, digits, dashes, underscores and slashes");
}

Complaint reference_name(std::string_view text) {
  if (text.size() <= 40 && std::ranges::all_of(text, is_alphanumeric)) {
    return std::nullopt;
  }
  return words::tell("is not the name of a number; use at most 40 letters and digits");
}

Complaint header_name(std::string_view text) {
  const auto fits = [](char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  if (text.size() <= 64 && std::ranges::all_of(text, fits)) {
    return std::nullopt;
  }
  return words::tell("is not a header name; use at most 64 letters, digits and dashes");
}

Complaint body_pointer(std::string_view text) {
  if (is_pointer(text) && text.find_first_of("{}|") == std::string_view::npos) {
    return std::nullopt;
  }
  return words::tell(
      "is not a JSON pointer; it starts with \"/\" (\"/nik\", \"/skrining/hasil\"), writes \"~\" as \"~0\" and a "
      "slash in "
      "a name as \"~1\", and has no \"{{\", \"}}\" or \"|\"");
}

Complaint entry_pointer(std::string_view text) {
  for (const std::string_view alternative : alternatives(text)) {
    if (Complaint complaint = body_pointer(alternative)) {
      return complaint;
    }
  }
  return std::nullopt;
}

Complaint envelope_pointer(std::string_view text) {
  const auto fits = [](std::string_view token) {
    return !token.empty() && !is_digit(token.front()) &&
           std::ranges::all_of(token, [](char c) { return is_alphanumeric(c) || c == '_'; });
  };
  if (is_pointer(text) && std::ranges::all_of(segments_of(text), fits)) {
    return std::nullopt;
  }
  return words::tell("is not a place in an envelope; write a JSON pointer of plain names, like \"/metaData/code\"");
}

Complaint fixed_path(std::string_view text) {
  if (text.starts_with('/') && text.size() <= 200 && std::ranges::all_of(segments_of(text), is_literal_segment)) {
    return std::nullopt;
  }
  return words::tell(
      "is not a fixed path; write it like \"/referensi/jenisvaksin\": no braces, query, \"..\" or trailing slash");
}

Complaint route_path(std::string_view text) {
  std::set<std::string_view> names;
  const auto segments = segments_of(text);
  for (const std::string_view segment : segments) {
    if (const auto name = parameter_name(segment)) {
      if (!names.insert(*name).second) {
        return words::tell("names one parameter twice; give each segment in braces its own name");
      }
    } else if (!is_literal_segment(segment)) {
      return words::tell(
          "is not a path; write it like \"/tiket/nik/{{nik}}\": whole segments in braces, no query, \"..\" or "
          "trailing slash");
    }
  }
  if (!text.starts_with('/') || text.size() > 200 || segments.size() > 32) {
    return words::tell("is not a path; start it with \"/\" and stay under 200 characters and 32 segments");
  }
  return std::nullopt;
}

std::optional<std::string> mount_complaint(std::string_view text) {
  constexpr std::array reserved{"v1", "metrics", "livez", "readyz", "admin"};
  if (Complaint complaint = fixed_path(text)) {
    return complaint;
  }
  if (std::ranges::find(reserved, segments_of(text).front()) != reserved.end()) {
    return words::tell("begins with a path that Titip itself answers; mount the service elsewhere");
  }
  return std::nullopt;
}

bool mounts_clash(std::string_view one, std::string_view other) {
  return pointers_clash(one, other);  // below one another just so
}

bool pointers_clash(std::string_view one, std::string_view other) {
  const auto inside = [](std::string_view inner, std::string_view outer) {
    return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
  };
  return inside(one, other) || inside(other, one);
}

std::optional<std::chrono::minutes> parse_utc_offset(std::string_view text) {
  const bool shaped = text.size() == 6 && (text[0] == '+' || text[0] == '-') && is_digit(text[1]) &&
                      is_digit(text[2]) && text[3] == ':' && is_digit(text[4]) && is_digit(text[5]);
  if (!shaped) {
    return std::nullopt;
  }
  const int hours = (text[1] - '0') * 10 + text[2] - '0';
  const int minutes = (text[4] - '0') * 10 + text[5] - '0';
  if (minutes > 59 || hours * 60 + minutes > 14 * 60) {
    return std::nullopt;
  }
  return std::chrono::minutes((text[0] == '-' ? -1 : 1) * (hours * 60 + minutes));
}

Complaint utc_offset_shape(std::string_view text) {
  if (parse_utc_offset(text)) {
    return std::nullopt;
  }
  return words::tell("is not an offset from UTC; write it like \"+07:00\", at most 14 hours");
}

}  // namespace titip::profile
