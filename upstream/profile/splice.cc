#include "upstream/profile/splice.h"

#include <nlohmann/json.hpp>

namespace titip::profile {
namespace {

using nlohmann::json;

// A walk over valid JSON that only ever needs to know where values begin and end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void advance(std::size_t by = 1) { at_ += by; }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }

  // Past the string that begins here; its raw text with the quotes.
  std::string_view take_string() {
    const auto begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return text_.substr(begin, at_ - begin);
  }

  void skip_value() {
    std::size_t depth = 0;
    do {
      const char c = peek();
      if (c == '"') {
        take_string();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        --depth;
        ++at_;
      } else if (depth > 0) {
        ++at_;
      } else {
        while (at_ < text_.size() && !std::string_view(",}] \t\r\n").contains(text_[at_])) ++at_;
      }
    } while (depth > 0 && at_ < text_.size());
  }

  // Where the value of the last member of that name begins and ends, in the object that begins at `object`.
  struct Span {
    std::size_t begin;
    std::size_t end;
  };
  static std::optional<Span> find_member(std::string_view text, std::size_t object, std::string_view name) {
    Scanner scan(text);
    scan.at_ = object + 1;
    std::optional<Span> found;
    for (;;) {
      scan.skip_space();
      if (scan.peek() != '"') return found;
      const auto key = json::parse(scan.take_string(), nullptr, false);
      scan.skip_space();
      scan.advance();  // ':'
      scan.skip_space();
      const auto begin = scan.at();
      scan.skip_value();
      if (key.is_string() && key.get_ref<const std::string&>() == name) found = Span{begin, scan.at()};
      scan.skip_space();
      if (scan.peek() != ',') return found;
      scan.advance();
    }
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::string unescaped(std::string_view token) {
  std::string name;
  for (std::size_t at = 0; at < token.size(); ++at) {
    if (token[at] == '~' && at + 1 < token.size()) {
      name += token[++at] == '1' ? '/' : '~';
    } else {
      name += token[at];
    }
  }
  return name;
}

// The object that should hold the value, the value's name in it, and the value if it is there.
struct Place {
  std::size_t object = 0;
  std::string name;
  std::optional<Scanner::Span> value;
};
std::optional<Place> find_place(std::string_view text, std::string_view pointer) {
  Scanner start(text);
  if (text.starts_with("\xEF\xBB\xBF")) start.advance(3);  // a byte order mark: parsers let it pass
  start.skip_space();
  auto object = start.at();
  while (pointer.starts_with('/') && object < text.size() && text[object] == '{') {
    pointer.remove_prefix(1);
    const auto slash = pointer.find('/');
    auto name = unescaped(pointer.substr(0, slash));
    const auto member = Scanner::find_member(text, object, name);
    if (slash == std::string_view::npos) return Place{object, std::move(name), member};
    if (!member) return std::nullopt;
    object = member->begin;
    pointer.remove_prefix(slash);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> json_at(std::string_view text, std::string_view pointer) {
  const auto place = find_place(text, pointer);
  if (!place || !place->value) return std::nullopt;
  return text.substr(place->value->begin, place->value->end - place->value->begin);
}

std::optional<std::string> splice_json(std::string_view text, std::string_view pointer, std::string_view value) {
  const auto place = find_place(text, pointer);
  if (!place) return std::nullopt;
  std::string out(text);
  if (place->value) return out.replace(place->value->begin, place->value->end - place->value->begin, value);
  Scanner after(text.substr(place->object + 1));
  after.skip_space();
  const auto comma = after.peek() == '}' ? "" : ",";
  return out.insert(place->object + 1, json(place->name).dump() + ":" + std::string(value) + comma);
}

std::optional<std::string> splice_string(std::string_view text, std::string_view pointer, std::string_view value) {
  return splice_json(text, pointer, json(value).dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace titip::profile
