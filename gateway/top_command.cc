// `titip top`: the gateway as it is, once a second, until q or Ctrl-C. On a terminal it draws over itself on a screen
// of its own and leaves everything as it was; into a pipe it writes one picture after the other.
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "gateway/admin/control_call.h"
#include "gateway/clock/local_date.h"
#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/say.h"
#include "gateway/top_frame.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

constexpr auto interval = std::chrono::milliseconds(1'000);

volatile std::sig_atomic_t ended_by = 0;
void end(int signal) {
  ended_by = signal;
}

// A screen of its own, keys without echo; as it was when this dies.
class Screen {
 public:
  Screen() {
    struct sigaction action{};
    action.sa_handler = end;  // without SA_RESTART: whoever waits wakes up
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
    takes_keys_ = ::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (takes_keys_) {
      auto now = before_;
      now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      now.c_cc[VSUSP] = _POSIX_VDISABLE;  // stopped, it would leave the terminal like this
      now.c_cc[VMIN] = 0;
      now.c_cc[VTIME] = 0;
      ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
    }
    fmt::print("\x1b[?1049h\x1b[?25l");
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() {
    fmt::print("\x1b[?25h\x1b[?1049l");
    std::fflush(stdout);
    if (takes_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

  static TopSize size() {
    winsize given{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &given) != 0 || given.ws_col == 0) return {80, 24};
    return {given.ws_col, given.ws_row};
  }
  static void draw(const std::string& frame) {
    std::string text = "\x1b[H";
    for (const char c : frame) text += c == '\n' ? "\x1b[K\r\n" : std::string(1, c);
    if (text.ends_with("\r\n")) text.resize(text.size() - 2);  // the last row must not scroll
    fmt::print("{}\x1b[J", text);
    std::fflush(stdout);
  }
  // Waits for the next picture; false: somebody wants to end.
  bool wait() const {
    const auto until = std::chrono::steady_clock::now() + interval;
    while (ended_by == 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
      if (left <= 0) return true;
      pollfd keys{takes_keys_ ? STDIN_FILENO : -1, POLLIN, 0};
      if (::poll(&keys, 1, static_cast<int>(left)) <= 0) continue;
      std::array<char, 64> typed{};
      const auto count = ::read(STDIN_FILENO, typed.data(), typed.size());
      if (count <= 0) return false;  // the terminal is gone
      for (const char c : std::string_view(typed.data(), static_cast<std::size_t>(count)))
        if (c == 'q' || c == 'Q' || c == '\x03') return false;
    }
    return false;
  }

 private:
  termios before_{};
  bool takes_keys_ = false;
};

class Top {
 public:
  Top(const Config& config, Language language) : config_(config), language_(language) {}

  // What it is that it cannot be looked at; nothing: it was.
  std::optional<admin::Ended> look() {
    const auto answer = admin::call(config_.data_directory, {}, {});
    if (!answer) return admin::in_trouble(answer.error().trouble, answer.error().sentence);
    if (answer->trouble) return *answer;
    auto status = nlohmann::ordered_json::parse(answer->result, nullptr, false);
    if (!status.is_object())
      return admin::in_trouble(admin::Trouble::failed,
                               words::said("The gateway's answer is not understood; it is of another version."));
    looks_.add({std::move(status), std::chrono::steady_clock::now()});
    return std::nullopt;
  }
  std::string frame(TopSize size, bool lost) const {
    const auto time = clock::rfc3339(clock::SystemClock().wall());
    return top_frame(looks_, size, language_, time, lost);
  }

 private:
  const Config& config_;
  const Language language_;
  TopLooks looks_;
};

bool printed(const std::string& frame) {
  fmt::print("{}\n", frame);
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

int on_screen(Top& top) {
  const Screen screen;
  for (bool lost = false;; lost = top.look().has_value()) {
    Screen::draw(top.frame(Screen::size(), lost));
    if (!screen.wait()) return exit_ok;
  }
}

int into_pipe(Top& top, bool once) {
  constexpr std::size_t wide = 1'000;
  while (true) {
    if (!printed(top.frame({wide, 0}, false))) return exit_failed;
    if (once) return exit_ok;
    ::poll(nullptr, 0, static_cast<int>(interval.count()));
    if (const auto trouble = top.look()) return conclude(*trouble, {}, true);
  }
}

int run_top(const Config& config, const TopCommand& command) {
  metrics::set_log_level(metrics::Level::warning);
  Top top(config, words::spoken());
  if (const auto trouble = top.look()) return conclude(*trouble, {});
  if (command.once || ::isatty(STDOUT_FILENO) == 0) return into_pipe(top, command.once);
  return on_screen(top);
}

}  // namespace

void add_top_options(CLI::App& program, const TopLine& line) {
  auto* top =
      program.add_subcommand("top", words::tell("Show the queue, the rates and the national servers, once a second."));
  top->add_option("--config", line.config_file, words::tell("the configuration, a JSON file"))->capture_default_str();
  top->add_flag("--once", line.command.once, words::tell("one picture, and end"));
  top->callback([line] { line.perform = [line](const Config& config) { return run_top(config, line.command); }; });
}

}  // namespace titip::gateway
