#include "gateway/top_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/say.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using nlohmann::ordered_json;

constexpr auto rates_over = std::chrono::seconds(30);
constexpr std::array waiting_states{"queued", "blocked", "in_flight", "deferred", "unknown", "held"};
constexpr std::array ended_states{"delivered", "rejected", "cancelled", "expired"};

std::uint64_t number(const ordered_json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_number_unsigned() ? found->get<std::uint64_t>()
         : found != entry.end() && found->is_number_integer()
             ? static_cast<std::uint64_t>(std::max<std::int64_t>(found->get<std::int64_t>(), 0))
             : 0;
}
std::string text(const ordered_json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}
const ordered_json* member(const ordered_json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_object() ? &*found : nullptr;
}

// What cannot move the cursor, cut at so many characters (UTF-8).
std::string fitted(std::string_view line, std::size_t columns) {
  std::string fit;
  std::size_t shown = 0;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    const bool begins = (byte & 0xc0U) != 0x80U;
    if (begins && shown++ == columns) break;
    fit += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return fit;
}

std::string span_text(Language language, double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole >= 86'400) return words::said("{}d {}h", whole / 86'400, whole / 3'600 % 24).in(language);
  if (whole >= 3'600) return words::said("{}h {:02}m", whole / 3'600, whole / 60 % 60).in(language);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

// Of one destination, between two looks.
struct Rates {
  double accepted = 0;
  double delivered = 0;
  double rejected = 0;
};
std::optional<Rates> rates_of(const ordered_json& now, const TopLook& first, std::chrono::duration<double> span) {
  if (span.count() <= 0) return std::nullopt;
  for (const auto& before : first.status.value("destinations", ordered_json::array())) {
    if (text(before, "destination") != text(now, "destination")) continue;
    const auto rate = [&](const char* key) {
      const auto was = number(before, key);
      const auto is = number(now, key);
      return is > was ? static_cast<double>(is - was) / span.count() : 0.0;
    };
    return Rates{rate("accepted"), rate("delivered"), rate("rejected")};
  }
  return std::nullopt;
}

class Frame {
 public:
  Frame(Language language, TopSize size) : language_(language), size_(size) {}

  void line(std::string_view text) {
    if (size_.rows == 0 || lines_.size() < size_.rows) lines_.push_back(fitted(text, size_.columns));
  }
  void destination(const ordered_json& entry, const std::optional<Rates>& rates);
  void head();
  std::string whole() const {
    std::string text;
    for (const auto& each : lines_) text += each + "\n";
    return text;
  }

 private:
  std::string_view word(TopWord which) const { return say_in(language_, which); }
  std::string left(const ordered_json& entry, const std::optional<Rates>& rates) const;
  std::string counts(const ordered_json& entry) const;

  const Language language_;
  const TopSize size_;
  std::vector<std::string> lines_;
};

void Frame::head() {
  line(fmt::format("{:<20} {:<9} {:>11} {:>9} {:>12} {:>11}  {}", word(TopWord::destination), word(TopWord::circuit),
                   word(TopWord::waiting), word(TopWord::accepted_rate), word(TopWord::sent_rate),
                   word(TopWord::rejected_rate), word(TopWord::left)));
}

std::string Frame::left(const ordered_json& entry, const std::optional<Rates>& rates) const {
  const auto pending = number(entry, "pending");
  if (pending == 0) return std::string(word(TopWord::none_waits));
  if (!rates) return std::string(word(TopWord::unknown_yet));
  const auto gone = rates->delivered + rates->rejected;
  // What comes in has to be sent too.
  if (gone <= rates->accepted || gone <= 0) return std::string(word(TopWord::nothing_is_sent));
  return span_text(language_, static_cast<double>(pending) / (gone - rates->accepted));
}

std::string Frame::counts(const ordered_json& entry) const {
  std::string text;
  const auto add = [&](const char* state) {
    if (const auto count = number(entry, state); count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "  " : ", ", state_in(language_, state),
                          words::grouped(count).in(language_));
  };
  for (const auto* state : waiting_states) add(state);
  for (const auto* state : ended_states) add(state);
  return text;
}

void Frame::destination(const ordered_json& entry, const std::optional<Rates>& rates) {
  const auto rate = [&](double Rates::* which) {
    return rates ? fmt::format("{:.1f}", (*rates).*which) : std::string("-");
  };
  line(fmt::format("{:<20} {:<9} {:>11} {:>9} {:>12} {:>11}  {}", text(entry, "destination"),
                   state_in(language_, text(entry, "upstream")), words::grouped(number(entry, "pending")).in(language_),
                   rate(&Rates::accepted), rate(&Rates::delivered), rate(&Rates::rejected), left(entry, rates)));
  if (const auto by_state = counts(entry); !by_state.empty()) line(by_state);
  if (const auto since = text(entry, "outage_since"); !since.empty())
    line(fmt::format("  {} {}", word(TopWord::outage_since), since));
  if (const auto* gate = member(entry, "gate"))
    line(fmt::format("  {} {}: {}", word(TopWord::gate), text(*gate, "since"), own_of(*gate, "reason", {}, language_)));
  if (const auto* drain = member(entry, "drain"))
    line(fmt::format("  {}: {}", word(TopWord::drain), own_of(*drain, "sentence", {}, language_)));
  if (const auto attention = number(entry, "needs_attention"); attention > 0)
    line(fmt::format("  {} {}", words::grouped(attention).in(language_), word(TopWord::attention)));
}

}  // namespace

void TopLooks::add(TopLook look) {
  looks_.push_back(std::move(look));
  while (looks_.size() > 2 && looks_.back().at - looks_[1].at >= rates_over) looks_.pop_front();
}

std::string top_frame(const TopLooks& looks, TopSize size, Language language, std::string_view time, bool lost) {
  Frame frame(language, size);
  const auto& status = looks.last().status;
  const bool on_screen = size.rows > 0;
  frame.line(fmt::format("titip top   {}   {}", time, on_screen ? say_in(language, TopWord::quit) : ""));
  if (lost) frame.line(say_in(language, TopWord::lost));
  if (const auto* sentence = member(status, "sentence"))
    frame.line(text(*sentence, language == Language::id ? "id" : "en"));
  frame.line("");
  frame.head();
  const std::chrono::duration<double> span = looks.last().at - looks.first().at;
  for (const auto& each : status.value("destinations", ordered_json::array()))
    frame.destination(each, rates_of(each, looks.first(), span));
  return frame.whole();
}

}  // namespace titip::gateway
