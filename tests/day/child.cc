#include "tests/day/child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <random>
#include <thread>
#include <utility>

namespace titip::day {

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_), ended_(std::move(other.ended_)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  std::swap(ended_, other.ended_);
  return *this;
}

Child::~Child() {
  if (pid_ > 0 && !stop(std::chrono::seconds(5)) && pid_ > 0) kill_now();
}

std::expected<Child, std::string> Child::start(const std::vector<std::string>& command,
                                               const std::filesystem::path& log, bool outlives_us) {
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return std::unexpected("cannot write " + log.string() + ": " + std::strerror(errno));
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {  // only async-signal-safe calls from here on
    if (outlives_us) {
      ::setsid();
    } else {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(127);
    }
    const int in = ::open("/dev/null", O_RDONLY);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(out);
  if (pid < 0) return std::unexpected(std::string("cannot fork: ") + std::strerror(errno));
  Child child;
  child.pid_ = pid;
  return child;
}

bool Child::collect(bool block) {
  if (pid_ <= 0) return true;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &status_, block ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return false;
  pid_ = -1;
  ended_ = {};
  if (WIFSIGNALED(status_)) {
    ended_.signal = WTERMSIG(status_);
  } else {
    ended_.status = WEXITSTATUS(status_);
  }
  return true;
}

bool Child::running() {
  return pid_ > 0 && !collect(false);
}

void Child::kill_now() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  collect(true);
}

bool Child::stop(std::chrono::milliseconds patience) {
  if (pid_ <= 0) return false;
  ::kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!collect(false)) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
}

std::optional<std::uint16_t> free_port() {
  std::random_device random;  // not the run's seed: two runs of one seed may stand side by side
  for (int i = 0; i < 200; ++i) {
    const auto port = static_cast<std::uint16_t>(15000 + random() % 15000);
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return std::nullopt;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (free) return port;
  }
  return std::nullopt;
}

std::string tail(const std::filesystem::path& file, std::size_t lines) {
  std::ifstream in(file);
  std::deque<std::string> last;
  for (std::string line; std::getline(in, line);) {
    last.push_back(line.substr(0, 400));
    if (last.size() > lines) last.pop_front();
  }
  std::string text;
  for (const std::string& line : last) text += "    " + line + "\n";
  return text;
}

}  // namespace titip::day
