#include "gateway/delivery/logins.h"

#include <algorithm>

namespace titip::delivery {

Standing Logins::standing(std::string_view facility, clock::SteadyTime now) const {
  const auto found = entries_.find(facility);
  if (found == entries_.end()) return Standing::usable;
  const auto& entry = found->second;
  if (entry.standing == Standing::needs_login && entry.until > now) return Standing::waiting;
  return entry.standing == Standing::paused && entry.until <= now ? Standing::needs_login : entry.standing;
}

void Logins::expired(std::string_view facility, clock::SteadyTime now) {
  auto& entry = entries_[std::string(facility)];
  if (entry.standing != Standing::paused && entry.standing != Standing::logging_in) log_in_again(entry, now);
}

void Logins::refused(std::string_view facility, clock::SteadyTime now) {
  auto& entry = entries_[std::string(facility)];
  if (entry.standing == Standing::paused && entry.until > now) return;  // several in flight were refused at once
  entry.pause = entry.pause.count() == 0 ? options_.pause_first : std::min(entry.pause * 2, options_.pause_max);
  entry.standing = Standing::paused;
  entry.until = now + entry.pause;
}

void Logins::began(std::string_view facility) {
  auto& entry = entries_[std::string(facility)];
  entry.standing = Standing::logging_in;
  ++entry.tries;
}

void Logins::accepted(std::string_view facility) {
  const auto found = entries_.find(facility);
  if (found != entries_.end()) found->second.standing = Standing::usable;
}

void Logins::inconclusive(std::string_view facility, clock::SteadyTime now) {
  log_in_again(entries_[std::string(facility)], now);
}

void Logins::worked(std::string_view facility) {
  const auto found = entries_.find(facility);
  // What was sent before the trouble and is served after it proves nothing.
  if (found != entries_.end() && found->second.standing == Standing::usable) entries_.erase(found);
}

void Logins::renewed(std::string_view facility) {
  const auto found = entries_.find(facility);
  if (found != entries_.end()) entries_.erase(found);
}

std::vector<std::string> Logins::forgive(clock::SteadyTime since, clock::SteadyTime now) {
  std::vector<std::string> forgiven;
  for (auto& [facility, entry] : entries_) {
    const bool paused = entry.standing == Standing::paused && entry.until - entry.pause >= since;
    const bool waits = entry.standing == Standing::needs_login && entry.until > now;
    if (entry.forgiven || !(paused || waits)) continue;
    const auto standing = paused ? Standing::usable : Standing::needs_login;
    entry = Entry{.standing = standing, .until = now, .forgiven = true};
    forgiven.push_back(facility);
  }
  return forgiven;
}

// The first time at once, then after waits that double: nothing may log in as fast as the server can answer.
void Logins::log_in_again(Entry& entry, clock::SteadyTime now) const {
  const bool waits = entry.standing == Standing::needs_login && entry.until > now;
  entry.standing = Standing::needs_login;
  if (waits) return;
  auto wait = std::chrono::milliseconds(0);
  if (entry.tries > 0)
    wait = std::min(options_.again_first * (1U << std::min(entry.tries - 1, 20U)), options_.pause_first);
  entry.until = now + wait;
}

bool Logins::on_trial(std::string_view facility) const {
  const auto found = entries_.find(facility);
  return found != entries_.end() && found->second.standing == Standing::usable && found->second.pause.count() > 0;
}

std::size_t Logins::in_progress() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [](const auto& e) { return e.second.standing == Standing::logging_in; }));
}

std::size_t Logins::paused(clock::SteadyTime now) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [&](const auto& e) { return e.second.standing == Standing::paused && e.second.until > now; }));
}

std::optional<clock::SteadyTime> Logins::next_wake(clock::SteadyTime now) const {
  std::optional<clock::SteadyTime> next;
  for (const auto& [facility, entry] : entries_) {
    const bool waits = entry.standing == Standing::paused || entry.standing == Standing::needs_login;
    if (waits && entry.until > now && (!next || entry.until < *next)) next = entry.until;
  }
  return next;
}

}  // namespace titip::delivery
