#include "gateway/outage_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/admin/words.h"
#include "gateway/clock/local_date.h"

namespace titip::gateway {
namespace {

// The names of upstream/rules/exchange.h, for whoever does not know them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> causes{{
    {"resolve_failed", "its name could not be found"},
    {"resolve_timeout", "its name could not be found in time"},
    {"connect_refused", "refused the connection"},
    {"connect_failed", "could not be connected to"},
    {"connect_timeout", "could not be connected to in time"},
    {"tls_failed", "no secure connection (TLS)"},
    {"not_admitted", "nothing was sent"},
    {"address_refused", "is where nothing may be sent"},
    {"write_failed", "hung up while the request was sent"},
    {"write_timeout", "did not take the request in time"},
    {"response_timeout", "gave no answer in time"},
    {"connection_reset", "hung up before its answer was whole"},
    {"reply_too_large", "gave an answer that is too large"},
    {"reply_malformed", "gave an answer that is not HTTP"},
}};

constexpr std::string_view row = "{:<17} {:<17} {:>12} {:>10} {:>10}  {}\n";

}  // namespace

std::string cause_words(std::string_view cause) {
  constexpr std::string_view status = "http_";
  if (cause.starts_with("http_2") || cause.starts_with("http_4"))
    return fmt::format("answered HTTP {}, but not as the service", cause.substr(status.size()));
  if (cause.starts_with(status)) return fmt::format("answered HTTP {}", cause.substr(status.size()));
  const auto* known = std::ranges::find(causes, cause, &std::pair<std::string_view, std::string_view>::first);
  return known == causes.end() ? std::string(cause.empty() ? "not known" : cause) : std::string(known->second);
}

std::string span_words(std::chrono::seconds span) {
  const auto seconds = std::max<std::int64_t>(span.count(), 0);
  if (seconds < 60) return fmt::format("{} s", seconds);
  const auto minutes = seconds / 60;
  if (minutes < 60) return fmt::format("{} min {:02} s", minutes, seconds % 60);
  const auto hours = minutes / 60;
  if (hours < 24) return fmt::format("{} h {:02} min", hours, minutes % 60);
  return fmt::format("{} d {:02} h", hours / 24, hours % 24);
}

std::string OutageTable::moment(clock::WallTime at) const {
  return clock::local_date(at, utc_offset_) + " " + clock::local_hour_minute(at, utc_offset_);
}

std::string OutageTable::lines(const delivery::Outage& outage) {
  std::string text;
  if (count_ == 0 || outage.destination != destination_) {
    text +=
        fmt::format("{}{} (times in {})\n", count_ == 0 ? "" : "\n", outage.destination, clock::zone_name(utc_offset_));
    text += fmt::format(fmt::runtime(row), "began", "ended", "how long", "accepted", "delayed", "why");
    destination_ = outage.destination;
  }
  ++count_;
  const bool goes_on = !outage.ended_at;
  going_on_ += goes_on ? 1 : 0;
  auto until = outage;
  if (goes_on) until.ended_at = now_;
  const auto span = delivery::lasted(until);
  together_ += span.value_or(std::chrono::seconds(0));
  text += fmt::format(fmt::runtime(row), moment(outage.began_at), goes_on ? "goes on" : moment(*outage.ended_at),
                      span ? span_words(*span) : "?", admin::grouped(outage.accepted_meanwhile),
                      admin::grouped(outage.delayed), cause_words(outage.cause));
  return text;
}

std::string OutageTable::sum() const {
  if (count_ == 0) return "No outage was written down.";
  auto text = fmt::format("{}, {} together", admin::counted(count_, "outages"), span_words(together_));
  if (going_on_ > 0) text += fmt::format("; {} not over", going_on_ == 1 ? "1 is" : admin::grouped(going_on_) + " are");
  return text + ".";
}

}  // namespace titip::gateway
