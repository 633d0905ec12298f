// The lock of a store's directory, held for as long as its store is open or moved about: RocksDB's own lock lies inside
// the directory and would be renamed away with it.
// Invariant: at most one process holds it; a process that dies lets it go.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

namespace titip::storage {

class StoreLock {
 public:
  // Refused while another process holds it: the error is a sentence. Lies beside `store`, not in it.
  static std::expected<StoreLock, std::string> take(const std::filesystem::path& store);
  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();
  const std::filesystem::path& store() const { return store_; }

 private:
  StoreLock(std::filesystem::path store, int file) : store_(std::move(store)), file_(file) {}
  std::filesystem::path store_;
  int file_ = -1;
};

}  // namespace titip::storage
