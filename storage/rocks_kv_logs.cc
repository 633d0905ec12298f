#include "storage/rocks_kv_logs.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/crc32c.h"
#include "storage/disk_files.h"

namespace titip::storage {
namespace {

constexpr std::string_view first_line = "titip-wals 1\n";
constexpr std::uint64_t longest_list = 1U << 20U;

std::filesystem::path list_of(const std::filesystem::path& directory) {
  return directory / "WALS";
}

// Of "000067.log".
std::optional<std::uint64_t> number_of(std::string_view name) {
  constexpr std::string_view suffix = ".log";
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::string sum_of(std::string_view lines) {
  return fmt::format("{:08x}\n", crc32c(lines));
}

// The names in a list that is whole, else none.
std::vector<std::string> names_of(std::string_view text) {
  constexpr std::size_t sum_bytes = 9;
  std::vector<std::string> names;
  if (!text.starts_with(first_line) || text.size() < first_line.size() + sum_bytes) return names;
  const std::string_view lines = text.substr(0, text.size() - sum_bytes);
  if (text.substr(lines.size()) != sum_of(lines)) return names;
  for (std::string_view rest = lines.substr(first_line.size()); !rest.empty();) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) break;
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return names;
}

}  // namespace

LogList::LogList(std::filesystem::path directory, RocksSetup setup, std::shared_ptr<LogsBegun> begun)
    : directory_(std::move(directory)), setup_(std::move(setup)), begun_(std::move(begun)) {}

std::expected<void, std::string> LogList::remember() {
  const std::uint64_t begun = begun_->count();
  if (remembered_ == begun) return {};
  const DiskFiles files(setup_);
  const auto there = files.names(directory_);
  if (!there) return std::unexpected(there.error());
  std::string text(first_line);
  for (const std::string& name : *there) {
    if (number_of(name)) text += name + "\n";
  }
  text += sum_of(text);
  if (auto written = files.write(list_of(directory_), text); !written) return written;
  remembered_ = begun;
  return {};
}

std::optional<std::string> missing_log(const std::filesystem::path& directory, const RocksSetup& setup,
                                       std::uint64_t first_needed) {
  const DiskFiles files(setup);
  if (!files.exists(list_of(directory))) return std::nullopt;
  const auto text = files.read_whole(list_of(directory), longest_list);
  if (!text) return std::nullopt;
  for (const std::string& name : names_of(*text)) {
    if (number_of(name).value_or(0) >= first_needed && !files.exists(directory / name)) return name;
  }
  return std::nullopt;
}

}  // namespace titip::storage
