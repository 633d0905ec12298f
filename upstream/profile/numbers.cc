#include "upstream/profile/numbers.h"

#include <algorithm>
#include <span>

#include "metrics/words/said.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

constexpr std::string_view facility_piece = "facility";
constexpr std::string_view month_piece = "MMyy";
constexpr std::size_t least_random = 3;
constexpr std::size_t most_random = 18;  // what one draw of 64 bits gives
constexpr std::size_t longest_facility = 20;
constexpr std::size_t few_random = 5;  // so few may be used up in a day; a million are not
// Crockford's: no I, L, O, U, for people read these numbers out.
constexpr std::string_view symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// "3" of "{3}"; 0 if it is no count.
std::size_t count_of(std::string_view piece) {
  if (piece.empty() || piece.size() > 2 || piece.front() == '0' || !std::ranges::all_of(piece, is_digit)) return 0;
  std::size_t count = 0;
  for (const char c : piece) count = count * 10 + static_cast<std::size_t>(c - '0');
  return count;
}

bool starts_with_digits(std::string_view text, std::size_t count) {
  return text.size() >= count && std::ranges::all_of(text.substr(0, count), is_digit);
}

bool starts_with_random(std::string_view text, std::size_t count, Filled filled) {
  if (filled == Filled::digits) return starts_with_digits(text, count);
  return text.size() >= count && std::ranges::all_of(text.substr(0, count), [](char c) { return symbols.contains(c); });
}

// Only where a letter stands in the number anyway, so that nobody keeps it as a number; its length stays what it was,
// for some clients cut it there.
Filled widest(std::span<const Piece> pieces) {
  std::size_t random = 0;
  bool has_letter = false;
  for (const auto& [is_source, piece] : pieces) {
    if (is_source) {
      random += count_of(piece);
    } else {
      has_letter = has_letter || !std::ranges::all_of(piece, is_digit);
    }
  }
  return has_letter && random <= few_random ? Filled::letters_too : Filled::digits;
}

bool starts_with_month(std::string_view text) {
  if (!starts_with_digits(text, 4)) return false;
  const int month = (text[0] - '0') * 10 + text[1] - '0';
  return month >= 1 && month <= 12;
}

bool fits(std::span<const Piece> pieces, Filled filled, std::string_view facility, std::string_view text) {
  if (pieces.empty()) return text.empty();
  const auto [is_source, piece] = pieces.front();
  const auto rest = pieces.subspan(1);
  if (!is_source) return text.starts_with(piece) && fits(rest, filled, facility, text.substr(piece.size()));
  if (piece == month_piece) return starts_with_month(text) && fits(rest, filled, facility, text.substr(4));
  if (piece != facility_piece) {
    const auto count = count_of(piece);
    return starts_with_random(text, count, filled) && fits(rest, filled, facility, text.substr(count));
  }
  if (!facility.empty())
    return text.starts_with(facility) && fits(rest, filled, facility, text.substr(facility.size()));
  for (std::size_t length = 1; length <= std::min(text.size(), longest_facility); ++length) {
    if (!is_alphanumeric(text[length - 1])) return false;
    if (fits(rest, filled, facility, text.substr(length))) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> provisional_complaint(std::string_view provisional) {
  const auto pieces = pieces_of(provisional);
  if (!pieces || provisional.size() > 60)
    return words::tell("is not a template; write it like \"{{facility}}{{MMyy}}T{{6}}\"");
  std::size_t random = 0;
  std::size_t facilities = 0;
  bool marked = false;
  for (const auto& [is_source, piece] : *pieces) {
    if (!is_source) {
      if (!std::ranges::all_of(piece, is_alphanumeric)) return words::tell("may hold letters, digits and braces alone");
      marked = true;
    } else if (piece == facility_piece) {
      ++facilities;
    } else if (piece != month_piece) {
      const auto count = count_of(piece);
      if (count == 0)
        return words::tell(
            "has braces that are none of {{facility}}, {{MMyy}} and a count of random digits like {{6}}");
      random += count;
    }
  }
  if (!marked)
    return words::tell(
        "has no letter or digit of its own, so it could be a real number; put a mark in, like the T in T{{6}}");
  if (facilities > 1) return words::tell("names the facility twice; once is enough");
  if (random < least_random || random > most_random)
    return words::tell(
        "needs 3 to 18 random digits in all, so that numbers neither collide nor can be guessed from one another");
  return std::nullopt;
}

bool names_month(std::string_view provisional) {
  return provisional.contains("{MMyy}");
}

std::string make_provisional(const ReferenceKind& kind, std::string_view facility, std::string_view business_date,
                             std::uint64_t random, Filled filled) {
  std::string number;
  const auto pieces = pieces_of(kind.provisional).value_or(std::vector<Piece>{});
  const std::size_t base = filled == Filled::letters_too && widest(pieces) == filled ? symbols.size() : 10;
  for (const auto& [is_source, piece] : pieces) {
    if (!is_source) {
      number += piece;
    } else if (piece == facility_piece) {
      number += facility;
    } else if (piece == month_piece) {
      const bool dated = business_date.size() == 10;
      number += dated ? business_date.substr(5, 2) : "00";
      number += dated ? business_date.substr(2, 2) : "00";
    } else {
      for (auto left = count_of(piece); left > 0; --left, random /= base) number += symbols[random % base];
    }
  }
  return number;
}

bool is_provisional(const ReferenceKind& kind, std::string_view facility, std::string_view text) {
  const auto pieces = pieces_of(kind.provisional);
  return pieces && fits(*pieces, widest(*pieces), facility, text);
}

}  // namespace titip::profile
