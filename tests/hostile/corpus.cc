#include "tests/hostile/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

namespace titip::hostile {
namespace {

namespace fs = std::filesystem;

std::optional<char> hex_byte(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
  return static_cast<char>(value);
}

// "{12*text}" at the beginning of `text`: how often, and what.
struct Repetition {
  std::size_t times = 0;
  std::string_view what;
};
std::optional<Repetition> repetition(std::string_view text) {
  Repetition found;
  const auto* const begin = text.data() + 1;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), found.times);
  if (error != std::errc() || end == text.data() + text.size() || *end != '*') return std::nullopt;
  const auto first = static_cast<std::size_t>(end - text.data()) + 1;
  const auto last = text.find('}', first);
  if (last == std::string_view::npos) return std::nullopt;
  found.what = text.substr(first, last - first);
  return found;
}

class Reader {
 public:
  Reader(std::string group, std::vector<Case>& into) : group_(std::move(group)), into_(into) {}

  // Empty: understood.
  std::string take(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return {};
    const auto space = line.find(' ');
    const auto word = line.substr(0, space);
    const auto rest = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (word == "case") return begin(rest);
    if (into_.empty() || !open_) return "stands before the first case";
    auto& last = into_.back();
    if (word == "beast") return beast(last, rest);
    if (word == "expect") return expect(last, rest);
    if (word == "then") {
      last.closed = rest.starts_with("closed");
      return rest.starts_with("closed") || rest == "open" ? "" : "then what?";
    }
    if (word == "pause") {
      last.sent.emplace_back();
      return {};
    }
    if (word != "send") return fmt::format("'{}' is no word of the corpus", word);
    const auto bytes = unescape(rest);
    if (!bytes) return "an escape is none";
    if (last.sent.empty()) last.sent.emplace_back();
    last.sent.back() += *bytes;
    return {};
  }

 private:
  std::string begin(std::string_view title) {
    open_ = true;
    Case made;
    made.name = fmt::format("{}: {}", group_, title);
    into_.push_back(std::move(made));
    return names_.insert(std::string(title)).second ? "" : "is there twice";
  }
  static std::string beast(Case& last, std::string_view said) {
    for (const auto each : {Alone::accepts, Alone::refuses, Alone::waits})
      if (name(each) == said) last.beast = each;
    return last.beast ? "" : "Beast accepts, refuses or waits";
  }
  static std::string expect(Case& last, std::string_view said) {
    if (said == "nothing") return {};
    Verdict verdict;
    const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), verdict.status);
    if (error != std::errc()) return "expect a status";
    auto rest = said.substr(static_cast<std::size_t>(end - said.data()));
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    verdict.bodyless = rest == "bodyless";
    if (!verdict.bodyless) verdict.reason = rest;
    last.closed = !verdict.reason.empty();
    last.answers.push_back(std::move(verdict));
    return {};
  }

  std::string group_;
  std::vector<Case>& into_;
  std::set<std::string> names_;
  bool open_ = false;
};

}  // namespace

std::string Case::bytes() const {
  std::string all;
  for (const auto& part : sent) all += part;
  return all;
}

std::string name(Alone alone) {
  switch (alone) {
    case Alone::accepts:
      return "accepts";
    case Alone::refuses:
      return "refuses";
    case Alone::waits:
      break;
  }
  return "waits";
}

std::optional<std::string> unescape(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    if (text.front() == '{') {
      if (const auto repeated = repetition(text)) {
        const auto what = unescape(repeated->what);
        if (!what) return std::nullopt;
        for (std::size_t i = 0; i < repeated->times; ++i) made += *what;
        text.remove_prefix(static_cast<std::size_t>(repeated->what.data() - text.data()) + repeated->what.size() + 1);
        continue;
      }
    }
    if (text.front() != '\\') {
      made += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 2) return std::nullopt;
    const char kind = text[1];
    if (kind == 'x') {
      const auto byte = hex_byte(text.substr(2, 2));
      if (!byte) return std::nullopt;
      made += *byte;
      text.remove_prefix(4);
      continue;
    }
    constexpr std::string_view kinds = "rnt0\\";
    constexpr std::string_view meant("\r\n\t\0\\", 5);
    const auto at = kinds.find(kind);
    if (at == std::string_view::npos) return std::nullopt;
    made += meant[at];
    text.remove_prefix(2);
  }
  return made;
}

std::expected<std::vector<Case>, std::string> read_corpus(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  if (error || files.empty()) return std::unexpected(fmt::format("{} holds no corpus", folder.string()));
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const auto& file : files) {
    Reader reader(file.stem().string(), cases);
    std::ifstream stream(file);
    std::string line;
    for (std::size_t number = 1; std::getline(stream, line); ++number)
      if (const auto wrong = reader.take(line); !wrong.empty())
        return std::unexpected(fmt::format("{}:{}: {}", file.string(), number, wrong));
  }
  return cases;
}

}  // namespace titip::hostile
