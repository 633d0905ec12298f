// The loader of the configuration. The directory holds nothing, so that a file it names is told as missing.
#include "gateway/config.h"

#include "tests/fuzz/fuzz.h"

using titip::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = titip::gateway::parse_config(titip::fuzz::text_of(data, size), "/nonexistent");
  if (!config) {
    must(!config.error().sentence.empty(), "a mistake has a sentence");
    must(config.error().pointer.empty() || config.error().pointer.starts_with('/'), "and a JSON pointer");
    return 0;
  }
  must(!config->destinations.empty() && !config->data_directory.empty(), "what must be there is there");
  must(config->front.loops >= 1 && config->front.limits.connections >= 1, "numbers keep their bounds");
  return 0;
}
