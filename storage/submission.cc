#include "storage/submission.h"

#include <cstring>

#include "storage/randomness.h"

namespace titip::storage {
namespace {

// Crockford base 32: no I, L, O, U.
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t text_length = 26;

std::optional<std::uint8_t> value_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const auto at = alphabet.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(at);
}

}  // namespace

SubmissionId SubmissionId::make(WallTime now) {
  SubmissionId id;
  fill_with_random(id.bytes);
  const auto ms = static_cast<std::uint64_t>(now.time_since_epoch().count());
  for (unsigned i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>((ms >> (8U * (5U - i))) & 0xffU);
  return id;
}

WallTime SubmissionId::made_at() const {
  std::uint64_t ms = 0;
  for (unsigned i = 0; i < 6; ++i) ms = ms << 8U | bytes[i];
  return WallTime(std::chrono::milliseconds(ms));
}

std::optional<SubmissionId> SubmissionId::parse(std::string_view text) {
  if (text.size() != text_length) return std::nullopt;
  // 26 characters hold 130 bits: the first may only carry three of the 128.
  unsigned __int128 number = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto value = value_of(text[i]);
    if (!value || (i == 0 && *value > 7)) return std::nullopt;
    number = (number << 5U) | *value;
  }
  SubmissionId id;
  for (std::size_t i = id.bytes.size(); i-- > 0;) {
    id.bytes[i] = static_cast<std::uint8_t>(number & 0xffU);
    number >>= 8U;
  }
  return id;
}

std::string SubmissionId::text() const {
  unsigned __int128 number = 0;
  for (const std::uint8_t byte : bytes) number = (number << 8U) | byte;
  std::string text(text_length, '0');
  for (std::size_t i = text_length; i-- > 0;) {
    text[i] = alphabet[static_cast<std::size_t>(number & 31U)];
    number >>= 5U;
  }
  return text;
}

std::size_t SubmissionIdHash::operator()(const SubmissionId& id) const noexcept {
  std::uint64_t random = 0;  // the last bytes are random already
  std::memcpy(&random, id.bytes.data() + 8, sizeof random);
  return static_cast<std::size_t>(random);
}

std::string_view name(State state) {
  switch (state) {
    case State::queued:
      return "queued";
    case State::blocked:
      return "blocked";
    case State::in_flight:
      return "in_flight";
    case State::deferred:
      return "deferred";
    case State::unknown:
      return "unknown";
    case State::held:
      return "held";
    case State::delivered:
      return "delivered";
    case State::rejected:
      return "rejected";
    case State::cancelled:
      return "cancelled";
    case State::expired:
      return "expired";
  }
  return "?";
}

std::string_view name(HoldReason reason) {
  switch (reason) {
    case HoldReason::none:
      return "none";
    case HoldReason::unknown:
      return "unknown";
    case HoldReason::requirement:
      return "requirement";
    case HoldReason::conflict:
      return "conflict";
    case HoldReason::late_entry:
      return "late_entry";
    case HoldReason::person:
      return "person";
    case HoldReason::damaged:
      return "damaged";
    case HoldReason::deadline:
      return "deadline";
    case HoldReason::credentials:
      return "credentials";
  }
  return "?";
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::unsettled:
      return "unsettled";
    case Outcome::delivered:
      return "delivered";
    case Outcome::deferred:
      return "deferred";
    case Outcome::rejected:
      return "rejected";
    case Outcome::unknown:
      return "unknown";
    case Outcome::blocked:
      return "blocked";
    case Outcome::credentials_refused:
      return "credentials_refused";
    case Outcome::not_sent:
      return "not_sent";
    case Outcome::found:
      return "found";
    case Outcome::found_other:
      return "found_other";
    case Outcome::not_found:
      return "not_found";
    case Outcome::inconclusive:
      return "inconclusive";
  }
  return "?";
}

}  // namespace titip::storage
