#include "tests/simulation/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "metrics/log.h"
#include "tests/simulation/seeded_randomness.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::simulation {
namespace {

using nlohmann::json;

constexpr unsigned longest_seed_s = 120;

// One for all children, made before the first.
const tests::TestSealer& sealer() {
  static const tests::TestSealer one;
  return one;
}

void prepare() {
  (void)tests::pcare_vaksin();
  (void)sealer();
}

std::string encode(const DayResult& result) {
  return json{{"promise", result.promise},
              {"words", result.words},
              {"simulated_ms", result.simulated_ms},
              {"submissions", result.submissions},
              {"crashes", result.crashes},
              {"unknown", result.unknown},
              {"probes", result.probes},
              {"writes", result.writes},
              {"steps", result.steps},
              {"moves", result.moves},
              {"trace", result.trace}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

DayResult decode(const std::string& text, int status) {
  DayResult result;
  const auto read = json::parse(text, nullptr, false);
  if (read.is_discarded()) {
    result.promise = "gateway";
    result.words = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "it did not end: it spins"
                   : WIFSIGNALED(status) ? fmt::format("it died of signal {}", WTERMSIG(status))
                                         : "it ended by itself";
    return result;
  }
  read.at("promise").get_to(result.promise);
  read.at("words").get_to(result.words);
  read.at("simulated_ms").get_to(result.simulated_ms);
  read.at("submissions").get_to(result.submissions);
  read.at("crashes").get_to(result.crashes);
  read.at("unknown").get_to(result.unknown);
  read.at("probes").get_to(result.probes);
  read.at("writes").get_to(result.writes);
  read.at("steps").get_to(result.steps);
  read.at("moves").get_to(result.moves);
  read.at("trace").get_to(result.trace);
  return result;
}

[[noreturn]] void be_the_child(int out, const DayOptions& options) {
  ::alarm(longest_seed_s);
  metrics::set_log_level(metrics::Level::error);
  if (!options.talking) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDERR_FILENO);
  }
  seed_randomness(options.seed);
  std::string text;
  {
    Day day(options, *sealer());
    text = encode(day.run());
  }
  for (std::size_t at = 0; at < text.size();) {
    const auto wrote = ::write(out, text.data() + at, text.size() - at);
    if (wrote <= 0) ::_exit(1);
    at += static_cast<std::size_t>(wrote);
  }
  ::_exit(0);
}

struct Child {
  std::uint64_t seed = 0;
  ::pid_t pid = 0;
  int from = -1;
  std::string text;
};

Child begin(const DayOptions& options) {
  std::fflush(nullptr);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  const auto pid = ::fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid == 0) be_the_child(pipe[1], options);
  ::close(pipe[1]);
  return {options.seed, pid, pipe[0], {}};
}

DayResult end(Child& child) {
  int status = 0;
  ::close(child.from);
  ::waitpid(child.pid, &status, 0);
  return decode(child.text, status);
}

// False: it has said all it had to say.
bool listen(Child& child) {
  std::array<char, 65'536> buffer{};
  const auto got = ::read(child.from, buffer.data(), buffer.size());
  if (got <= 0) return false;
  child.text.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

}  // namespace

DayResult run_apart(const DayOptions& options) {
  prepare();
  auto child = begin(options);
  while (listen(child)) {
  }
  return end(child);
}

void run_many(std::uint64_t first, std::uint64_t count, Control control, unsigned at_once,
              const std::function<bool(std::uint64_t, const DayResult&)>& seen) {
  prepare();
  std::vector<Child> children;
  std::uint64_t next = first;
  bool more = true;
  while (true) {
    while (more && children.size() < at_once && next < first + count)
      children.push_back(begin({next++, control, false, false}));
    if (children.empty()) return;
    std::vector<::pollfd> polls;
    for (const auto& child : children) polls.push_back({child.from, POLLIN, 0});
    ::poll(polls.data(), polls.size(), -1);
    for (std::size_t i = children.size(); i-- > 0;) {
      if (polls[i].revents == 0 || listen(children[i])) continue;
      const auto seed = children[i].seed;
      const auto result = end(children[i]);
      children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
      if (!seen(seed, result)) more = false;
    }
  }
}

}  // namespace titip::simulation
