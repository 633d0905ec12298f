// What a whole look at the store found wrong, added up by kind. Private to verify*.cc. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/kv.h"
#include "storage/upkeep.h"

namespace titip::storage {

inline std::string in_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += digits[static_cast<std::uint8_t>(c) >> 4U];
    text += digits[static_cast<std::uint8_t>(c) & 15U];
  }
  return text;
}

class Findings {
 public:
  static constexpr std::size_t most_examples = 5;

  void add(std::string_view kind, std::string example, std::uint64_t times = 1) {
    auto found = problems_.find(kind);
    if (found == problems_.end()) found = problems_.emplace(std::string(kind), VerifyReport::Problem{}).first;
    VerifyReport::Problem& problem = found->second;
    problem.times += times;
    if (problem.examples.size() < most_examples) problem.examples.push_back(std::move(example));
  }
  // "FAMILY_missing", "FAMILY_stray", of a record or of a key
  void missing(Family family, const SubmissionId& id) { add(word(family, "_missing"), id.text()); }
  void stray(Family family, std::string_view key) { add(word(family, "_stray"), in_hex(key)); }
  void damaged(Family family, std::string_view key) { add("damaged", word(family, " ") + in_hex(key)); }
  static std::string word(Family family, std::string_view what) {
    return std::string(family_names[static_cast<std::size_t>(family)]).append(what);
  }

  std::vector<VerifyReport::Problem> take() {
    std::vector<VerifyReport::Problem> problems;
    for (auto& [kind, problem] : problems_) {
      problem.kind = kind;
      problems.push_back(std::move(problem));
    }
    return problems;
  }

 private:
  std::map<std::string, VerifyReport::Problem, std::less<>> problems_;
};

}  // namespace titip::storage
