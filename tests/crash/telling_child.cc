#include "tests/crash/telling_child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace titip::crash {
namespace {

constexpr std::chrono::milliseconds look_every{1};

template <class Holds>
bool wait_until(std::chrono::milliseconds longest, Holds holds) {
  const auto until = std::chrono::steady_clock::now() + longest;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(look_every);
  }
  return true;
}

}  // namespace

std::filesystem::path this_program() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

std::filesystem::path scratch_directory(const std::string& name) {
  std::string pattern = (std::filesystem::temp_directory_path() / ("titip-" + name + "-XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    std::perror(pattern.c_str());
    std::exit(2);
  }
  return pattern;
}

bool TellingChild::start(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<std::string> kept = command;
  std::vector<char*> words;
  for (std::string& word : kept) words.push_back(word.data());
  words.push_back(nullptr);
  const std::string log_path = log.string();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  {
    const std::scoped_lock lock(mutex_);
    heard_.clear();
  }
  answers_ = 0;
  ended_ = false;
  const pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ == 0) {  // only async-signal-safe calls from here on
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(ends[1], STDOUT_FILENO);
    const int err = ::open(log_path.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    if (err >= 0) ::dup2(err, STDERR_FILENO);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  if (child_ < 0) {
    ::close(ends[0]);
    return false;
  }
  listener_ = std::jthread([this, end = ends[0]] { listen(end); });
  return true;
}

void TellingChild::listen(int end) {
  std::string rest;
  std::vector<char> bytes(1U << 16U);
  while (true) {
    const ssize_t got = ::read(end, bytes.data(), bytes.size());
    if (got <= 0) break;
    rest.append(bytes.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    const std::scoped_lock lock(mutex_);
    for (std::size_t line = rest.find('\n'); line != std::string::npos; line = rest.find('\n', begin)) {
      heard_.push_back(rest.substr(begin, line - begin));
      const char kind = heard_.back().empty() ? '\0' : heard_.back().front();
      if (kind == 'A' || kind == 'C' || kind == 'O') ++answers_;
      begin = line + 1;
    }
    rest.erase(0, begin);
  }
  ::close(end);
  ended_ = true;
}

bool TellingChild::said(const std::string& word) const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(heard_, [&](const std::string& line) { return line.starts_with(word); });
}

std::string TellingChild::error() const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find_if(heard_, [](const std::string& line) { return line.starts_with("error "); });
  return found != heard_.end() ? found->substr(6) : std::string();
}

std::vector<std::string> TellingChild::heard(std::size_t from) const {
  const std::scoped_lock lock(mutex_);
  return {heard_.begin() + static_cast<std::ptrdiff_t>(std::min(from, heard_.size())), heard_.end()};
}

std::optional<std::size_t> TellingChild::line_of(const std::string& word, std::size_t from) const {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = from; i < heard_.size(); ++i) {
    if (heard_[i].starts_with(word)) return i;
  }
  return std::nullopt;
}

bool TellingChild::wait_until_told(std::size_t from, const std::function<bool(const Told&)>& enough,
                                   std::chrono::milliseconds longest) {
  Told all;
  const auto take_up = [&] {
    const auto lines = heard(from);
    from += lines.size();
    const Told more = told_in(lines);
    all = {all.changed + more.changed, all.accepted + more.accepted, all.refused + more.refused};
    return enough(all);
  };
  wait_until(longest, [&] { return take_up() || ended_; });
  return take_up();
}

bool TellingChild::wait_for(const std::string& word, std::chrono::milliseconds longest) {
  wait_until(longest, [&] { return ended_ || said(word); });
  return said(word);
}

bool TellingChild::wait_for_answers(std::uint64_t answers, std::chrono::milliseconds longest) {
  wait_until(longest, [&] { return ended_ || answers_ >= answers; });
  return answers_ >= answers;
}

bool TellingChild::wait_for_end(std::chrono::milliseconds longest) {
  return wait_until(longest, [&] { return ended_.load(); });
}

void TellingChild::kill() {
  if (child_ > 0) {
    if (!ended_) ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }
  if (listener_.joinable()) listener_.join();
}

}  // namespace titip::crash
