#include "gateway/outage_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

// The names of upstream/rules/exchange.h, for whoever does not know them.
constexpr std::array<std::pair<std::string_view, words::Text>, 20> causes{{
    {"resolve_failed", words::text("its name could not be found")},
    {"resolve_timeout", words::text("its name could not be found in time")},
    {"connect_refused", words::text("refused the connection")},
    {"connect_failed", words::text("could not be connected to")},
    {"connect_timeout", words::text("could not be connected to in time")},
    {"tls_failed", words::text("no secure connection (TLS)")},
    {"proxy_unreachable", words::text("could not be asked: the proxy cannot be connected to")},
    {"proxy_credentials", words::text("could not be asked: the proxy refused the credentials (407)")},
    {"proxy_refused", words::text("could not be asked: the proxy refused the way to it")},
    {"proxy_cannot_reach", words::text("could not be reached by the proxy")},
    {"proxy_timeout", words::text("could not be asked: the proxy gave no answer in time")},
    {"proxy_malformed", words::text("could not be asked: the proxy gave no answer that can be read")},
    {"not_admitted", words::text("nothing was sent")},
    {"address_refused", words::text("is where nothing may be sent")},
    {"write_failed", words::text("hung up while the request was sent")},
    {"write_timeout", words::text("did not take the request in time")},
    {"response_timeout", words::text("gave no answer in time")},
    {"connection_reset", words::text("hung up before its answer was whole")},
    {"reply_too_large", words::text("gave an answer that is too large")},
    {"reply_malformed", words::text("gave an answer that is not HTTP")},
}};

constexpr std::string_view row = "{:<17} {:<17} {:>12} {:>10} {:>10}  {}\n";

}  // namespace

std::string cause_words(std::string_view cause) {
  constexpr std::string_view status = "http_";
  if (cause.starts_with("http_2") || cause.starts_with("http_4"))
    return words::tell("answered HTTP {}, but not as the service", cause.substr(status.size()));
  if (cause.starts_with(status)) return words::tell("answered HTTP {}", cause.substr(status.size()));
  const auto* known = std::ranges::find(causes, cause, &std::pair<std::string_view, words::Text>::first);
  if (known != causes.end()) return std::string(known->second.own());
  return cause.empty() ? words::tell("not known") : std::string(cause);
}

std::string span_words(std::chrono::seconds span) {
  const auto seconds = std::max<std::int64_t>(span.count(), 0);
  if (seconds < 60) return words::tell("{} s", seconds);
  const auto minutes = seconds / 60;
  if (minutes < 60) return words::tell("{} min {:02} s", minutes, seconds % 60);
  const auto hours = minutes / 60;
  if (hours < 24) return words::tell("{} h {:02} min", hours, minutes % 60);
  return words::tell("{} d {:02} h", hours / 24, hours % 24);
}

std::string OutageTable::moment(clock::WallTime at) const {
  return clock::local_date(at, utc_offset_) + " " + clock::local_hour_minute(at, utc_offset_);
}

std::string OutageTable::lines(const delivery::Outage& outage) {
  std::string text;
  if (count_ == 0 || outage.destination != destination_) {
    text += (count_ == 0 ? "" : "\n") +
            words::tell("{} (times in {})", outage.destination, clock::zone_name(utc_offset_)) + "\n";
    text += fmt::format(fmt::runtime(row), words::tell("began"), words::tell("ended"), words::tell("how long"),
                        words::tell("accepted"), words::tell("delayed"), words::tell("why"));
    destination_ = outage.destination;
  }
  ++count_;
  const bool goes_on = !outage.ended_at;
  going_on_ += goes_on ? 1 : 0;
  auto until = outage;
  if (goes_on) until.ended_at = now_;
  const auto span = delivery::lasted(until);
  together_ += span.value_or(std::chrono::seconds(0));
  text += fmt::format(fmt::runtime(row), moment(outage.began_at),
                      goes_on ? words::tell("goes on") : moment(*outage.ended_at), span ? span_words(*span) : "?",
                      words::grouped(outage.accepted_meanwhile).own(), words::grouped(outage.delayed).own(),
                      cause_words(outage.cause));
  return text;
}

std::string OutageTable::sum() const {
  if (count_ == 0) return words::tell("No outage was written down.");
  auto text = words::tell("{}, {} together", words::counted(count_, words::text("outages")), span_words(together_));
  if (going_on_ == 1) text += words::tell("; 1 is not over");
  if (going_on_ > 1) text += words::tell("; {} are not over", words::grouped(going_on_));
  return text + ".";
}

}  // namespace titip::gateway
