#include "tests/crash/custody.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "storage/open.h"
#include "tests/crash/inspection.h"

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

std::vector<std::string> command_of(const CustodianOrders& orders) {
  std::vector<std::string> command{this_program().string(), "custodian"};
  const auto add = [&](const char* option, const auto& value) {
    command.insert(command.end(), {option, fmt::format("{}", value)});
  };
  add("--directory", orders.directory.string());
  add("--brief", orders.brief.string());
  add("--seed", orders.seed);
  add("--floor-bytes", orders.floor_bytes);
  add("--ballast-bytes", orders.ballast_bytes);
  add("--buffer-bytes", orders.buffer_bytes);
  add("--steps", orders.steps);
  if (!orders.sync) command.emplace_back("--no-sync");
  if (!orders.sync_point.empty()) {
    add("--sync-point", orders.sync_point);
    add("--hit", orders.hit);
  }
  return command;
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

Custody::Custody(std::uint64_t seed, std::filesystem::path scratch, std::filesystem::path store_directory)
    : scratch_(std::move(scratch)), store_(std::move(store_directory)), history_(seed) {}

Custody::~Custody() {
  kill();
}

bool Custody::start(CustodianOrders orders, std::vector<std::string> before) {
  orders.directory = store_;
  orders.brief = scratch_ / "brief";
  orders_ = orders;
  std::ofstream(orders.brief) << history_.brief().text();
  std::vector<std::string> command = std::move(before);
  for (std::string& word : command_of(orders)) command.push_back(std::move(word));
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
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
  if (child_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(ends[1], STDOUT_FILENO);
    const int log = ::open((scratch_ / "custodian.log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    if (log >= 0) ::dup2(log, STDERR_FILENO);
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

void Custody::listen(int end) {
  std::string rest;
  char bytes[1U << 16U];
  while (true) {
    const ssize_t got = ::read(end, bytes, sizeof bytes);
    if (got <= 0) break;
    rest.append(bytes, static_cast<std::size_t>(got));
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

bool Custody::said(const std::string& word) const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(heard_, [&](const std::string& line) { return line.starts_with(word); });
}

std::string Custody::error() const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find_if(heard_, [](const std::string& line) { return line.starts_with("error "); });
  return found != heard_.end() ? found->substr(6) : std::string();
}

bool Custody::wait_for(const std::string& word, std::chrono::milliseconds longest) {
  wait_until(longest, [&] { return ended_ || said(word); });
  return said(word);
}

bool Custody::wait_for_answers(std::uint64_t answers, std::chrono::milliseconds longest) {
  wait_until(longest, [&] { return ended_ || answers_ >= answers; });
  return answers_ >= answers;
}

bool Custody::wait_for_end(std::chrono::milliseconds longest) {
  if (!wait_until(longest, [&] { return ended_.load(); })) return false;
  kill();
  return true;
}

void Custody::kill() {
  if (child_ > 0) {
    if (!ended_) ::kill(child_, SIGKILL);
    ::waitpid(child_, &status_, 0);
    child_ = -1;
  }
  if (listener_.joinable()) {
    listener_.join();
    take_up();
  }
}

void Custody::take_up() {
  const std::scoped_lock lock(mutex_);
  for (const std::string& line : heard_) retell(line, history_);
}

std::vector<Finding> Custody::inspect() {
  std::vector<Finding> findings = history_.take_findings();
  if (const std::uint64_t more = history_.duplicate_effects(); more != 0) {
    findings.insert(findings.end(), more, {Finding::Kind::duplicate, "the national server applied a body once more"});
  }
  storage::StoreOptions options;
  options.directory = store_;
  options.free_space_floor_bytes = orders_.floor_bytes;
  options.ballast_bytes = orders_.ballast_bytes;
  options.now = [] { return storage::WallTime(std::chrono::milliseconds(morning_ms + 3'600'000)); };
  std::atomic<bool> stopped = false;
  options.on_fatal = [&](const std::string&) { stopped = true; };
  auto store = storage::open_rocks_store(options);
  if (!store) {
    findings.push_back({Finding::Kind::lost, "the store does not open: " + store.error()});
    return findings;
  }
  {
    Door door(**store);
    Inspection inspection(door, history_, Inspection::When::restarted);
    for (Finding& each : inspection.run()) findings.push_back(std::move(each));
    if (inspection.unreadable() || stopped) {
      findings.push_back({Finding::Kind::lost, "the store could not be read whole"});
    }
    if (findings.empty()) inspection.settle_doubts(history_);
    (*store)->close();
  }
  for (Finding& each : history_.take_findings()) findings.push_back(std::move(each));
  return findings;
}

}  // namespace titip::crash
