// Where the control socket is: `control` in the data directory. A path that is too long for a socket's address is
// reached through the directory's descriptor. Shared by both ends.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "metrics/words/said.h"

namespace titip::admin {

inline constexpr const char* control_name = "control";

class ControlPlace {
 public:
  struct Fault {
    int number = 0;  // errno
    words::Said sentence;
  };
  // The directory must be there, and nobody but its owner may read or write it.
  static std::expected<ControlPlace, Fault> open(const std::filesystem::path& directory);
  ControlPlace(ControlPlace&& other) noexcept;
  ControlPlace& operator=(ControlPlace&&) = delete;
  ~ControlPlace();

  const std::string& address() const { return address_; }      // for bind and connect, while this lives
  const std::filesystem::path& path() const { return path_; }  // for people
  int directory() const { return directory_; }                 // its descriptor
  unsigned owner() const { return owner_; }

 private:
  ControlPlace() = default;
  std::filesystem::path path_;
  std::string address_;
  int directory_ = -1;
  unsigned owner_ = 0;
};

}  // namespace titip::admin
