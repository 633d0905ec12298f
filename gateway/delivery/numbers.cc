#include "gateway/delivery/numbers.h"

#include "upstream/profile/source.h"
#include "upstream/profile/splice.h"

namespace titip::delivery {

std::optional<storage::Payload> with_numbers(const profile::Route& route, storage::Payload payload,
                                             const std::vector<Placed>& numbers) {
  for (const auto& [at, number] : numbers) {
    const auto source = profile::parse_source(at);
    if (!source) return std::nullopt;
    const bool in_path = source->kind == profile::SourceKind::parameter;
    auto& text = in_path ? payload.target : payload.body;
    auto made = in_path ? profile::with_parameter(route.path, text, source->name, number)
                        : profile::splice_string(text, source->name, number);
    if (!made) return std::nullopt;
    text = std::move(*made);
  }
  return payload;
}

}  // namespace titip::delivery
