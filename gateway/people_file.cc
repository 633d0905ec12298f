#include "gateway/people_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "gateway/admin/wire.h"
#include "metrics/words/said.h"

namespace titip::gateway {

std::expected<std::vector<std::string>, std::string> read_people(std::istream& lines) {
  std::vector<std::string> people;
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    const auto from = line.find_first_not_of(" \t\r");
    if (from == std::string::npos || line[from] == '#') continue;
    line = line.substr(from, line.find_last_not_of(" \t\r") - from + 1);
    if (!admin::is_person_number(line))
      return std::unexpected(
          words::tell("line {} is not a number of 16 digits (nothing else may stand there)", number));
    if (std::ranges::find(people, line) == people.end()) people.push_back(line);
    if (people.size() > admin::people_at_once)
      return std::unexpected(words::tell("there are more than {} numbers; split the file", admin::people_at_once));
  }
  if (people.empty())
    return std::unexpected(words::tell("there is no number in it; write one of 16 digits on each line"));
  return people;
}

std::expected<std::vector<std::string>, std::string> read_people_file(const std::string& path) {
  if (path == "-") return read_people(std::cin);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return std::unexpected(words::tell("is a directory"));
  std::ifstream file(path);
  if (!file) return std::unexpected(words::tell("cannot be read: {}", std::strerror(errno)));
  return read_people(file);
}

}  // namespace titip::gateway
