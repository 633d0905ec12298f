#include "storage/key_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <optional>
#include <ranges>

#include "metrics/words/said.h"
#include "storage/check.h"
#include "storage/crc32c.h"
#include "storage/randomness.h"
#include "storage/secret_file.h"

namespace titip::storage {
namespace {

constexpr auto what = words::text("the key file");
constexpr std::string_view first_format = "titip-key-file 1";
constexpr std::string_view present_format = "titip-key-file 2";
constexpr std::size_t largest_file = 16384;

void append_hex(std::string& out, const DataKey& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint8_t byte : key.bytes) {
    out.push_back(digits[byte >> 4U]);
    out.push_back(digits[byte & 15U]);
  }
}

bool read_hex(std::string_view text, DataKey& key) {
  if (text.size() != key.bytes.size() * 2) return false;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) {
    const char* at = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, key.bytes[i], 16);
    if (error != std::errc{} || end != at + 2) return false;
  }
  return true;
}

template <class Number>
bool read_number(std::string_view text, Number& value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size();
}

// Reads "name value" lines one after the other.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), rest_(text) {}
  bool next_is(std::string_view name) const { return rest_.starts_with(name) && rest_.substr(name.size(), 1) == " "; }
  // The value of the next line; nothing if the line is not that.
  std::optional<std::string_view> take(std::string_view name) {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos || !next_is(name)) return std::nullopt;
    const std::string_view value = rest_.substr(name.size() + 1, end - name.size() - 1);
    rest_.remove_prefix(end + 1);
    return value;
  }
  bool take_line(std::string_view line) {
    if (!rest_.starts_with(line) || rest_.substr(line.size(), 1) != "\n") return false;
    rest_.remove_prefix(line.size() + 1);
    return true;
  }
  std::string_view taken() const { return text_.substr(0, text_.size() - rest_.size()); }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view text_;
  std::string_view rest_;
};

bool parse_first_format(Lines& lines, KeyFile& file) {
  WrappingKey wrapping;
  DataKey index;
  const auto id = lines.take("key-id");
  if (!id || !read_number(*id, wrapping.id, 10)) return false;
  const auto key = lines.take("wrapping-key");
  if (!key || !read_hex(*key, wrapping.key)) return false;
  const auto second = lines.take("index-key");
  if (!second || !read_hex(*second, index)) return false;
  file.wrapping.push_back(wrapping);
  file.index.push_back(index);
  return true;
}

// "wrapping-key <id> <hex>", "index-key <number in the chain> <hex>".
bool parse_keys(Lines& lines, std::string_view name, std::size_t most,
                const std::function<void(std::uint32_t, const DataKey&)>& found) {
  for (std::size_t i = 0; lines.next_is(name); ++i) {
    const auto value = lines.take(name);
    const auto space = value ? value->find(' ') : std::string_view::npos;
    std::uint32_t number = 0;
    DataKey key;
    if (i >= most || space == std::string_view::npos || !read_number(value->substr(0, space), number, 10) ||
        !read_hex(value->substr(space + 1), key)) {
      return false;
    }
    found(number, key);
  }
  return true;
}

bool parse_present_format(Lines& lines, KeyFile& file) {
  bool ok = true;
  file.wrapping.reserve(most_wrapping_keys);
  file.index.reserve(most_index_keys);
  ok = parse_keys(lines, "wrapping-key", most_wrapping_keys,
                  [&](std::uint32_t id, const DataKey& key) {
                    ok = ok && !file.knows(id);
                    file.wrapping.push_back({id, key});
                  }) &&
       ok;
  ok = parse_keys(lines, "index-key", most_index_keys,
                  [&](std::uint32_t number, const DataKey& key) {
                    ok = ok && number == file.index.size() + 1;
                    file.index.push_back(key);
                  }) &&
       ok;
  return ok && !file.wrapping.empty() && !file.index.empty();
}

std::optional<KeyFile> parse(std::string_view text) {
  Lines lines(text);
  KeyFile file;
  const bool keys = lines.take_line(first_format)     ? parse_first_format(lines, file)
                    : lines.take_line(present_format) ? parse_present_format(lines, file)
                                                      : false;
  if (!keys) return std::nullopt;
  const std::string_view covered = lines.taken();
  std::uint32_t crc = 0;
  const auto sum = lines.take("crc32c");
  if (!sum || !read_number(*sum, crc, 16) || crc != crc32c(covered) || !lines.done()) return std::nullopt;
  return file;
}

