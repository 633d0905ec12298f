// The national server of the comparison, and its ledger. It serves so many requests in any one second, reads included,
// and answers 503 above; while it is down it refuses 40 % before any byte, applies 10 % and loses the reply, and lets
// the rest hang or answers 5xx without applying. It recognises no duplicate: what is applied twice stands there twice.
// One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/sampler/random.h"
#include "tests/simulation/compare/weather.h"

namespace titip::compare {

enum class Call : std::uint8_t { write, probe, other };
enum class Fate : std::uint8_t { served, rejected, above_capacity, connect_refused, reply_lost, hangs, error };

struct Reaction {
  Fate fate = Fate::served;
  milliseconds after{0};
};

struct Requests {
  std::uint64_t writes = 0;
  std::uint64_t probes = 0;
  std::uint64_t others = 0;
  std::uint64_t above_capacity = 0;
  std::uint64_t all() const { return writes + probes + others; }
};

class Server {
 public:
  explicit Server(const Weather& weather);

  // `record`: of a write or a probe.
  Reaction arrive(Call call, std::uint32_t record, milliseconds now);
  bool has(std::uint32_t record) const { return record < ledger_.size() && ledger_[record] > 0; }

  bool is_rejected(std::uint32_t record) const { return lot(record) < weather_.rejected; }
  bool is_hanging(std::uint32_t record) const {
    return lot(record) >= weather_.rejected && lot(record) < weather_.rejected + weather_.hanging;
  }
  bool is_poison(std::uint32_t record) const { return lot(record) < weather_.rejected + weather_.hanging; }

  const Requests& seen() const { return seen_; }
  // Applied more than once: how often too often, all together.
  std::uint64_t duplicates() const;

 private:
  double lot(std::uint32_t record) const;  // [0, 1), the record's own
  bool is_above_capacity(milliseconds now);
  Reaction fail(Call call, std::uint32_t record);
  void apply(std::uint32_t record);
  milliseconds latency();

  const Weather& weather_;
  sampler::Random random_;
  std::vector<std::uint16_t> ledger_;  // how often each was applied
  Requests seen_;
  std::int64_t second_ = -1;
  std::uint32_t in_second_ = 0;
};

}  // namespace titip::compare
