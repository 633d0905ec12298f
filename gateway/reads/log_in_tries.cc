#include "gateway/reads/log_in_tries.h"

namespace titip::reads {
namespace {

// To keep all of them empty takes 20,000 log-ins a second, and more of one user's. Of a province's 5,000 users who were
// let in, two in a hundred strangers' addresses share a bucket: so many guessers pass for somebody known.
constexpr std::size_t buckets = 1U << 18U;
constexpr std::size_t buckets_of_users = 1U << 16U;

clock::Pace pace(std::uint32_t tries, std::chrono::milliseconds window) {
  return {std::chrono::nanoseconds(window) / tries, tries};
}

}  // namespace

LogInTries::LogInTries(const LogInTriesOptions& options, std::chrono::milliseconds let_in_lasts)
    : here_(pace(options.tries, options.window), buckets),
      elsewhere_(pace(options.tries_elsewhere, options.window), buckets_of_users),
      let_in_({let_in_lasts, 1}, buckets) {}

std::optional<std::chrono::nanoseconds> LogInTries::wait(std::string_view site, std::string_view user,
                                                         clock::SteadyTime now) {
  if (const auto wait = here_.take({site, user}, now)) return wait;
  if (let_in_.is_empty({site, user}, now)) return std::nullopt;
  return elsewhere_.take({user}, now);
}

void LogInTries::let_in(std::string_view site, std::string_view user, clock::SteadyTime now) {
  static_cast<void>(let_in_.take({site, user}, now));
}

}  // namespace titip::reads