SecretText compose(const KeyFile& file) {
  check(!file.wrapping.empty() && file.wrapping.size() <= most_wrapping_keys && !file.index.empty() &&
            file.index.size() <= most_index_keys,
        "a key file has keys, and not too many");
  SecretText made;
  std::string& text = made.text;
  text.reserve(largest_file);  // never reallocated: no copy of a key is left behind
  text.append(present_format).append("\n");
  for (const WrappingKey& each : file.wrapping) {
    text += fmt::format("wrapping-key {} ", each.id);
    append_hex(text, each.key);
    text += '\n';
  }
  for (std::size_t i = 0; i < file.index.size(); ++i) {
    text += fmt::format("index-key {} ", i + 1);
    append_hex(text, file.index[i]);
    text += '\n';
  }
  text += fmt::format("crc32c {:08x}\n", crc32c(text));
  return made;
}

DataKey random_key() {
  DataKey key;
  fill_with_random(key.bytes);
  return key;
}

}  // namespace

bool KeyFile::knows(std::uint32_t id) const {
  return std::ranges::any_of(wrapping, [id](const WrappingKey& each) { return each.id == id; });
}

std::expected<KeyFile, std::string> read_key_file(const std::filesystem::path& path) {
  const auto read = read_secret_file(path, what, largest_file);
  if (!read) return std::unexpected(read.error());
  auto parsed = parse(read->text);
  if (!parsed) {
    return std::unexpected(words::tell(
        "the key file {} is damaged, or not a key file of this version; restore it from its backup (without it nothing "
        "that is sealed can be read; do not make a new one)",
        path.string()));
  }
  return std::move(*parsed);
}

std::expected<KeyFile, std::string> make_key_file(const std::filesystem::path& path) {
  KeyFile made;
  made.wrapping.push_back({1, random_key()});
  made.index.push_back(random_key());
  // Linked, not renamed: a crash leaves the key file absent or complete, and an existing one is never replaced.
  if (auto written = write_secret_file(path, what, compose(made).text, Existing::refuse); !written) {
    return std::unexpected(std::move(written.error()));
  }
  return read_key_file(path);  // what the disk holds is what is used, should another start have raced us
}

std::expected<void, std::string> replace_key_file(const std::filesystem::path& path, const KeyFile& file) {
  // Whoever replaces a key file has read it: one that others may read, or that is damaged, is not made good by this.
  if (const auto there = read_key_file(path); !there) return std::unexpected(there.error());
  return write_secret_file(path, what, compose(file).text, Existing::replace);
}

std::expected<void, std::string> write_next_key_file(const std::filesystem::path& path, const KeyFile& file) {
  return write_secret_file(path, what, compose(file).text, Existing::refuse);
}

std::expected<KeyFile, std::string> with_new_wrapping_key(KeyFile file, std::uint32_t highest_used) {
  if (file.wrapping.size() >= most_wrapping_keys) {
    return std::unexpected(
        words::tell("the key file holds {} wrapping keys already; let the rotation that is under way finish before you "
                    "begin another, or give up with --forget-damaged what keeps it from that",
                    file.wrapping.size()));
  }
  // Never an id that was used before: a key of that id may still open a backup, or turn up again.
  const auto highest =
      std::max(highest_used, std::ranges::max(file.wrapping | std::views::transform(&WrappingKey::id)));
  if (highest == std::numeric_limits<std::uint32_t>::max()) {
    return std::unexpected(
        words::tell("the ids of wrapping keys are used up; begin anew with an empty data directory"));
  }
  file.wrapping.insert(file.wrapping.begin(), {highest + 1, random_key()});
  return file;
}

std::expected<KeyFile, std::string> with_new_index_key(KeyFile file) {
  if (file.index.size() >= most_index_keys) {
    return std::unexpected(
        words::tell("the chain of index keys has {} links, which is the most it may have", file.index.size()));
  }
  file.index.push_back(random_key());
  return file;
}

std::expected<KeyFile, std::string> with_keys_of(KeyFile file, const KeyFile& older) {
  const auto same = [](const DataKey& a, const DataKey& b) { return a.bytes == b.bytes; };
  if (older.index.size() > file.index.size() ||
      !std::ranges::equal(older.index, file.index | std::views::take(older.index.size()), same)) {
    return std::unexpected(
        words::tell("the older key file does not belong to the same store: its index keys are not the first of the "
                    "present file's"));
  }
  for (const WrappingKey& each : older.wrapping) {
    const auto known = std::ranges::find(file.wrapping, each.id, &WrappingKey::id);
    if (known == file.wrapping.end()) {
      file.wrapping.push_back(each);
    } else if (!same(known->key, each.key)) {
      return std::unexpected(words::tell(
          "the two key files have different wrapping keys under the same id {}; they are not of one store", each.id));
    }
  }
  if (file.wrapping.size() > most_wrapping_keys) {
    return std::unexpected(
        words::tell("together the two key files have too many wrapping keys; rotate to the end first"));
  }
  return file;
}

}  // namespace titip::storage
