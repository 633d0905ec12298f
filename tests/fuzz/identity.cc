// What identifies a submission, read from its body by the shipped profiles: by the quick reader and by the parser,
// which must agree wherever both read.
#include "gateway/intake/identity.h"

#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.h"

using titip::fuzz::must;
namespace intake = titip::intake;
namespace profile = titip::profile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  titip::fuzz::Dice dice(titip::fuzz::text_of(data, size));
  const auto& profiles = titip::fuzz::shipped_profiles();
  const auto& one = profiles[dice.below(profiles.size())];
  const auto& route = one.routes[dice.below(one.routes.size())];
  const std::map<std::string, std::string, std::less<>> parameters{{"noKunjungan", "0905R0020816Y000001"}};
  const auto pointers = intake::identity_pointers(route);
  const auto quick = intake::read_identity(
      intake::IdentityText{route, pointers, dice.rest(), parameters, "0905R002", one.date_format});
  if (!quick) {
    must(!quick.error().faults.empty(), "a fault has a place");
    for (const auto& fault : quick.error().faults) must(!fault.sentence.empty(), "and a sentence");
  }
  const auto body = intake::parse_body(dice.rest());
  if (pointers.empty() || !body) return 0;
  const auto slow = intake::read_identity(intake::IdentityInput{route, *body, parameters, "0905R002", one.date_format});
  must(slow.has_value() == quick.has_value(), "both readers find it, or neither");
  if (!slow) return 0;
  must(slow->ordering == quick->ordering, "the same ordering key");
  must(slow->natural == quick->natural, "the same natural key");
  must(slow->business_date == quick->business_date, "the same day");
  must(intake::differing_places(*body, *body, 5).empty(), "a body does not differ from itself");
  return 0;
}
