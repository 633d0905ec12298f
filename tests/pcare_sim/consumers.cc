#include "tests/pcare_sim/consumers.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/pcare_sim/sealing.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

struct Member {
  const char* name;
  std::string Consumer::* value;
};
constexpr std::array<Member, 7> members{{{"cons_id", &Consumer::id},
                                         {"secret", &Consumer::secret},
                                         {"user_key", &Consumer::user_key},
                                         {"facility", &Consumer::facility},
                                         {"user", &Consumer::user},
                                         {"password", &Consumer::password},
                                         {"application", &Consumer::application}}};

std::expected<Consumer, std::string> read_consumer(const nlohmann::json& entry) {
  if (!entry.is_object()) return std::unexpected(": must be an object");
  Consumer consumer;
  for (const auto& [name, value] : entry.items()) {
    const Member* known = nullptr;
    for (const auto& member : members)
      if (name == member.name) known = &member;
    if (known == nullptr) return std::unexpected(fmt::format("/{}: is no key of a consumer", name));
    if (!value.is_string()) return std::unexpected(fmt::format("/{}: must be a string", name));
    consumer.*(known->value) = value.get<std::string>();
  }
  for (const auto& member : members)
    if ((consumer.*(member.value)).empty()) return std::unexpected(fmt::format("/{}: is missing", member.name));
  return consumer;
}

}  // namespace

std::expected<std::vector<Consumer>, std::string> parse_consumers(std::string_view json_text) {
  const auto parsed = nlohmann::json::parse(json_text, nullptr, false);
  if (!parsed.is_array()) return std::unexpected("/: must be a JSON array of consumers");
  std::vector<Consumer> consumers;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    auto consumer = read_consumer(parsed[i]);
    if (!consumer) return std::unexpected(fmt::format("/{}{}", i, consumer.error()));
    for (const auto& other : consumers)
      if (other.id == consumer->id) return std::unexpected(fmt::format("/{}/cons_id: is given twice", i));
    consumers.push_back(*std::move(consumer));
  }
  return consumers;
}

Consumers::Consumers(std::vector<Consumer> consumers, std::chrono::seconds tolerance) : tolerance_(tolerance) {
  for (auto& consumer : consumers) {
    std::string id = consumer.id;
    by_id_.emplace(std::move(id), std::move(consumer));
  }
}

std::expected<const Consumer*, std::string> Consumers::caller(const Credentials& credentials, WallTime now) const {
  const auto found = by_id_.find(std::string(credentials.consumer));
  if (found == by_id_.end())
    return std::unexpected(fmt::format("Consumer {} tidak terdaftar", printable(credentials.consumer, 20)));
  const Consumer& consumer = found->second;
  std::int64_t seconds = 0;
  const char* end = credentials.timestamp.data() + credentials.timestamp.size();
  const auto parsed = std::from_chars(credentials.timestamp.data(), end, seconds);
  if (parsed.ec != std::errc() || parsed.ptr != end || credentials.timestamp.size() > 12)
    return std::unexpected("X-timestamp tidak valid");
  if (credentials.signature != signature_of(consumer.id, consumer.secret, credentials.timestamp))
    return std::unexpected("Signature tidak sesuai");
  const auto age = std::chrono::abs(now - WallTime(std::chrono::seconds(seconds)));
  if (age > tolerance_) return std::unexpected("Timestamp kedaluwarsa");
  if (!credentials.user_key.empty() && credentials.user_key != consumer.user_key)
    return std::unexpected("user_key tidak valid");
  constexpr std::string_view basic = "Basic ";
  const auto login = credentials.authorization.starts_with(basic)
                         ? base64_decoded(credentials.authorization.substr(basic.size()))
                         : std::nullopt;
  if (login != fmt::format("{}:{}:{}", consumer.user, consumer.password, consumer.application))
    return std::unexpected("Username atau password salah");
  return &consumer;
}

}  // namespace titip::pcare_sim
