#include "storage/rocks_kv_note.h"

#include <rocksdb/file_system.h>

#include <algorithm>

#include "metrics/words/said.h"
#include "storage/check.h"
#include "storage/codec.h"
#include "storage/crc32c.h"
#include "storage/rocks_kv_options.h"

namespace titip::storage {
namespace {

constexpr std::size_t slot_bytes = 4096;
constexpr std::size_t slots = 2;
constexpr std::uint8_t version = 1;
constexpr std::size_t longest_note = 256;

KvError error_at(const rocksdb::IOStatus& status, const std::string& path) {
  return {KvError::Kind::failed, path + ": " + status.ToString()};
}

struct Slot {
  std::uint64_t sequence = 0;
  std::string note;
};

std::string encode(const Slot& slot) {
  Encoder out;
  out.u8(version).u64(slot.sequence).text(slot.note);
  return out.u32(crc32c(out.peek())).take();
}

std::optional<Slot> decode_slot(std::string_view bytes) {
  Decoder in(bytes);
  const bool known = in.u8() == version;
  Slot slot;
  slot.sequence = in.u64();
  slot.note = in.text();
  if (!known || !in.ok()) return std::nullopt;
  const std::size_t covered = bytes.size() - in.left();
  const std::uint32_t sum = in.u32();
  if (!in.ok() || sum != crc32c(bytes.substr(0, covered))) return std::nullopt;
  return slot;
}

// The newest slot that is whole.
std::optional<Slot> newest(std::string_view file) {
  std::optional<Slot> best;
  for (std::size_t i = 0; i < slots && file.size() >= (i + 1) * slot_bytes; ++i) {
    auto slot = decode_slot(file.substr(i * slot_bytes, slot_bytes));
    if (slot && (!best || slot->sequence > best->sequence)) best = std::move(slot);
  }
  return best;
}

}  // namespace

RocksNote::RocksNote(rocksdb::Env& env, const std::filesystem::path& directory)
    : files_(*env.GetFileSystem()), directory_(directory.string()), path_((directory / "NOTE").string()) {}

RocksNote::~RocksNote() = default;

KvResult<std::optional<std::string>> RocksNote::bytes_of_file() const {
  if (files_.FileExists(path_, {}, nullptr).IsNotFound()) return std::nullopt;
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  if (auto status = files_.NewSequentialFile(path_, {}, &file, nullptr); !status.ok()) {
    return std::unexpected(error_at(status, path_));
  }
  std::string bytes;
  std::string scratch(slot_bytes, '\0');
  while (bytes.size() < slots * slot_bytes) {
    rocksdb::Slice got;
    if (auto status = file->Read(scratch.size(), {}, &got, scratch.data(), nullptr); !status.ok()) {
      return std::unexpected(error_at(status, path_));
    }
    if (got.empty()) break;
    bytes.append(got.data(), got.size());
  }
  return bytes;
}

KvResult<std::optional<std::string>> RocksNote::read() const {
  const auto bytes = bytes_of_file();
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  if (auto slot = newest(**bytes)) return std::move(slot->note);
  // The very first note goes into the second slot: while the first one is blank, none was ever whole.
  const std::string_view first_slot = std::string_view(**bytes).substr(0, slot_bytes);
  if (std::ranges::all_of(first_slot, [](char c) { return c == '\0'; })) return std::nullopt;
  return std::unexpected(KvError{KvError::Kind::corrupt, words::tell("{}: neither of its two slots is whole", path_)});
}

// The file's name and size are durable before anything is written into it.
KvResult<void> RocksNote::make() {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = files_.NewWritableFile(path_, {}, &file, nullptr);
  if (status.ok()) status = file->Append(std::string(slots * slot_bytes, '\0'), {}, nullptr);
  if (status.ok()) status = file->Fsync({}, nullptr);
  if (status.ok()) status = file->Close({}, nullptr);
  std::unique_ptr<rocksdb::FSDirectory> directory;
  if (status.ok()) status = files_.NewDirectory(directory_, {}, &directory, nullptr);
  if (status.ok()) status = directory->Fsync({}, nullptr);
  if (!status.ok()) return std::unexpected(error_at(status, path_));
  return {};
}

KvResult<void> RocksNote::open() {
  const auto bytes = bytes_of_file();
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes || (*bytes)->size() < slots * slot_bytes) {
    if (auto made = make(); !made) return made;
  } else if (const auto slot = newest(**bytes)) {
    sequence_ = slot->sequence;
  }
  if (auto status = files_.NewRandomRWFile(path_, {}, &file_, nullptr); !status.ok()) {
    return std::unexpected(error_at(status, path_));
  }
  return {};
}

KvResult<void> RocksNote::write(std::string_view bytes) {
  check(bytes.size() <= longest_note, "a note is at most 256 bytes long");
  if (file_ == nullptr) {
    if (auto opened = open(); !opened) return opened;
  }
  // The slot that is not the newest: what is torn is never the one that counts.
  const std::string slot = encode({sequence_ + 1, std::string(bytes)});
  const std::uint64_t offset = ((sequence_ + 1) % slots) * slot_bytes;
  auto status = file_->Write(offset, slot, {}, nullptr);
  if (status.ok()) status = file_->Sync({}, nullptr);
  if (!status.ok()) return std::unexpected(error_at(status, path_));
  ++sequence_;
  return {};
}

}  // namespace titip::storage
