// The numbers of people, from a file or stdin: a command line can be read by every user of the machine. Private to the
// root.
#pragma once

#include <expected>
#include <istream>
#include <string>
#include <vector>

namespace titip::gateway {

// One number of 16 digits a line; empty lines and lines that begin with # are passed over; each number once. The error
// names the line, never what stands in it.
std::expected<std::vector<std::string>, std::string> read_people(std::istream& lines);
// `-` is stdin.
std::expected<std::vector<std::string>, std::string> read_people_file(const std::string& path);

}  // namespace titip::gateway
