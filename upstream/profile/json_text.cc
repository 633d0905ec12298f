#include "upstream/profile/json_text.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace titip::profile {
namespace {

// Looks at brackets outside strings only; whether the text is JSON at all is the parser's question.
bool nests_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_json_depth) {
        return true;
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

std::string unescape(std::string_view token) {
  std::string plain;
  plain.reserve(token.size());
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      plain.push_back(token[++i] == '1' ? '/' : '~');
    } else {
      plain.push_back(token[i]);
    }
  }
  return plain;
}

const nlohmann::json* step(const nlohmann::json& from, std::string_view token) {
  if (from.is_object()) {
    const auto found = from.find(unescape(token));
    return found == from.end() ? nullptr : &*found;
  }
  if (!from.is_array() || token.empty() || (token.size() > 1 && token.front() == '0')) {
    return nullptr;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc{} || end != token.data() + token.size() || index >= from.size()) {
    return nullptr;
  }
  return &from[index];
}

}  // namespace

std::optional<nlohmann::json> parse_json(std::string_view text) {
  if (nests_too_deep(text)) {
    return std::nullopt;
  }
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    return std::nullopt;
  }
  return value;
}

bool is_blank(std::string_view body) {
  return body.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::optional<nlohmann::json> parse_request(std::string_view body) {
  return is_blank(body) ? std::optional(nlohmann::json::object()) : parse_json(body);
}

bool is_pointer(std::string_view text) {
  if (text.empty() || text.front() != '/') {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) {
      return false;
    }
  }
  return true;
}

const nlohmann::json* resolve(const nlohmann::json& document, std::string_view pointer) {
  if (!is_pointer(pointer)) {
    return nullptr;
  }
  const nlohmann::json* here = &document;
  while (!pointer.empty() && here != nullptr) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    here = step(*here, pointer.substr(0, end));
    pointer.remove_prefix(end);
  }
  return here;
}

std::string text_of(const nlohmann::json& value) {
  if (value.is_null() || (value.is_structured() && value.empty())) {
    return {};
  }
  return value.is_string() ? value.get_ref<const std::string&>() : dump_json(value);
}

std::string dump_json(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace titip::profile
