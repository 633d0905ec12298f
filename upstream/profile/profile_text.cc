// The profile's text to JSON: comments are allowed, and two mistakes that a JSON library forgives are named: a syntax
// error by line and column, and a key that stands twice (the library would silently keep one).
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "metrics/words/said.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/load_parts.h"

namespace titip::profile {
namespace {

using nlohmann::json;

constexpr std::size_t max_profile_bytes = 1U << 20U;

// Follows the parser through the file and remembers the first key that an object has twice.
class KeyWatch {
 public:
  explicit KeyWatch(std::optional<ProfileError>& fault) : fault_(fault) {}

  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    using enum json::parse_event_t;
    if (depth > max_json_depth && !fault_) {
      fault_ = ProfileError{"", words::tell("nested deeper than {} levels; flatten it", max_json_depth)};
    }
    if (event == object_start || event == array_start) {
      enter();
      frames_.push_back({.is_array = event == array_start});
    } else if (event == object_end || event == array_end) {
      frames_.pop_back();
    } else if (event == key) {
      note(parsed.get_ref<const std::string&>());
    } else if (event == value) {
      enter();
    }
    return true;
  }

 private:
  struct Frame {
    bool is_array = false;
    std::size_t entered = 0;
    std::string key{};
    std::set<std::string> keys{};
  };

  void enter() {
    if (!frames_.empty() && frames_.back().is_array) {
      frames_.back().key = std::to_string(frames_.back().entered++);
    }
  }

  void note(const std::string& key) {
    frames_.back().key = key;
    if (!frames_.back().keys.insert(key).second && !fault_) {
      std::string pointer;
      for (const Frame& frame : frames_) {
        pointer += '/' + frame.key;
      }
      fault_ = ProfileError{pointer, words::tell("the key \"{}\" stands twice in this object; remove one", key)};
    }
  }

  std::optional<ProfileError>& fault_;
  std::vector<Frame> frames_;
};

std::string place(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte == 0 ? 0 : byte - 1, text.size()));
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t start = before.rfind('\n');
  const std::size_t column = 1 + before.size() - (start == std::string_view::npos ? 0 : start + 1);
  return words::tell("line {}, column {}", line, column);
}

}  // namespace

std::optional<json> parse_profile_text(std::string_view text, std::optional<ProfileError>& fault) {
  if (text.size() > max_profile_bytes) {
    fault = ProfileError{
        "", words::tell("the file is larger than 1 MiB; a profile is a few dozen KiB: is this the right file?")};
    return std::nullopt;
  }
  try {
    json value = json::parse(text, KeyWatch(fault), true, true);
    return fault ? std::nullopt : std::optional(std::move(value));
  } catch (const json::parse_error& error) {
    fault = ProfileError{"", words::tell("not JSON at {}; look there for a missing or extra comma, quote or bracket",
                                         place(text, error.byte))};
  } catch (const json::exception&) {
    fault = ProfileError{"", words::tell("a number is out of range; write numbers that fit 64 bits")};
  }
  return std::nullopt;
}

}  // namespace titip::profile
