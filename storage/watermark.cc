#include "storage/watermark.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "metrics/words/said.h"
#include "storage/codec.h"

namespace titip::storage {
namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string encode(const Reach& mark) {
  return Encoder().u8(version).u64(mark.commit).u64(mark.position).u64(mark.epoch).time(mark.at).take();
}

std::optional<Reach> decode_reach(std::string_view bytes) {
  Decoder in(bytes);
  if (in.u8() != version) return std::nullopt;
  Reach mark;
  mark.commit = in.u64();
  mark.position = in.u64();
  mark.epoch = in.u64();
  mark.at = in.time();
  if (!in.done()) return std::nullopt;
  return mark;
}

std::string time_text(WallTime at) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(
                         std::chrono::sys_time<std::chrono::seconds>(std::chrono::floor<std::chrono::seconds>(at)))));
}

std::optional<Lack> lack_of(const Reach& found, const Reach& noted) {
  const auto missing = [](std::uint64_t there, std::uint64_t expected) {
    return expected > there ? expected - there : std::uint64_t{0};
  };
  const Lack lack{missing(found.commit, noted.commit), missing(found.position, noted.position)};
  if (lack.commits == 0 && lack.positions == 0) return std::nullopt;
  return lack;
}

std::string refusal(const Lack& lack, const Reach& found, const Reach& noted, std::string_view directory) {
  const std::string where = directory.empty() ? "DIR" : std::string(directory);
  const std::string submissions = lack.positions == 0
                                      ? words::tell("no accepted submission is missing, but outcomes are")
                                      : words::tell("{} accepted submissions are missing (positions {} to {})",
                                                    lack.positions, found.position + 1, noted.position);
  return words::tell(
      "the store has lost work that was acknowledged: {} commits made between {} and {} are missing; {}; this is no "
      "ordinary crash, and nothing was changed, so look at the disk first and put it right if you can; if not, run "
      "`titip restore --as-it-is "
      "{}`, which treats the store like one restored from a backup",
      lack.commits, time_text(found.at), time_text(noted.at), submissions, where);
}

Watermark::Watermark(Kv& kv, std::chrono::milliseconds at_most_every) : kv_(kv), at_most_every_(at_most_every) {}

Watermark::~Watermark() {
  close();
}

void Watermark::start() {
  thread_ = std::thread([this] { run(); });
}

void Watermark::acknowledged(const Reach& mark) {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(newest_, mark)) return;  // whoever notes it has been woken for the one before
  }
  wake_.notify_one();
}

bool Watermark::pump() {
  std::optional<Reach> mark;
  {
    const std::scoped_lock lock(mutex_);
    if (failure_) return false;
    mark = std::exchange(newest_, std::nullopt);
  }
  if (!mark) return false;
  if (auto noted = kv_.note(encode(*mark)); !noted) {
    const std::scoped_lock lock(mutex_);
    failure_ = std::move(noted.error());
  }
  return true;
}

std::optional<KvError> Watermark::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

void Watermark::run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return closing_ || (newest_ && !failure_); });
      if (closing_) return;
    }
    pump();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, at_most_every_, [&] { return closing_; });
  }
}

void Watermark::close() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(closing_, true)) return;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  pump();
}

}  // namespace titip::storage
