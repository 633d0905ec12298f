// Sealed envelopes: any reply is opened or left as it is; what is sealed for a clinic opens to what was meant. Beside
// it the other decoders of what comes from outside: credentials, X-authorization, kept answers.
#include <nlohmann/json.hpp>

#include "gateway/reads/kept_read.h"
#include "tests/fuzz/fuzz.h"
#include "upstream/profile/json_text.h"
#include "upstream/scheme/bpjs_calls.h"

using titip::fuzz::must;
namespace scheme = titip::scheme;
namespace profile = titip::profile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  titip::fuzz::Dice dice(titip::fuzz::text_of(data, size));
  const auto& profiles = titip::fuzz::shipped_profiles();
  const auto& shape = profiles[dice.below(profiles.size())].envelope;
  const scheme::Consumer consumer{"10001", "a consumer's secret"};
  constexpr std::string_view timestamp = "1629075600";
  const auto bytes = dice.rest();
  // What the other side sealed may be anything, behind the cipher too.
  const auto sealed = scheme::bpjs_encrypt(consumer, timestamp, bytes);
  if (sealed) must(scheme::bpjs_decrypt(consumer, timestamp, *sealed, bytes.size()) == bytes, "what was sealed opens");
  const auto opened = scheme::open_reply(shape, consumer, timestamp, bytes, 1U << 16U);
  const auto reply = scheme::seal_reply(shape, consumer, timestamp, bytes);
  if (profile::parse_json(bytes)) {
    must(profile::parse_json(opened).has_value(), "an opened reply is JSON");
    must(profile::parse_json(reply).has_value(), "and so is a sealed one");
    if (reply != bytes) {
      const auto back = scheme::open_reply(shape, consumer, timestamp, reply, 1U << 20U);
      must(profile::parse_json(back).has_value(), "and what comes back");
    }
  }
  if (const auto credentials = scheme::decode_credentials(bytes))
    must(scheme::decode_credentials(scheme::encode(*credentials)) == credentials, "credentials come back");
  scheme::authorization_user(bytes);
  if (const auto kept = titip::reads::decode_kept_read(bytes))
    must(titip::reads::encode(*kept) == bytes, "a kept answer is the same bytes again");
  return 0;
}
