#include "tests/crash/loop_disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

extern char** environ;

namespace titip::crash {
namespace {

// fs/ext4/ext4.h of Linux: _IOR('X', 125, __u32); flag 2: do not even flush the journal.
constexpr unsigned long shutdown_call = 0x8004587d;
constexpr std::uint32_t without_flushing_the_journal = 2;

}  // namespace

int run_program(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return -1;
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string LoopDisk::why_not() {
  if (::geteuid() != 0) return "mounting a file system of our own needs root";
  if (::unshare(CLONE_NEWNS) != 0) return fmt::format("no mount namespace of our own: {}", std::strerror(errno));
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return fmt::format("the mount namespace cannot be made private: {}", std::strerror(errno));
  }
  if (run_program({"mkfs.ext4", "-V"}) != 0) return "mkfs.ext4 is not installed (package e2fsprogs)";
  if (::access("/dev/loop-control", R_OK | W_OK) != 0) return "there are no loop devices here";
  return {};
}

LoopDisk::LoopDisk(std::filesystem::path image, std::filesystem::path where)
    : image_(std::move(image)), where_(std::move(where)) {}

LoopDisk::LoopDisk(LoopDisk&& other) noexcept
    : image_(std::move(other.image_)),
      where_(std::move(other.where_)),
      mounted_(std::exchange(other.mounted_, false)) {}

std::expected<LoopDisk, std::string> LoopDisk::make(const std::filesystem::path& scratch, std::uint64_t bytes) {
  LoopDisk disk(scratch / "disk.img", scratch / "disk");
  std::error_code error;
  std::filesystem::create_directories(disk.where_, error);
  std::filesystem::remove(disk.image_, error);
  const int file = ::open(disk.image_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const bool sized = file >= 0 && ::ftruncate(file, static_cast<off_t>(bytes)) == 0;
  if (file >= 0) ::close(file);
  if (!sized) return std::unexpected(fmt::format("cannot make {}: {}", disk.image_.string(), std::strerror(errno)));
  if (run_program({"mkfs.ext4", "-q", "-F", "-E", "nodiscard", "-m", "0", disk.image_.string()}) != 0) {
    return std::unexpected("mkfs.ext4 failed on " + disk.image_.string());
  }
  if (!disk.mount()) return std::unexpected("cannot mount " + disk.image_.string() + " as a loop device");
  return disk;
}

LoopDisk::~LoopDisk() {
  unmount();
}

bool LoopDisk::mount() {
  mounted_ = run_program({"mount", "-o", "loop", image_.string(), where_.string()}) == 0;
  return mounted_;
}

bool LoopDisk::unmount() {
  if (!mounted_) return true;
  for (int times = 0; times < 200; ++times) {
    if (run_program({"umount", where_.string()}) == 0) {
      mounted_ = false;
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

bool LoopDisk::cut_power() {
  const int directory = ::open(where_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return false;
  std::uint32_t how = without_flushing_the_journal;
  const bool cut = ::ioctl(directory, shutdown_call, &how) == 0;
  ::close(directory);
  return cut;
}

}  // namespace titip::crash
