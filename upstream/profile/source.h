// The two small languages of profiles, taken apart: sources ("/nik|/noTiket", "{noKartu}", "facility") and path
// templates
// ("/datavaksin/notiket/{/noTiket}"). Pure; the views returned point into the text given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace titip::profile {

enum class SourceKind : std::uint8_t { body, parameter, facility };

struct Source {
  SourceKind kind = SourceKind::body;
  std::string_view name;  // the JSON pointer, or the path parameter's name
};

// "a|b|c" -> a, b, c. Never empty.
std::vector<std::string_view> alternatives(std::string_view source);

// One alternative. Nothing if it is none of the three kinds. Braces and bars cannot be part of a pointer here.
std::optional<Source> parse_source(std::string_view alternative);

// A template cut into literal text and what stands in braces. Inside braces a bare name is a path parameter:
// "{noKartu}" in a template means what "{noKartu}" means as a source. Nothing if braces do not pair.
struct Piece {
  bool is_source = false;
  std::string_view text;  // without the braces
};
std::optional<std::vector<Piece>> pieces_of(std::string_view path_template);
std::optional<Source> parse_source_in_braces(std::string_view alternative);

// The segments of a route's path: "/tiket/nik/{nik}" -> tiket, nik, {nik}.
std::vector<std::string_view> segments_of(std::string_view path);
// "nik" if the segment is "{nik}".
std::optional<std::string_view> parameter_name(std::string_view segment);

// Whether two literal segments are the same one to the service.
bool same_literal(std::string_view one, std::string_view other, bool ignores_case);

// The target (a path, perhaps with a query) of a request to that route, with what stands for the parameter replaced:
// every other byte as it was. Nothing if it has no such segment.
std::optional<std::string> with_parameter(std::string_view route_path, std::string_view target,
                                          std::string_view parameter, std::string_view value);

// Everything but RFC 3986's unreserved characters becomes %XX.
std::string percent_encode(std::string_view value);
// Nothing if a "%" is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace titip::profile
