#include "tests/capacity/accept_phase.h"

#include <fmt/format.h>
#include <unistd.h>

#include <variant>
#include <vector>

#include "tests/capacity/cpu.h"
#include "tests/capacity/disk.h"
#include "tests/capacity/gateway.h"
#include "tests/capacity/pace.h"
#include "tests/capacity/report.h"
#include "tests/capacity/slowing.h"

namespace titip::capacity {
namespace {

// So many are made between two looks at the clock.
constexpr std::size_t made_at_once = 64;

// Everything but the start runs on the front loop.
class Accepting {
 public:
  explicit Accepting(const Settings& settings)
      : settings_(settings),
        gateway_(settings, true),
        pace_(plan_pace(settings.submissions)),
        slowing_(settings.slowing, settings.submissions) {}

  void start() {
    gateway_.front.start();
    gateway_.front.run([this] { feed(); });
  }

 private:
  // Runs once for all answers of a commit, and fills up what they made room for.
  void feed() {
    feeding_ = false;
    slowing_.wait(acknowledged_);
    note_pace();
    report::acknowledged(acknowledged_);
    while (sent_ - acknowledged_ < settings_.waiting) {
      make();
      for (auto& arrival : made_) take(std::move(arrival), sent_++);
    }
  }

  void make() {
    const double began = this_thread_cpu_s();
    made_.clear();
    for (std::size_t i = 0; i < made_at_once; ++i) made_.push_back(gateway_.arrival(sent_ + i));
    making_cpu_s_ += this_thread_cpu_s() - began;
  }

  void take(intake::Arrival arrival, std::uint64_t number) {
    gateway_.intake.take(std::move(arrival), [this, number](intake::Answer answer) { answered(number, answer); });
  }

  // The store answers in the order of the calls, so a count says which ones are acknowledged.
  void answered(std::uint64_t number, const intake::Answer& answer) {
    if (const auto* refused = std::get_if<intake::Refused>(&answer))
      report::give_up(fmt::format("submission {} was refused: {}", number, refused->title.english()));
    const auto* custody = std::get_if<intake::InCustody>(&answer);
    if (custody == nullptr || custody->replayed || number != acknowledged_)
      report::give_up(fmt::format("submission {} is in doubt, replayed or out of turn", number));
    ++acknowledged_;
    if (feeding_) return;
    feeding_ = true;
    gateway_.front.run([this] { feed(); });
  }

  void note_pace() {
    const bool had_begun = pace_.has_begun();
    const auto tenth = pace_.reached(acknowledged_, std::chrono::steady_clock::now());
    if (!had_begun && pace_.has_begun()) begin_tenth();
    if (tenth) {
      say_tenth(*tenth);
      begin_tenth();
    }
    if (!pace_.is_over() || said_ratio_) return;
    said_ratio_ = true;
    if (const auto ratio = pace_.ratio()) report::figure("accept_ratio", *ratio);
    report::figure("accepts_per_s", pace_.rate().value_or(0));  // last: the kill may come with it
  }

  void begin_tenth() {
    cpu_ = cpu_use(gateway_.front.writer());
    tenth_began_ = acknowledged_;
    commits_ = gateway_.commits.commits();
    made_cpu_s_ = making_cpu_s_;
  }

  void say_tenth(const Pace::Tenth& tenth) {
    const auto cpu = cpu_use(gateway_.front.writer()) - cpu_;
    const double making = making_cpu_s_ - made_cpu_s_;
    const auto count = static_cast<double>(acknowledged_ - tenth_began_);
    const auto each_us = [&](double seconds) { return seconds * 1e6 / count; };
    report::say(
        fmt::format("accepts, tenth {:2}: {:6.0f}/s, {:3.0f} a commit; CPU us each: intake {:.1f}, writer {:.1f}, "
                    "background {:.1f}, "
                    "readers and rest {:.1f}, making the bodies {:.1f}; peak {:.0f} MB; {}",
                    tenth.number, tenth.rate, count / static_cast<double>(gateway_.commits.commits() - commits_),
                    each_us(cpu.front - making), each_us(cpu.writer), each_us(cpu.background), each_us(cpu.readers),
                    each_us(making), peak_rss_mb(), disk_use(settings_.store()).text()));
  }

  const Settings& settings_;
  Gateway gateway_;
  Pace pace_;
  Slowing slowing_;
  std::vector<intake::Arrival> made_;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  bool feeding_ = false;
  bool said_ratio_ = false;
  double making_cpu_s_ = 0;
  // As they were when this tenth began.
  CpuUse cpu_;
  std::uint64_t tenth_began_ = 0;
  std::uint64_t commits_ = 0;
  double made_cpu_s_ = 0;
};

}  // namespace

void accept_until_killed(const Settings& settings) {
  Accepting accepting(settings);
  accepting.start();
  while (true) ::pause();
}

}  // namespace titip::capacity
