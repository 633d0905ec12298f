// What a request says about other records: the identity it is required by, what it requires, the numbers that it quotes
// and those that its reply will give. Values are read by the profile's sources, dates written year first, so that keys
// made of them agree whoever makes them. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/profile/profile.h"
#include "upstream/profile/values.h"

namespace titip::profile {

// Values of sources, in their order, dates normalised. Nothing if one of them has none.
std::optional<std::vector<std::string>> values_of(DateFormat format, const RequestView& request,
                                                  const std::vector<std::string>& sources);

struct RequiredRecord {
  std::string route{};  // its id
  std::vector<std::string> identity{};
};

struct QuotedNumber {
  std::string reference{};
  std::string at{};                  // where in the request: Quote::at
  std::vector<std::string> scope{};  // values
  std::string number{};              // as it stands there, provisional or real
};

struct YieldedNumber {
  std::string reference{};
  std::vector<std::string> scope{};  // values
};

struct Chain {
  std::vector<std::string> provides{};  // values; empty if nothing requires this route
  std::vector<RequiredRecord> requirements{};
  std::vector<QuotedNumber> quotes{};  // those that are there
  std::vector<YieldedNumber> yields{};
  // What a DELETE takes back, if it says so by identity; if by a number, that is among `quotes` (Route::takes_back).
  std::optional<RequiredRecord> takes_back{};
};

// Nothing if a value is missing that the loader has seen to: a request that lacks what its route requires.
std::optional<Chain> read_chain(DateFormat format, const Route& route, const RequestView& request);
// Every source that read_chain looks at: what BodyFields is to be asked for.
std::vector<std::string_view> chain_sources(const Route& route);

// The number in a decrypted reply that was judged delivered: at the first of the yield's pointers that holds one, as a
// text or number, or as the message of {"field": its reference's name, "message": …}, alone or in a list. Nothing if
// what is there is no number but words (a server's sentence has spaces).
std::optional<std::string> number_in_reply(const Yield& yield, const nlohmann::json& reply);
// The same in one entry of the probe's read.
std::optional<std::string> number_in_entry(const Yield& yield, const nlohmann::json& entry);

}  // namespace titip::profile
