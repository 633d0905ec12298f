#include "tests/capacity/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>

#include "tests/capacity/bodies.h"
#include "tests/capacity/child.h"
#include "tests/capacity/disk.h"
#include "tests/capacity/pace.h"

namespace titip::capacity {
namespace {

using namespace std::chrono_literals;

// Log and ballast are as long in a short run as in a long one (storage bounds them). From here on every byte is
// counted; in a shorter run they would hide what a submission takes.
constexpr std::uint64_t every_byte_counts_from = 5'000'000;

// Slices of a short run last a few seconds. One that fell short of nothing but the pace is repeated, and the next one
// is judged alone; what is really slower at its end is so every time (limit_control.sh).
int most_runs(const Settings& settings) {
  return settings.submissions < long_run ? 3 : 1;
}

void print(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

class Run {
 public:
  explicit Run(const Settings& settings) : settings_(settings) {}

  // False: it did not come to its end, or something is wrong with what it held; that has been said.
  bool run() {
    const bool done = accept_and_kill() && reopen_and_drain();
    for (const auto& why : wrong_) print("WRONG: " + why);
    return done && wrong_.empty();
  }
  const Figures& figures() const { return figures_; }
  std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  std::vector<std::string> arguments(std::string_view phase, const std::filesystem::path& data) const {
    return {fmt::format("--phase={}", phase),
            fmt::format("--data={}", data.string()),
            fmt::format("--submissions={}", settings_.submissions),
            fmt::format("--facilities={}", settings_.facilities),
            fmt::format("--waiting={}", settings_.waiting),
            fmt::format("--window={}", settings_.window),
            fmt::format("--seed={}", settings_.seed),
            fmt::format("--slowing={}", settings_.slowing),
            fmt::format("--acknowledged={}", acknowledged_),
            fmt::format("--started-at-ns={}", std::chrono::steady_clock::now().time_since_epoch() / 1ns)};
  }

  void hear(const std::string& line) {
    const auto rest = std::string_view(line).substr(std::min<std::size_t>(2, line.size()));
    if (line.starts_with("a ")) {
      std::from_chars(rest.data(), rest.data() + rest.size(), acknowledged_);
    } else if (line.starts_with("f ")) {
      const auto at = rest.find('=');
      if (at == std::string_view::npos) return;
      figures_[std::string(rest.substr(0, at))] = std::strtod(std::string(rest.substr(at + 1)).c_str(), nullptr);
    } else if (line.starts_with("s ")) {
      print(rest);
    }
  }

  // The log is what a start has to read again, so the kill waits, a tenth of the run at most, until it is nearly as
  // long as it ever was.
  bool worst_moment() {
    if (acknowledged_ < settings_.submissions || !figures_.contains("accepts_per_s")) return false;
    const auto log = disk_use(settings_.store()).log;
    return log * 10 >= longest_log_ * 9 || acknowledged_ >= settings_.submissions + settings_.submissions / 10;
  }

  void look_at_log() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) return;
    next_look_ = now + 250ms;
    longest_log_ = std::max(longest_log_, disk_use(settings_.store()).log);
  }

  bool accept_and_kill() {
    auto child = Child::start(arguments("accept", settings_.data));
    if (!child) return cannot(child.error());
    const auto began = std::chrono::steady_clock::now();
    while (!child->has_ended() && !worst_moment()) {
      look_at_log();
      for (const auto& line : child->lines(250ms)) hear(line);
    }
    if (child->has_ended()) return cannot("the process that accepts ended by itself");
    child->kill();
    // What it acknowledged before it died is on its way to us, and counts.
    while (!child->has_ended())
      for (const auto& line : child->lines(1000ms)) hear(line);
    ended(child->end(), "accepting", began, acknowledged_);
    const auto use = disk_use(settings_.store());
    print(fmt::format("killed with {} acknowledged, nothing delivered: {}; the log was {:.0f} MB at its longest",
                      acknowledged_, use.text(), static_cast<double>(longest_log_) / 1e6));
    if (!counts_every_byte()) return measure_a_copy();
    figures_["disk_per_payload"] = per_payload(static_cast<double>(use.all()));
    return true;
  }

