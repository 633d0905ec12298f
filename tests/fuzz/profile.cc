// The loader of profiles. What it takes must be of use: every route is found by its id, and matching takes any path.
#include "tests/fuzz/fuzz.h"

using titip::fuzz::must;
namespace profile = titip::profile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = titip::fuzz::text_of(data, size);
  const auto loaded = profile::load_profile(text);
  if (!loaded) {
    must(!loaded.error().sentence.empty(), "a mistake has a sentence");
    return 0;
  }
  must(!loaded->name.empty() && !loaded->rules.empty(), "a profile has a name, and rules that end in a catch-all");
  for (const auto& route : loaded->routes) {
    must(profile::find_route(*loaded, route.id) == &route, "a route is found by its id");
    const auto found = profile::match(*loaded, route.method, route.path);
    must(found.route != nullptr || !found.allowed_methods.empty(), "a route's own pattern is a path of it");
  }
  return 0;
}
