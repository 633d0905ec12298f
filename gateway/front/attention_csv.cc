#include <initializer_list>

#include "gateway/clock/local_date.h"
#include "gateway/front/attention_views.h"

namespace titip::front {
namespace {

// Blanks before it do not keep a spreadsheet from computing.
bool is_formula(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && std::string_view("=+-@").contains(text[first]);
}

// An apostrophe before whatever a spreadsheet would compute. One that separates by semicolons (Excel where a comma is
// in decimals, as in Indonesia) or tabs takes our quotes for text: a cell begins behind each separator and in each
// line.
std::string without_formulas(std::string_view text) {
  std::string made;
  if (is_formula(text) || text.starts_with('\t') || text.starts_with('\r')) made = "'";
  bool begins = false;
  for (const char c : text) {
    if (begins && std::string_view("=+-@").contains(c)) made += '\'';
    const bool separates = std::string_view(";\t\r\n").contains(c);
    begins = separates || (begins && (c == ' ' || c == '"'));
    made += c;
  }
  return made;
}

std::string cell(std::string_view value) {
  const auto text = without_formulas(clean_text(value));
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string line(std::initializer_list<std::string_view> values) {
  std::string made;
  std::string_view comma;
  for (const auto value : values) {
    made += comma;
    made += cell(value);
    comma = ",";
  }
  return made + "\r\n";
}

std::string time_or_nothing(const std::optional<clock::WallTime>& at) {
  return at ? clock::rfc3339(*at) : std::string();
}

}  // namespace

std::string attention_csv(const AttentionView& view) {
  auto text = line({"id", "receipt", "destination", "route", "state", "hold_reason", "accepted_at", "settled_at",
                    "deadline", "http_status", "server_words", "to_do", "method", "target", "sent"});
  for (const auto& each : view.page.items)
    text += line({each.id, each.receipt, each.destination, each.route, each.state, each.reason,
                  clock::rfc3339(each.accepted_at), time_or_nothing(each.settled_at), time_or_nothing(each.deadline),
                  each.http_status == 0 ? std::string() : std::to_string(each.http_status), each.server_words,
                  each.to_do.in(words::Language::id), each.method, each.target,
                  each.sent ? each.sent->body : std::string()});
  return text;
}

}  // namespace titip::front