  // The log holds much of a short run, and part of that twice: a copy that is opened and closed has it in its tables.
  bool measure_a_copy() {
    Settings copy = settings_;
    copy.data = settings_.data / "copy";
    copy_store(settings_.store(), copy.store());
    auto child = Child::start(arguments("open-and-close", copy.data));
    if (!child) return cannot(child.error());
    while (!child->has_ended())
      for (const auto& line : child->lines(1000ms)) hear(line);
    if (child->end().status != 0) return cannot("a copy of what was left by the kill cannot be opened");
    const auto use = disk_use(copy.store());
    print(fmt::format(
        "a short run: disk figures leave out ballast and manifest, and a copy shows what the log becomes: {}",
        use.text()));
    figures_["disk_per_payload"] = per_payload(static_cast<double>(use.without_other()));
    std::filesystem::remove_all(copy.data);
    return true;
  }

  bool reopen_and_drain() {
    forget_cached_pages(settings_.data);
    auto child = Child::start(arguments("drain", settings_.data));
    if (!child) return cannot(child.error());
    const auto began = std::chrono::steady_clock::now();
    while (!child->has_ended())
      for (const auto& line : child->lines(1000ms)) hear(line);
    const auto end = child->end();
    ended(end, "draining", began, acknowledged_);
    if (end.status != 0) wrong_.push_back(fmt::format("the process that drains ended with status {}", end.status));
    const auto use = disk_use(settings_.store());
    print(fmt::format("drained and closed: {}", use.text()));
    const auto left = figures_.find(counts_every_byte() ? "left_bytes" : "left_bytes_without_other");
    if (left != figures_.end()) figures_["disk_after_drain"] = per_payload(left->second);
    return end.status == 0;
  }

  bool counts_every_byte() const { return settings_.submissions >= every_byte_counts_from; }
  double per_payload(double bytes) const { return bytes / static_cast<double>(acknowledged_ * Bodies::body_bytes); }

  void ended(const Child::End& end, std::string_view what, std::chrono::steady_clock::time_point began,
             std::uint64_t count) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    print(fmt::format("{}: {:.1f} s, {:.1f} CPU s ({:.1f} us each), peak {:.0f} MB", what, took.count(), end.cpu_s,
                      end.cpu_s * 1e6 / static_cast<double>(std::max<std::uint64_t>(count, 1)), end.peak_rss_mb));
    figures_["rss_mb"] = std::max(figures_["rss_mb"], end.peak_rss_mb);
  }

  bool cannot(std::string why) {
    wrong_.push_back(std::move(why));
    return false;
  }

  const Settings& settings_;
  Figures figures_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t longest_log_ = 0;
  std::chrono::steady_clock::time_point next_look_{};
  std::vector<std::string> wrong_;
};

}  // namespace

int run(const Settings& settings, const std::vector<Limit>& limits) {
  const PacePlan pace = plan_pace(settings.submissions);
  print(fmt::format("the pace: {} warm up, then the last {} against the first {}, each in {} piece(s)", pace.warm_up,
                    pace.slice, pace.slice, pace.pieces));
  const int most = most_runs(settings);
  for (int number = 1;; ++number) {
    Settings one = settings;
    one.data = settings.data / fmt::format("run-{}", number);
    std::filesystem::create_directory(one.data);
    Run run(one);
    const bool sound = run.run();
    const Figures& figures = run.figures();
    const auto sentences = shortfalls(limits, figures);
    if (sound && number < most && only_pace_falls_short(limits, figures)) {
      for (const auto& sentence : sentences) print(fmt::format("run {}/{} fell short: {}", number, most, sentence));
      print(fmt::format("a short run: a neighbour on the machine may have done that, so once more ({} of {})",
                        number + 1, most));
      std::filesystem::remove_all(one.data);
      continue;
    }
    for (const auto& sentence : sentences) print("fell short: " + sentence);
    print(summary(run.acknowledged(), limits, figures, {number, most}));
    return sound && sentences.empty() ? 0 : 1;
  }
}

}  // namespace titip::capacity
