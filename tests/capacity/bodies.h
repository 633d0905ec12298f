// The bodies of the capacity run: what a clinic posts to vaksin/simpan, about 1 KB, most of it random. Each is made
// from its number alone, so that whoever receives one can make it again and compare every byte; nothing of a run has to
// be remembered but one bit a submission. Synthetic people only. Immutable after construction; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace titip::capacity {

class Bodies {
 public:
  static constexpr std::size_t body_bytes = 1024;
  // The run's own day. Every body carries a reason for late entry, so that no day's end changes what is sent.
  static constexpr std::string_view date = "2021-08-16";

  Bodies(std::uint64_t seed, std::uint32_t facilities);

  // Replaces what `body` holds and keeps its memory. One in sixteen is the second dose of the person eight numbers
  // before: ordering keys have lines to keep.
  void write(std::uint64_t number, std::string& body) const;
  const std::string& facility(std::uint64_t number) const;
  std::string idempotency_key(std::uint64_t number) const;
  const std::vector<std::string>& facilities() const { return facilities_; }

  // The number of a body made by anyone's write(); nothing: it is none of them. The rest of the body may be anything.
  static std::optional<std::uint64_t> number_of(std::string_view body);

 private:
  std::uint64_t seed_;
  std::vector<std::string> facilities_;
};

}  // namespace titip::capacity
