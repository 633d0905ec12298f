#include "storage/erasure_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "metrics/words/said.h"
#include "storage/crc32c.h"
#include "storage/hex.h"
#include "storage/secret_file.h"

namespace titip::storage {
namespace {

constexpr auto what = words::text("the list of erased persons");
constexpr std::string_view first_line = "titip-erasures 1\n";
constexpr std::size_t largest_list = 256U << 20U;  // some millions

struct Read {
  std::vector<Erasure> erasures;
  std::uint32_t last_sum = 0;
  std::size_t whole_bytes = 0;  // up to here there are whole lines
  std::size_t bytes = 0;
};

std::uint32_t sum_of(std::uint32_t before, std::string_view line) {
  return crc32c(fmt::format("{:08x} {}", before, line));
}

std::string compose(const Erasure& erasure, std::uint32_t& sum) {
  const std::string line =
      fmt::format("{} {} {}", erasure.at.time_since_epoch().count(), erasure.links, hex(erasure.person));
  sum = sum_of(sum, line);
  return fmt::format("{} {:08x}\n", line, sum);
}

template <class Number>
bool take(std::string_view& rest, Number& value, int base = 10) {
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (error != std::errc{}) return false;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  rest.remove_prefix(rest.starts_with(' ') ? 1 : 0);
  return true;
}

std::optional<Erasure> parse(std::string_view line, std::uint32_t& sum) {
  const auto space = line.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::string_view body = line.substr(0, space);
  std::string_view sum_text = line.substr(space + 1);
  std::uint32_t found = 0;
  if (sum_text.size() != 8 || !take(sum_text, found, 16) || !sum_text.empty() || found != sum_of(sum, body)) {
    return std::nullopt;
  }
  std::int64_t at = 0;
  Erasure erasure;
  if (!take(body, at) || !take(body, erasure.links) || erasure.links == 0) return std::nullopt;
  const auto person = digest_of_hex(body);
  if (!person) return std::nullopt;
  erasure.at = WallTime(std::chrono::milliseconds(at));
  erasure.person = *person;
  sum = found;
  return erasure;
}

std::expected<Read, std::string> read(const std::filesystem::path& list) {
  Read found;
  if (!has_erasure_list(list)) return found;
  const auto text = read_secret_file(list, what, largest_list);
  if (!text) return std::unexpected(text.error());
  std::string_view rest = text->text;
  found.bytes = rest.size();
  const auto damaged = [&](std::size_t line) {
    return std::unexpected(
        words::tell("{} {} is damaged in line {}; restore it from its backup before you go on, or "
                    "persons who were erased may come back",
                    what, list.string(), line));
  };
  if (first_line.starts_with(rest)) return found;  // cut short in its first line, or just so long
  if (!rest.starts_with(first_line)) return damaged(1);
  rest.remove_prefix(first_line.size());
  for (std::size_t line = 2;; ++line) {
    found.whole_bytes = found.bytes - rest.size();
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return found;  // empty, or cut short by a crash
    const auto erasure = parse(rest.substr(0, end), found.last_sum);
    if (!erasure) return damaged(line);
    found.erasures.push_back(*erasure);
    rest.remove_prefix(end + 1);
  }
}

std::expected<void, std::string> write_all_of(const std::filesystem::path& list, const std::vector<Erasure>& all) {
  std::string text(first_line);
  std::uint32_t sum = 0;
  for (const Erasure& each : all) text += compose(each, sum);
  return write_secret_file(list, what, text, Existing::replace);
}

}  // namespace

std::filesystem::path erasure_list_path(const std::filesystem::path& key_file) {
  return key_file.string() + ".erased";
}

bool has_erasure_list(const std::filesystem::path& list) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(list, error));
}

std::expected<void, std::string> begin_erasure_list(const std::filesystem::path& list) {
  if (has_erasure_list(list)) return {};
  return write_all_of(list, {});
}

std::expected<std::vector<Erasure>, std::string> read_erasures(const std::filesystem::path& list) {
  auto found = read(list);
  if (!found) return std::unexpected(std::move(found.error()));
  return std::move(found->erasures);
}

std::expected<void, std::string> append_erasure(const std::filesystem::path& list, const Erasure& erasure) {
  auto found = read(list);
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->whole_bytes == 0 || found->whole_bytes != found->bytes) {
    found->erasures.push_back(erasure);
    return write_all_of(list, found->erasures);
  }
  return append_secret_file(list, what, compose(erasure, found->last_sum));
}

std::expected<void, std::string> move_erasures_on(const std::filesystem::path& list, const Sealer& sealer) {
  auto found = read(list);
  if (!found) return std::unexpected(std::move(found.error()));
  const std::size_t links = sealer.index_links();
  if (std::ranges::all_of(found->erasures, [&](const Erasure& each) { return each.links == links; })) return {};
  for (Erasure& each : found->erasures) {
    if (each.links > links) {
      return std::unexpected(words::tell("{} {} belongs to a newer key file than the present one; put that one back",
                                         what, list.string()));
    }
    each.person = sealer.moved_on(each.person, each.links);
    each.links = links;
  }
  return write_all_of(list, found->erasures);
}

}  // namespace titip::storage
