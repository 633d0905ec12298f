#include "gateway/admin/control_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace titip::admin {

std::expected<ControlPlace, ControlPlace::Fault> ControlPlace::open(const std::filesystem::path& directory) {
  ControlPlace place;
  place.path_ = directory / control_name;
  place.directory_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat about{};
  if (place.directory_ < 0 || ::fstat(place.directory_, &about) != 0) {
    const int number = errno;
    return std::unexpected(Fault{number, words::said("cannot open {}: {}", directory.string(), std::strerror(number))});
  }
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return std::unexpected(Fault{EPERM, words::said("{} is open to group or others; run: chmod 700 {}",
                                                    directory.string(), directory.string())});
  place.owner_ = about.st_uid;
  place.address_ = place.path_.string();
  if (place.address_.size() >= sizeof(sockaddr_un::sun_path))
    place.address_ = fmt::format("/proc/self/fd/{}/{}", place.directory_, control_name);
  return place;
}

ControlPlace::ControlPlace(ControlPlace&& other) noexcept
    : path_(std::move(other.path_)),
      address_(std::move(other.address_)),
      directory_(std::exchange(other.directory_, -1)),
      owner_(other.owner_) {}

ControlPlace::~ControlPlace() {
  if (directory_ >= 0) ::close(directory_);
}

}  // namespace titip::admin
