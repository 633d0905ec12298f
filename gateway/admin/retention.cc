#include "gateway/admin/retention.h"

#include <algorithm>
#include <utility>

#include "gateway/admin/clock_words.h"
#include "metrics/log.h"

namespace titip::admin {
namespace {

using metrics::Field;
using metrics::Level;

// Where the last process stopped: an object of its own.
constexpr const char* place_kind = "upkeep";
constexpr const char* place_name = "retention";
constexpr const char* clock_name = "clock";
constexpr auto after_an_error = std::chrono::milliseconds(60'000);

}  // namespace

void Retention::start() {
  parts_.store.get_object(place_kind, place_name, parts_.home,
                          [this](storage::Result<std::optional<storage::Object>> place) {
                            if (stopped_) return;
                            remembered_ = place && *place;
                            begin_pass(remembered_ ? storage::SubmissionId::parse((*place)->bytes) : std::nullopt);
                          });
}

void Retention::stop() {
  stopped_ = true;
  if (timer_) parts_.timers.cancel(*timer_);
  timer_.reset();
}

void Retention::later(std::chrono::milliseconds delay, void (Retention::*what)()) {
  timer_ = parts_.timers.after(delay, [this, what] {
    timer_.reset();
    (this->*what)();
  });
}

void Retention::begin_pass(std::optional<storage::SubmissionId> after) {
  what_ = retain_at(parts_.clock.wall(), options_.rule);
  what_.after = after;
  what_.examine = options_.examine;
  slices_ = 0;
  look_at_the_clock();
  slice();
}

// A commit an hour at least: the store takes a pause that is too long for a clock that is wrong.
void Retention::look_at_the_clock() {
  parts_.store.put_objects({{place_kind, clock_name, std::nullopt, "ticks"}}, parts_.home, [this](const auto&) {
    const auto words = clock_words(parts_.store.health());
    if (!words.empty() && !stopped_) metrics::log(Level::warning, "clock_doubted", {{Field::reason, words.english()}});
  });
}

void Retention::slice() {
  const auto health = parts_.store.health();
  // With the disk low it goes on all the more: it is what makes room.
  if (!health.writable || (health.writer_queue >= options_.writer_is_busy && !health.disk_low))
    return later(options_.busy_rest, &Retention::slice);
  const auto began = parts_.clock.steady();
  parts_.store.retain(what_, parts_.home, [this, began](storage::Result<storage::Retained> slice) {
    if (!stopped_) sliced(std::move(slice), parts_.clock.steady() - began);
  });
}

void Retention::sliced(storage::Result<storage::Retained> slice, std::chrono::nanoseconds took) {
  if (!slice) {
    if (slice.error() != storage::Error::overloaded)
      metrics::log(Level::error, "retention_failed", {{Field::failure, storage::name(slice.error())}});
    return later(after_an_error, &Retention::slice);
  }
  parts_.probes.records.add(static_cast<double>(slice->erased));
  parts_.probes.bytes.add(static_cast<double>(slice->bytes));
  what_.after = slice->next;
  if (!slice->next) return pass_ended();
  if (++slices_ % options_.remember_every == 0) remember(slice->next);
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(took * options_.rest_per_work);
  later(std::max(options_.least_rest, rest), &Retention::slice);
}

void Retention::pass_ended() {
  if (remembered_) remember(std::nullopt);
  const auto now = std::chrono::duration<double>(parts_.clock.wall().time_since_epoch());
  parts_.probes.last_pass.set(now.count());
  timer_ = parts_.timers.after(options_.between_passes, [this] {
    timer_.reset();
    begin_pass(std::nullopt);
  });
}

// Forgotten at the end of a pass, so that the next process begins at the beginning.
void Retention::remember(const std::optional<storage::SubmissionId>& after) {
  remembered_ = after.has_value();
  parts_.store.put_objects({{place_kind, place_name, std::nullopt, after ? after->text() : std::string()}}, parts_.home,
                           [](const auto&) {});
}

}  // namespace titip::admin
