#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "metrics/words/said.h"
#include "storage/backup.h"
#include "storage/crc32c.h"

namespace titip::storage {
namespace {

constexpr std::string_view first_line = "titip-backup 1";
constexpr auto damaged = words::text("is damaged; this backup cannot be used");

// Takes the next line off; nothing where there is no whole line.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

template <class T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
bool take_field(std::string_view& text, std::string_view word, T& value) {
  const auto line = take_line(text);
  if (!line || !line->starts_with(word) || line->size() <= word.size() || (*line)[word.size()] != ' ') return false;
  const auto read = number<T>(line->substr(word.size() + 1));
  value = read.value_or(T{});
  return read.has_value();
}

// "file SHA256 BYTES NAME"
std::optional<BackedUpFile> file_of(std::string_view line) {
  constexpr std::string_view word = "file ";
  constexpr std::size_t hash_digits = 64;
  if (!line.starts_with(word) || line.size() < word.size() + hash_digits + 4) return std::nullopt;
  line.remove_prefix(word.size());
  BackedUpFile file;
  file.sha256 = line.substr(0, hash_digits);
  line.remove_prefix(hash_digits);
  const auto space = line.find(' ', 1);
  if (line[0] != ' ' || space == std::string_view::npos) return std::nullopt;
  const auto bytes = number<std::uint64_t>(line.substr(1, space - 1));
  file.name = line.substr(space + 1);
  // A name stays in its directory, whoever wrote the manifest.
  const bool is_plain = !file.name.empty() && file.name.find('/') == std::string::npos && file.name[0] != '.';
  if (!bytes || !is_plain) return std::nullopt;
  file.bytes = *bytes;
  return file;
}

}  // namespace

std::uint64_t BackupManifest::bytes() const {
  std::uint64_t sum = 0;
  for (const BackedUpFile& file : files) sum += file.bytes;
  return sum;
}

std::string encode(const BackupManifest& manifest) {
  std::string text = fmt::format("{}\nformat {}\nepoch {}\nposition {}\ncommit {}\ntaken-at-ms {}\n", first_line,
                                 manifest.format, manifest.mark.epoch, manifest.mark.position, manifest.mark.commit,
                                 manifest.mark.at.time_since_epoch().count());
  for (const BackedUpFile& file : manifest.files) {
    text += fmt::format("file {} {} {}\n", file.sha256, file.bytes, file.name);
  }
  return text + fmt::format("crc32c {:08x}\n", crc32c(text));
}

std::expected<BackupManifest, std::string> decode_manifest(std::string_view text) {
  const auto refuse = [](words::Text why) { return std::unexpected(std::string(why.own())); };
  const auto last = text.rfind("crc32c ");
  if (last == std::string_view::npos || (last != 0 && text[last - 1] != '\n')) return refuse(damaged);
  std::string_view sum_line = text.substr(last);
  const auto sum = take_line(sum_line);
  if (!sum || !sum_line.empty()) return refuse(damaged);
  const auto expected = number<std::uint32_t>(sum->substr(sum->find(' ') + 1), 16);
  if (!expected || *expected != crc32c(text.substr(0, last))) return refuse(damaged);

  std::string_view rest = text.substr(0, last);
  if (take_line(rest) != first_line)
    return refuse(words::text("was made by another version of Titip; restore it with that one"));
  BackupManifest manifest;
  std::int64_t at = 0;
  const bool whole = take_field(rest, "format", manifest.format) && take_field(rest, "epoch", manifest.mark.epoch) &&
                     take_field(rest, "position", manifest.mark.position) &&
                     take_field(rest, "commit", manifest.mark.commit) && take_field(rest, "taken-at-ms", at);
  if (!whole) return refuse(damaged);
  manifest.mark.at = WallTime(std::chrono::milliseconds(at));
  while (!rest.empty()) {
    const auto line = take_line(rest);
    auto file = line ? file_of(*line) : std::nullopt;
    if (!file) return refuse(damaged);
    manifest.files.push_back(std::move(*file));
  }
  return manifest;
}

}  // namespace titip::storage
