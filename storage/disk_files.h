// The few things backup and restore do with files, each durable when it returns. Through the same file system as the
// store (RocksSetup), so that a test can cut the power below them. Blocking; any thread, one object a thread.
// Every error is a sentence.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace titip::storage {

struct RocksSetup;  // rocks_kv_setup.h

class DiskFiles {
 public:
  template <class T>
  using Outcome = std::expected<T, std::string>;
  using Path = std::filesystem::path;
  using Seen = std::function<void(std::string_view)>;

  DiskFiles();  // the machine's own
  explicit DiskFiles(const RocksSetup& setup);
  ~DiskFiles();

  bool exists(const Path& path) const;
  Outcome<std::vector<std::string>> names(const Path& directory) const;  // sorted, without "." and ".."
  Outcome<void> make_directory(const Path& directory) const;             // and those above it
  Outcome<std::uint64_t> size(const Path& path) const;
  Outcome<void> read(const Path& path, const Seen& seen) const;  // piece by piece
  Outcome<std::string> read_whole(const Path& path, std::uint64_t at_most) const;
  Outcome<void> copy(const Path& from, const Path& to, const Seen& seen) const;  // the name is not durable yet
  Outcome<void> write(const Path& path, std::string_view bytes) const;           // replaces what is there, as a whole
  Outcome<void> remove(const Path& path) const;
  Outcome<void> sync_directory(const Path& directory) const;  // the names in it are durable then

 private:
  struct Below;
  std::unique_ptr<Below> below_;
};

}  // namespace titip::storage
