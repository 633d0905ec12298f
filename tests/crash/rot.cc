#include "tests/crash/rot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/crash/report.h"
#include "tests/crash/store_on_fs.h"

namespace titip::crash {
namespace {

constexpr std::array<std::string_view, 5> names{"harmless", "refused", "told", "aborted", "wrong"};

std::filesystem::path file_of_its_own() {
  std::string pattern = (std::filesystem::temp_directory_path() / "titip-rot-XXXXXX").string();
  const int file = ::mkstemp(pattern.data());
  if (file >= 0) ::close(file);
  return pattern;
}

// In the child: the rounds from `first` on, a line each before and after.
[[noreturn]] void rot_from(const ProcessCrashes& wanted, const Judge& judge, std::uint64_t first, int out) {
  const auto say = [out](const std::string& line) { return ::write(out, line.data(), line.size()) > 0; };
  for (std::uint64_t number = first; number < wanted.rounds; ++number) {
    RotRound round;
    round.seed = wanted.first_seed + number;
    round.acknowledged = [&](std::uint64_t receipts) { say(fmt::format("k {}\n", receipts)); };
    round.opened = [&] { say("o\n"); };
    say(fmt::format("b {}\n", number));
    const Came came = judge(round);
    if (wanted.tell || came == Came::wrong) {
      fmt::print("seed {}: {}: {}\n", round.seed, round.what, names[static_cast<std::size_t>(came)]);
    }
    for (std::size_t i = 0; i < round.findings.size() && i < 5; ++i) {
      fmt::print("  {}: {}\n", name(round.findings[i].kind), round.findings[i].what);
    }
    std::fflush(stdout);
    const std::size_t lost = count(round.findings, Finding::Kind::lost) + count(round.findings, Finding::Kind::damaged);
    const std::size_t served = count(round.findings, Finding::Kind::corrupt_served);
    say(fmt::format("e {} {} {} {}\n", static_cast<unsigned>(came), lost, served,
                    round.findings.size() - lost - served));
  }
  say("d\n");
  std::error_code ignored;
  std::filesystem::remove_all(store_directory(), ignored);
  ::_exit(0);
}

class Rotting {
 public:
  Rotting(const std::string& kind, const ProcessCrashes& wanted, const Judge& judge) : wanted_(wanted), judge_(judge) {
    report_.kind = kind;
  }
  int run();

 private:
  bool run_child();  // false: it could not work at all
  void take(const std::string& line);
  void judge_the_end(int status);
  void not_kept(const std::string& what);
  std::string words() const;  // what the child said on standard error

  const ProcessCrashes wanted_;
  const Judge& judge_;
  const std::filesystem::path said_ = file_of_its_own();
  Report report_;
  std::array<std::uint64_t, names.size()> came_{};
  std::uint64_t next_ = 0;
  bool begun_ = false, open_ = false;  // a round was begun and has not ended; its store has opened
  bool done_ = false;
};

void Rotting::not_kept(const std::string& what) {
  const std::uint64_t seed = wanted_.first_seed + next_;
  fmt::print("NOT KEPT: {} seed={} commit={}{}\n  again: tests/run.sh crash --replay {}:{}\n", report_.kind, seed,
             commit_under_test(), what, report_.kind, seed);
}

void Rotting::take(const std::string& text) {
  std::istringstream line(text.substr(1));
  std::uint64_t number = 0, lost = 0, served = 0, other = 0;
  switch (text.front()) {
    case 'k':
      line >> number;
      report_.acknowledged += number;
      break;
    case 'b':
      line >> next_;
      begun_ = true;
      open_ = false;
      break;
    case 'o':
      open_ = true;
      break;
    case 'e':
      line >> number >> lost >> served >> other;
      ++came_[std::min<std::uint64_t>(number, names.size() - 1)];
      report_.lost += lost;
      report_.corrupt_served += served;
      report_.broken += other;
      ++report_.rounds;
      if (number == static_cast<std::uint64_t>(Came::wrong)) not_kept("");
      ++next_;
      begun_ = false;
      break;
    default:
      done_ = text.front() == 'd';
  }
}

std::string Rotting::words() const {
  std::ifstream file(said_, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// It ended in the middle of a round.
void Rotting::judge_the_end(int status) {
  const std::string said = words();
  const std::string assertion = engine_assertion(said);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && !open_ && !assertion.empty()) {
    ++came_[static_cast<std::size_t>(Came::aborted)];
    fmt::print("{}: seed {}: RocksDB would not open it: {}\n", report_.kind, wanted_.first_seed + next_, assertion);
  } else {
    const std::string how = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                                : fmt::format("status {}", WEXITSTATUS(status));
    not_kept(fmt::format(": the process ended with {} {}: {}", how,
                         open_ ? "after the store had opened" : "while it opened the store",
                         said.substr(said.size() - std::min<std::size_t>(said.size(), 600))));
    ++came_[static_cast<std::size_t>(Came::wrong)];
    ++report_.broken;
  }
  ++report_.rounds;
  ++next_;
  begun_ = false;
  done_ = next_ >= wanted_.rounds;
}

bool Rotting::run_child() {
  int ends[2];
  if (::pipe(ends) != 0) return false;
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const int err = ::open(said_.c_str(), O_TRUNC | O_WRONLY | O_APPEND);
    if (err >= 0) ::dup2(err, STDERR_FILENO);
    rot_from(wanted_, judge_, next_, ends[1]);
  }
  ::close(ends[1]);
  std::string rest;
  char bytes[4096];
  while (true) {
    const ssize_t got = ::read(ends[0], bytes, sizeof bytes);
    if (got <= 0) break;
    rest.append(bytes, static_cast<std::size_t>(got));
    for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      take(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!done_ && begun_) judge_the_end(status);
  return done_ || !begun_;
}

int Rotting::run() {
  while (!done_) {
    const std::uint64_t before = next_;
    if (run_child() && (done_ || next_ > before)) continue;
    not_kept(": the process that damages and judges does not begin: " + words());
    ++report_.broken;
    break;
  }
  std::error_code ignored;
  std::filesystem::remove(said_, ignored);
  for (std::size_t i = 0; i < names.size(); ++i) report_.details.emplace_back(std::string(names[i]), came_[i]);
  fmt::print("{}\n", report_.line());
  return report_.clean() ? exit_kept : exit_not_kept;
}

}  // namespace

int run_rot(const std::string& kind, const ProcessCrashes& wanted, const Judge& judge) {
  return Rotting(kind, wanted, judge).run();
}

// As glibc words it: "program: ./db/file.cc:12: T rocksdb::F(): Assertion `x' failed."
std::string engine_assertion(std::string_view said) {
  while (!said.empty()) {
    const std::size_t end = std::min(said.find('\n'), said.size());
    const std::string_view line = said.substr(0, end);
    const std::size_t asserts = line.find("Assertion `");
    if (asserts != std::string_view::npos && line.find("' failed", asserts) != std::string_view::npos &&
        line.substr(0, asserts).find("rocksdb::") != std::string_view::npos) {
      return std::string(line);
    }
    said.remove_prefix(std::min(end + 1, said.size()));
  }
  return {};
}

}  // namespace titip::crash
