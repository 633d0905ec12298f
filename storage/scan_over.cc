#include "storage/scan_over.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace titip::storage {
namespace {

// The part of a key that is searched, as a number.
using Number = std::array<std::uint8_t, 16>;
constexpr unsigned bits = 128;

Number number_of(std::string_view rest) {
  Number number{};
  for (std::size_t i = 0; i < std::min(rest.size(), number.size()); ++i) number[i] = static_cast<std::uint8_t>(rest[i]);
  return number;
}

// None: beyond the last number there is.
std::optional<Number> plus_power(Number number, unsigned power) {
  std::size_t i = number.size() - 1 - power / 8U;
  unsigned carry = 1U << (power % 8U);
  while (true) {
    carry += number[i];
    number[i] = static_cast<std::uint8_t>(carry & 0xffU);
    carry >>= 8U;
    if (carry == 0) return number;
    if (i-- == 0) return std::nullopt;
  }
}

class Search {
 public:
  Search(const KvReader& kv, Family family, std::string_view prefix) : kv_(kv), family_(family), prefix_(prefix) {}

  // The first key behind `from` from which a scan begins well; empty: there is none.
  KvResult<std::string> behind(std::string_view from) {
    Number refused = number_of(from.substr(std::min(from.size(), prefix_.size())));
    unsigned power = 0;  // `refused` and this lead to a number that is read, or beyond all
    bool any = false;
    for (const Number start = refused; power < bits; ++power) {
      const auto next = plus_power(start, power);
      if (!next) break;
      const auto read = is_read(*next);
      if (!read) return std::unexpected(read.error());
      any = *read;
      if (any) break;
      refused = *next;
    }
    // Between the two a bit at a time, the highest first.
    for (unsigned below = any ? power : bits; below-- > 0;) {
      const auto next = plus_power(refused, below);
      if (!next) continue;
      const auto read = is_read(*next);
      if (!read) return std::unexpected(read.error());
      any = any || *read;
      if (!*read) refused = *next;
    }
    const auto first = plus_power(refused, 0);
    return any && first ? key_of(*first) : std::string();
  }

 private:
  std::string key_of(const Number& number) const { return prefix_ + std::string(number.begin(), number.end()); }
  KvResult<bool> is_read(const Number& number) const {
    const auto scanned =
        kv_.scan(family_, prefix_, key_of(number), [](std::string_view, std::string_view) { return false; });
    if (scanned) return true;
    if (scanned.error().kind == KvError::Kind::corrupt) return false;
    return std::unexpected(scanned.error());
  }

  const KvReader& kv_;
  const Family family_;
  const std::string prefix_;
};

}  // namespace

KvResult<std::size_t> scan_over(const KvReader& kv, Family family, std::string_view prefix, std::string_view from,
                                const KvReader::Visitor& visit, const OnPassedOver& passed_over) {
  std::string at(std::max(prefix, from));
  for (std::size_t stretches = 0;; ++stretches) {
    bool goes_on = true;
    std::string reached = at;
    const auto scanned = kv.scan(family, prefix, at, [&](std::string_view key, std::string_view value) {
      reached.assign(key).push_back('\0');
      goes_on = visit(key, value);
      return goes_on;
    });
    if (scanned || !goes_on) return stretches;
    if (scanned.error().kind != KvError::Kind::corrupt) return std::unexpected(scanned.error());
    const auto next = Search(kv, family, prefix).behind(reached);
    if (!next) return std::unexpected(next.error());
    passed_over(reached, *next);
    if (next->empty()) return stretches + 1;
    at = *next;
  }
}

}  // namespace titip::storage
