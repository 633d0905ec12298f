// Reads the audit log from its first line to its last and follows its chain: whoever changed, took out or moved a line
// is seen. Against somebody who wrote the whole log anew there is only a hash that was kept elsewhere: that is
// compared.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "gateway/admin/upkeep.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/hex.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::AuditLine;

constexpr std::size_t page = 500;
constexpr std::size_t most_named = 5;

struct Kept {
  std::uint64_t number = 0;
  std::string hash;  // hexadecimal
};
// "1203:9f…"; nothing: it is not written so.
std::optional<Kept> read_kept(const std::string& text) {
  Kept kept;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), kept.number);
  if (error != std::errc() || kept.number == 0 || end == text.data() + text.size() || *end != ':') return std::nullopt;
  kept.hash = text.substr(static_cast<std::size_t>(end - text.data()) + 1);
  return kept.hash.size() == 64 ? std::optional(kept) : std::nullopt;
}

std::string hash_text(const AuditLine& line) {
  std::string text;
  for (const char c : line.hash) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

class Walk {
 public:
  Walk(const Doors& doors, std::optional<Kept> kept) : doors_(doors), kept_(std::move(kept)) {}

  // Nothing: to the end.
  std::optional<Ended> go(Telling& telling) {
    while (true) {
      const auto lines = read(page);
      if (!lines && lines.error() != storage::Error::corrupt) return store_trouble(lines.error());
      if (!lines) {
        if (auto end = one_by_one()) return end;
        continue;
      }
      for (const auto& line : *lines) take(line);
      if (lines->size() < page) return std::nullopt;
      if (!telling.progress({next_ - 1, 0})) return stopped_early(words::said("nothing was found up to here"));
    }
  }
  Ended told() const;

 private:
  storage::Result<std::vector<AuditLine>> read(std::size_t limit) {
    storage::WaitingHome home;
    return home.ask<std::vector<AuditLine>>(
        [&](auto done) { doors_.store.read_audit(next_, limit, home, std::move(done)); });
  }
  // Somewhere in this page the chain is broken: behind that place it can be read again.
  std::optional<Ended> one_by_one() {
    for (std::size_t looked = 0; looked < page; ++looked) {
      const auto line = read(1);
      if (!line && line.error() != storage::Error::corrupt) return store_trouble(line.error());
      if (line && line->empty()) return std::nullopt;
      if (line) {
        take(line->front());
      } else {
        if (broken_.size() < most_named) broken_.push_back(next_);
        ++broken_count_;
        ++next_;
      }
    }
    return std::nullopt;
  }
  void take(const AuditLine& line) {
    if (line.number != next_) {  // lines are missing in between
      if (broken_.size() < most_named) broken_.push_back(next_);
      ++broken_count_;
    }
    if (kept_ && line.number == kept_->number) found_ = hash_text(line);
    last_ = line;
    next_ = line.number + 1;
    ++lines_;
  }

  const Doors& doors_;
  const std::optional<Kept> kept_;
  std::uint64_t next_ = 1;
  std::uint64_t lines_ = 0;
  std::optional<AuditLine> last_;
  std::optional<std::string> found_;  // the hash of the line that was kept elsewhere
  std::vector<std::uint64_t> broken_;
  std::uint64_t broken_count_ = 0;
};

Ended Walk::told() const {
  const bool is_kept = !kept_ || found_ == kept_->hash;
  ordered_json result{{"lines", lines_}, {"broken_count", broken_count_}, {"broken", broken_}};
  if (last_) {
    result["last"] = {{"number", last_->number}, {"at", clock::rfc3339(last_->at)}, {"hash", hash_text(*last_)}};
  }
  if (kept_) result["kept_is_there"] = is_kept;
  Ended ended;
  ended.result = result.dump();
  if (broken_count_ == 0 && is_kept) {
    ended.sentence = words::said("The audit log is whole: {}.", words::counted(lines_, words::text("lines")));
    if (last_)
      ended.sentence += words::said(" Keep {}:{} elsewhere: it vouches for all up to here (titip audit verify --kept).",
                                    last_->number, hash_text(*last_));
    return ended;
  }
  ended.trouble = Trouble::failed;
  if (broken_count_ == 1)
    ended.sentence = words::said(
        "The audit log is NOT whole: 1 line is changed, missing or damaged, the first is {}. What stands behind it "
        "holds together again.",
        broken_.front());
  if (broken_count_ > 1)
    ended.sentence = words::said(
        "The audit log is NOT whole: {} lines are changed, missing or damaged, the first is {}. What stands behind it "
        "holds together again.",
        words::grouped(broken_count_), broken_.front());
  if (is_kept) return ended;
  if (!ended.sentence.empty()) ended.sentence += " ";
  ended.sentence +=
      found_ ? words::said("Line {} is not the one whose hash was kept.", kept_->number)
             : words::said("Line {} is not the one whose hash was kept: there is no such line.", kept_->number);
  return ended;
}

}  // namespace

Ended verify_audit(const Request& request, const Doors& doors, Telling& telling) {
  std::optional<Kept> kept;
  if (!request.after.empty()) {
    kept = read_kept(request.after);
    if (!kept)
      return in_trouble(Trouble::usage, words::said("What was kept is written NUMBER:HASH, as audit verify said it."));
  }
  Walk walk(doors, std::move(kept));
  if (auto end = walk.go(telling)) return *end;
  return walk.told();
}

}  // namespace titip::admin
