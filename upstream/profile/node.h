// One place in a profile file while it is being read: the value, where it stands, and where the first fault goes. After
// a fault every reading returns something harmless, so that reading code has no error paths; the loader looks once at
// the end. Private to the loader.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/words/said.h"
#include "upstream/profile/profile.h"

namespace titip::profile {

// What is wrong with a text, as the end of a sentence that begins with the text; nothing if it is fine.
using Complaint = std::optional<std::string>;
using TextCheck = Complaint (*)(std::string_view);

class Node {
 public:
  Node(const nlohmann::json* value, std::string pointer, std::optional<ProfileError>* fault)
      : value_(value), pointer_(std::move(pointer)), fault_(fault) {}

  const nlohmann::json& value() const;
  void fail(std::string sentence) const;  // the first fault is kept

  // An object with these keys and no others. Call it before `at`.
  void only(std::initializer_list<std::string_view> keys) const;
  bool has(std::string_view key) const;
  Node at(std::string_view key) const;  // a fault if it is missing
  std::vector<Node> items() const;      // of an array; at most 1,000

  std::string text(TextCheck check = nullptr) const;  // never empty
  std::int64_t whole(std::int64_t min, std::int64_t max) const;
  bool flag() const;
  std::vector<std::string> texts(TextCheck check = nullptr) const;

  template <typename T>
  T choice(std::initializer_list<std::pair<std::string_view, T>> choices) const {
    const std::string wanted = text();
    std::string known;
    for (const auto& [word, meaning] : choices) {
      if (word == wanted) {
        return meaning;
      }
      known += (known.empty() ? "\"" : ", \"") + std::string(word) + '"';
    }
    fail(words::tell("\"{}\" is not known here; use one of {}", wanted, known));
    return choices.begin()->second;
  }

 private:
  Node child(const nlohmann::json& value, std::string_view token) const;
  bool expect(bool right_type, std::string_view wanted) const;

  const nlohmann::json* value_;  // null: an earlier fault
  std::string pointer_;
  std::optional<ProfileError>* fault_;
};

}  // namespace titip::profile
