#include "upstream/profile/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace titip::profile {
namespace {

using nlohmann::json;

constexpr std::size_t max_items = 1'000;
constexpr std::size_t max_text_bytes = 16'384;

std::string escape(std::string_view token) {
  std::string escaped;
  for (const char c : token) {
    escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return escaped;
}

}  // namespace

const json& Node::value() const {
  static const json nothing;
  return value_ == nullptr ? nothing : *value_;
}

void Node::fail(std::string sentence) const {
  if (!*fault_) {
    *fault_ = ProfileError{pointer_, std::move(sentence)};
  }
}

bool Node::expect(bool right_type, std::string_view wanted) const {
  if (value_ == nullptr || right_type) {
    return value_ != nullptr;
  }
  fail(words::tell("this is {}; write {}", value().is_null() ? "null" : words::tell("a JSON {}", value().type_name()),
                   wanted));
  return false;
}

Node Node::child(const json& value, std::string_view token) const {
  return {&value, fmt::format("{}/{}", pointer_, escape(token)), fault_};
}

void Node::only(std::initializer_list<std::string_view> keys) const {
  if (!expect(value().is_object(), words::text("an object").own())) {
    return;
  }
  for (const auto& [key, unused] : value().items()) {
    if (std::ranges::find(keys, std::string_view(key)) == keys.end()) {
      child(value()[key], key)
          .fail(
              words::tell("unknown key \"{}\"; known here: {}. Correct or remove it", key, words::joined(keys, ", ")));
    }
  }
}

bool Node::has(std::string_view key) const {
  return value().is_object() && value().contains(key);
}

Node Node::at(std::string_view key) const {
  if (has(key)) {
    return child(value().at(std::string(key)), key);
  }
  if (value_ != nullptr && value_->is_object()) {
    fail(words::tell("\"{}\" is missing; add it (see upstream/profiles/README.md)", key));
  }
  return {nullptr, pointer_, fault_};
}

std::vector<Node> Node::items() const {
  std::vector<Node> nodes;
  if (!expect(value().is_array(), words::text("an array").own())) {
    return nodes;
  }
  if (value().size() > max_items) {
    fail(words::tell("{} entries; at most {} fit", value().size(), max_items));
    return nodes;
  }
  for (std::size_t i = 0; i < value().size(); ++i) {
    nodes.push_back(child(value()[i], std::to_string(i)));
  }
  return nodes;
}

std::string Node::text(TextCheck check) const {
  if (!expect(value().is_string(), words::text("a string").own())) {
    return {};
  }
  const auto& text = value().get_ref<const std::string&>();
  if (text.empty() || text.size() > max_text_bytes) {
    fail(text.empty() ? words::tell("this is empty; write a value or remove the key")
                      : words::tell("longer than {} bytes; shorten it", max_text_bytes));
  } else if (check != nullptr) {
    if (const Complaint complaint = check(text)) {
      fail(fmt::format("\"{}\" {}", text, *complaint));
    }
  }
  return text;
}

std::int64_t Node::whole(std::int64_t min, std::int64_t max) const {
  const std::string wanted = words::tell("a whole number from {} to {}", min, max);
  if (!expect(value().is_number_integer(), wanted)) {
    return min;
  }
  const bool too_big = value().is_number_unsigned() && value().get<std::uint64_t>() > static_cast<std::uint64_t>(max);
  if (too_big || value().get<std::int64_t>() < min || value().get<std::int64_t>() > max) {
    fail(words::tell("{} is out of range; write {}", value().dump(), wanted));
    return min;
  }
  return value().get<std::int64_t>();
}

bool Node::flag() const {
  return expect(value().is_boolean(), words::text("true or false").own()) && value().get<bool>();
}

std::vector<std::string> Node::texts(TextCheck check) const {
  std::vector<std::string> all;
  for (const Node& item : items()) {
    all.push_back(item.text(check));
  }
  return all;
}

}  // namespace titip::profile
