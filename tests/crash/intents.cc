#include "tests/crash/intents.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tests/sampler/random.h"

namespace titip::crash {

using storage::Digest;
using storage::NewSubmission;
using storage::SubmissionId;

namespace {

constexpr std::uint32_t persons = 11;

template <std::size_t n>
std::array<std::uint8_t, n> spread(std::uint64_t seed, std::string_view text) {
  std::uint64_t mixed = seed ^ 0xcbf29ce484222325ULL;
  for (const char c : text) mixed = (mixed ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
  std::array<std::uint8_t, n> made{};
  for (auto& byte : made) byte = static_cast<std::uint8_t>(sampler::splitmix64(mixed) >> 56U);
  return made;
}

storage::WallTime said_at(const Try& said) {
  return storage::WallTime(std::chrono::milliseconds(morning_ms + static_cast<std::int64_t>(said.number) * 50));
}

}  // namespace

// Every fourth has something to do with the one before: it is said a second time without a key (a double entry), it
// corrects it, or it contradicts it.
Intent Intents::intent(std::uint64_t number) const {
  sampler::Random dice(seed_, number * 8 + 1);
  Intent made;
  made.number = number;
  made.body = number;
  made.person = fmt::format("person {}", dice.below(persons));
  made.facility = fmt::format("clinic-{}", dice.below(facilities));
  made.idempotency_key = dice.chance(0.8);
  const bool follows = number % 4 == 0;
  const bool is_followed = number % 4 == 3;
  if (follows || is_followed) made.natural = (number + 1) / 4;
  // Every sixth is waited for by the next one, and every third of these is taken back by the one behind that.
  made.provides = number % 6 == 1;
  if (number % 6 == 2) made.waits_for = number - 1;
  if (number % 18 == 9) {
    made.takes_back = number - 2;
    made.facility = intent(number - 2).facility;  // only one's own can be taken back
  }
  // What bears no key at all cannot be said twice; no gateway can help that.
  if (!made.natural) made.idempotency_key = true;
  if (!follows || number == 0) return made;
  const Intent before = intent(number - 1);
  made.person = before.person;
  made.facility = before.facility;
  const std::uint32_t die = dice.below(3);
  if (die == 0) {
    made.body = before.body;
    made.idempotency_key = dice.chance(0.3);
  } else if (die == 1) {
    made.correction = true;
  }
  return made;
}

SubmissionId Intents::id(const Try& said) const {
  SubmissionId id;
  id.bytes = spread<16>(seed_, fmt::format("id {} {}", said.number, said.times));
  const auto ms = static_cast<std::uint64_t>(said_at(said).time_since_epoch().count());
  for (unsigned i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (8U * (5 - i)));
  return id;
}

// Most are a few hundred bytes, so that some lie in blob files and some in tables.
std::string Intents::payload(const Try& said) const {
  sampler::Random dice(seed_, said.number * 8 + 2);
  const std::uint32_t length = dice.chance(0.3) ? dice.between(60, 250) : dice.between(300, 2500);
  std::string bytes = fmt::format("body {} of {} said {} times; ", intent(said.number).body, said.number, said.times);
  while (bytes.size() < length) bytes += static_cast<char>(dice.next() >> 56U);
  return bytes;
}

std::optional<std::uint64_t> body_of(std::string_view payload) {
  constexpr std::string_view begin = "body ";
  if (!payload.starts_with(begin)) return std::nullopt;
  std::uint64_t body = 0;
  const char* digits = payload.data() + begin.size();
  const auto read = std::from_chars(digits, payload.data() + payload.size(), body);
  return read.ec == std::errc() ? std::optional(body) : std::nullopt;
}

std::optional<Digest> Intents::idempotency_key(const Intent& intent) const {
  if (!intent.idempotency_key) return std::nullopt;
  return spread<sizeof(Digest)>(seed_, fmt::format("key {}", intent.number));
}

Digest Intents::fingerprint(const Intent& intent) const {
  return spread<sizeof(Digest)>(seed_, fmt::format("body {}", intent.body));
}

NewSubmission Intents::submission(const Try& said) const {
  const Intent meant = intent(said.number);
  NewSubmission made;
  storage::Submission& s = made.submission;
  s.id = id(said);
  s.destination = destination;
  s.facility = meant.facility;
  s.route = "vaccination";
  s.profile_version = 1;
  s.channel = "mount";
  s.receipt = fmt::format("R{:08X}{:02X}", said.number, said.times);
  s.ordering_key = spread<sizeof(Digest)>(seed_, meant.person + " at " + meant.facility);
  s.person = spread<sizeof(Digest)>(seed_, meant.person);
  s.fingerprint = fingerprint(meant);
  s.accepted_at = said_at(said);
  s.wrapped_key = fmt::format("wrapped key of {}/{}", said.number, said.times);
  if (meant.natural) s.natural_key = spread<sizeof(Digest)>(seed_, fmt::format("act {}", *meant.natural));
  const auto act = [this](std::uint64_t provider) {
    return spread<sizeof(Digest)>(seed_, fmt::format("act of {}", provider));
  };
  if (meant.provides) s.provides.push_back(act(meant.number));
  if (meant.waits_for) s.requirements.push_back(act(*meant.waits_for));
  if (meant.takes_back) made.takes_back = act(*meant.takes_back);
  made.payload.bytes = payload(said);
  made.idempotency_key = idempotency_key(meant);
  made.on_conflict = meant.correction ? storage::OnConflict::queue_behind : storage::OnConflict::refuse;
  return made;
}

std::string Intents::object_bytes(std::uint64_t number) const {
  sampler::Random dice(seed_, number * 8 + 3);
  std::string bytes = fmt::format("object {}; ", number);
  const std::uint32_t length = dice.between(16, 700);
  while (bytes.size() < length) bytes += static_cast<char>(dice.next() >> 56U);
  return bytes;
}

std::string Intents::audit_line(std::uint64_t number) {
  return fmt::format("person {} of the office did thing {}", number % 3, number);
}

}  // namespace titip::crash
