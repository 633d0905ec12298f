#include "gateway/progress_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

constexpr auto redraw_every = std::chrono::milliseconds(100);
constexpr auto line_every = std::chrono::seconds(10);
constexpr std::size_t bar_width = 24;

std::string time_text(std::uint64_t seconds) {
  if (seconds >= 3600) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

}  // namespace

std::string progress_words(storage::Progress progress, std::chrono::milliseconds elapsed) {
  const auto seconds = std::chrono::duration<double>(elapsed).count();
  const double rate = seconds > 0 ? static_cast<double>(progress.done) / seconds : 0;
  auto text = words::grouped(progress.done).own();
  if (progress.of > 0) {
    const auto done = std::min(progress.done, progress.of);
    text = words::tell("{} of {} ({} %)", text, words::grouped(progress.of), done * 100 / progress.of);
  }
  if (rate < 1) return text;
  text += fmt::format(", {}/s", words::grouped(static_cast<std::uint64_t>(rate)).own());
  if (progress.of > progress.done)
    text += words::tell(", {} left",
                        time_text(static_cast<std::uint64_t>(static_cast<double>(progress.of - progress.done) / rate)));
  return text;
}

std::string progress_bar(storage::Progress progress, std::size_t width) {
  if (progress.of == 0 || width == 0) return {};
  const auto share = static_cast<double>(std::min(progress.done, progress.of)) / static_cast<double>(progress.of);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(width));
  std::string bar(width, ' ');
  std::fill_n(bar.begin(), full, '=');
  if (full < width) bar[full] = '>';
  return "[" + bar + "]";
}

ProgressLine::ProgressLine(std::FILE* out, bool on_terminal) : out_(out), on_terminal_(on_terminal) {}

void ProgressLine::show(storage::Progress progress) {
  const auto now = Clock::now();
  // The first ten seconds of a log stay silent: most commands are done by then.
  const auto last = shown_at_.value_or(on_terminal_ ? Clock::time_point{} : began_);
  if (now - last < (on_terminal_ ? Clock::duration(redraw_every) : Clock::duration(line_every))) return;
  shown_at_ = now;
  const auto words = progress_words(progress, std::chrono::duration_cast<std::chrono::milliseconds>(now - began_));
  if (on_terminal_) {
    const auto bar = progress_bar(progress, bar_width);
    fmt::print(out_, "\r\x1b[K{}{}{}", bar, bar.empty() ? "" : " ", words);
    drawn_ = true;
  } else {
    fmt::print(out_, "titip: {}\n", words);
  }
  std::fflush(out_);
}

void ProgressLine::end() {
  if (!drawn_) return;
  fmt::print(out_, "\r\x1b[K");
  std::fflush(out_);
  drawn_ = false;
}

}  // namespace titip::gateway
