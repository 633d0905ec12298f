#include "upstream/profile/values.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ranges>
#include <utility>

#include "upstream/profile/json_text.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

constexpr std::size_t max_path_bytes = 2048;

std::optional<std::string> scalar(const RequestView& request, const Source& source) {
  std::string text;
  switch (source.kind) {
    case SourceKind::facility:
      text = request.facility;
      break;
    case SourceKind::parameter:
      if (request.parameters != nullptr) {
        const auto found = request.parameters->find(source.name);
        text = found == request.parameters->end() ? std::string{} : found->second;
      }
      break;
    case SourceKind::body:
      if (request.fields != nullptr) {
        text = request.fields->value(source.name);
      } else if (request.body != nullptr) {
        const nlohmann::json* value = resolve(*request.body, source.name);
        text = value == nullptr || value->is_structured() ? std::string{} : text_of(*value);
      }
      break;
  }
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

template <typename Parse>
std::optional<std::string> first_value(const RequestView& request, std::string_view source, Parse parse) {
  for (const auto alternative : std::views::split(source, '|')) {  // alternatives() without its list
    if (const std::optional<Source> parsed = parse(std::string_view(alternative))) {
      if (auto value = scalar(request, *parsed)) {
        return value;
      }
    }
  }
  return std::nullopt;
}

struct DateParts {
  std::string_view year;
  std::string_view month;
  std::string_view day;
};

// By its shape alone: that there is no such day is the national server's to say.
std::optional<DateParts> date_parts(DateFormat format, std::string_view text) {
  const bool year_first = format == DateFormat::year_first;
  if (text.size() != 10 || text[year_first ? 4 : 2] != '-' || text[year_first ? 7 : 5] != '-') return std::nullopt;
  const DateParts parts = year_first ? DateParts{text.substr(0, 4), text.substr(5, 2), text.substr(8, 2)}
                                     : DateParts{text.substr(6, 4), text.substr(3, 2), text.substr(0, 2)};
  const auto is_digits = [](std::string_view part) {
    return std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!is_digits(parts.year) || !is_digits(parts.month) || !is_digits(parts.day)) return std::nullopt;
  return parts;
}

}  // namespace

std::vector<std::string> body_pointers(const std::vector<std::string_view>& sources) {
  std::vector<std::string> pointers;
  for (const std::string_view source : sources) {
    for (const std::string_view alternative : alternatives(source)) {
      const std::optional<Source> parsed = parse_source(alternative);
      if (parsed && parsed->kind == SourceKind::body && std::ranges::find(pointers, parsed->name) == pointers.end()) {
        pointers.emplace_back(parsed->name);
      }
    }
  }
  return pointers;
}

std::optional<std::string> value_of(const RequestView& request, std::string_view source) {
  return first_value(request, source, parse_source);
}

std::string compared_value_of(const RequestView& request, std::string_view source) {
  for (const std::string_view alternative : alternatives(source)) {
    const std::optional<Source> parsed = parse_source(alternative);
    if (!parsed) {
      continue;
    }
    if (auto value = scalar(request, *parsed)) {
      return *std::move(value);
    }
    const nlohmann::json* whole =
        parsed->kind == SourceKind::body && request.body != nullptr ? resolve(*request.body, parsed->name) : nullptr;
    if (whole != nullptr && whole->is_structured() && !whole->empty()) {
      return text_of(*whole);
    }
  }
  return {};
}

std::string normal_date(DateFormat format, std::string value) {
  const auto parts = format == DateFormat::year_first ? std::nullopt : date_parts(format, value);
  if (!parts) return value;
  std::string normal(parts->year);
  return normal.append("-").append(parts->month).append("-").append(parts->day);
}

bool is_date(DateFormat format, std::string_view value) {
  return date_parts(format, value).has_value();
}

std::optional<std::string> fill_path(std::string_view path_template, const RequestView& request) {
  const auto pieces = pieces_of(path_template);
  if (!pieces) {
    return std::nullopt;
  }
  std::string path;
  for (const Piece& piece : *pieces) {
    if (!piece.is_source) {
      path += piece.text;
      continue;
    }
    const auto value = first_value(request, piece.text, parse_source_in_braces);
    if (!value) {
      return std::nullopt;
    }
    path += percent_encode(*value);
  }
  // "." and ".." survive percent-encoding and would climb out of the path that the profile meant.
  const auto is_dots = [](std::string_view segment) { return segment == "." || segment == ".."; };
  if (path.size() > max_path_bytes || std::ranges::any_of(segments_of(path.substr(0, path.find('?'))), is_dots)) {
    return std::nullopt;
  }
  return path;
}

}  // namespace titip::profile
