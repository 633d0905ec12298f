// The outcome rules of the shipped profiles on any reply. Delivered is never said of what is no 2xx.
#include "tests/fuzz/fuzz.h"
#include "upstream/rules/classify.h"

using titip::fuzz::must;
namespace rules = titip::rules;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  titip::fuzz::Dice dice(titip::fuzz::text_of(data, size));
  const auto& profiles = titip::fuzz::shipped_profiles();
  const auto& one = profiles[dice.below(profiles.size())];
  const auto& route = one.routes[dice.below(one.routes.size())];
  constexpr int statuses[] = {200, 201, 204, 301, 400, 401, 404, 412, 422, 424, 429, 500, 502, 503, 504, 599};
  rules::Reply reply;
  reply.http_status = statuses[dice.below(std::size(statuses))];
  reply.content_type = dice.below(2) == 0 ? "application/json" : "text/html";
  reply.body = dice.rest();
  const auto told = rules::classify(one, route.id, reply);
  must(!told.rule.empty(), "some rule holds");
  must(told.words.size() <= 1000, "words have their bound");
  if (told.outcome == rules::OutcomeKind::delivered)
    must(reply.http_status / 100 == 2, "what is no 2xx is not delivered");
  if (reply.http_status >= 500) must(!rules::read_was_served(one, reply), "a 5xx served nobody");
  return 0;
}
