#include "tests/capacity/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace titip::capacity {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      ended_(other.ended_),
      begun_(std::move(other.begun_)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(output_, other.output_);
  std::swap(ended_, other.ended_);
  std::swap(begun_, other.begun_);
  return *this;
}

Child::~Child() {
  if (pid_ > 0) {
    kill();
    end();
  }
}

std::expected<Child, std::string> Child::start(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(std::string("no pipe: ") + std::strerror(errno));
  std::string self = "/proc/self/exe";
  std::vector<char*> words{self.data()};
  for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {  // only async-signal-safe calls from here on
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv(self.c_str(), words.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  Child child;
  child.output_ = ends[0];
  if (pid < 0) {
    ::close(std::exchange(child.output_, -1));
    return std::unexpected(std::string("cannot fork: ") + std::strerror(errno));
  }
  child.pid_ = pid;
  return child;
}

std::vector<std::string> Child::lines(std::chrono::milliseconds patience) {
  std::vector<std::string> whole;
  pollfd ready{output_, POLLIN, 0};
  if (ended_ || ::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return whole;
  std::array<char, 65536> bytes{};
  const ssize_t got = ::read(output_, bytes.data(), bytes.size());
  if (got <= 0) {
    ended_ = got == 0 || errno != EINTR;
    return whole;
  }
  begun_.append(bytes.data(), static_cast<std::size_t>(got));
  std::size_t from = 0;
  for (auto end = begun_.find('\n'); end != std::string::npos; end = begun_.find('\n', from)) {
    whole.push_back(begun_.substr(from, end - from));
    from = end + 1;
  }
  begun_.erase(0, from);
  return whole;
}

void Child::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

Child::End Child::end() {
  int status = 0;
  rusage used{};
  while (::wait4(pid_, &status, 0, &used) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (output_ >= 0) ::close(std::exchange(output_, -1));
  ended_ = true;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), static_cast<double>(used.ru_maxrss) / 1024,
          seconds(used.ru_utime) + seconds(used.ru_stime)};
}

}  // namespace titip::capacity
