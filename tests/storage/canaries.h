// Looks through every file of a directory for words that must not be there: as they are, in hexadecimal, in base64 at
// each of its three alignments, in UTF-16, and as the bare hashes with which somebody might think to hide them (all
// numbers of people can be tried out in an hour). A word found is told with how and where.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace titip::storage {

class CanarySearch {
 public:
  explicit CanarySearch(const std::vector<std::string>& words);

  struct Found {
    std::string word;
    std::string how;
    std::string file;
  };
  std::vector<Found> in(const std::filesystem::path& directory);
  // Of the last search: the names of the files it read, without digits, and how many bytes they had together.
  const std::vector<std::string>& kinds_of_files() const { return kinds_; }
  std::size_t bytes() const { return bytes_; }

  struct Pattern {
    std::string word;
    std::string how;
    std::string bytes;
  };
  const std::vector<Pattern>& patterns() const { return patterns_; }

 private:
  std::vector<Pattern> patterns_;
  std::vector<std::string> kinds_;
  std::size_t bytes_ = 0;
};

}  // namespace titip::storage
