// Token buckets for whoever comes, known or not: a fixed number of them, found by a salted hash, so no memory grows
// with who asks and nobody can choose whose bucket they share. Threads: any; no lock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/clock/clock.h"

namespace titip::clock {

// A bucket of `burst` tokens into which one falls `each` span; 0: as many as are wanted. Pure (GCRA): when it is full
// again is all there is to know of it.
struct Pace {
  std::chrono::nanoseconds each{0};
  std::uint32_t burst = 1;

  static Pace per_second(std::uint32_t tokens, std::uint32_t burst);
  struct Taken {
    SteadyTime full_at;  // from now on
    bool given = true;
    std::uint32_t left = 0;            // tokens, after this one
    std::chrono::nanoseconds wait{0};  // until there is one
  };
  Taken take(SteadyTime full_at, SteadyTime now) const;
};

class Buckets {
 public:
  // Words that name together whose bucket it is.
  using Whom = std::initializer_list<std::string_view>;

  Buckets(Pace pace, std::size_t count);

  // Nothing: a token was taken. Otherwise there is none for so long.
  std::optional<std::chrono::nanoseconds> take(Whom whom, SteadyTime now);
  bool is_empty(Whom whom, SteadyTime now) const;

 private:
  std::size_t place(Whom whom) const;

  const Pace pace_;
  const std::size_t count_;
  const std::uint64_t salt_;
  const std::unique_ptr<std::atomic<std::int64_t>[]> full_at_;  // nanoseconds of the steady clock
};

}  // namespace titip::clock
