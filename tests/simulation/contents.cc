#include "tests/simulation/contents.h"

#include "storage/payload.h"

namespace titip::simulation {

std::string fault_of_content(const storage::Sealer& sealer, const Form& form,
                             const std::optional<storage::Record>& record,
                             const std::optional<storage::Sealed>& payload) {
  if (!record) return "was taken into custody and is not there";
  if (!payload) return "was taken into custody and its content is gone";
  const auto& s = record->submission;
  const auto key = sealer.unwrap(s.id, s.wrapped_key);
  const auto plain = key ? sealer.open(*key, s.id, "payload", *payload) : std::nullopt;
  const auto content = plain ? storage::decode_payload(*plain) : std::nullopt;
  if (!content) return "cannot be opened any more";
  if (content->body != form.body) return "is kept as " + content->body + ", the clinic sent " + form.body;
  if (content->target != "/" + form.route || s.route != form.route) return "is kept for " + content->target;
  const bool is_put = form.route.ends_with("ubah") || form.route.ends_with("update");
  if (content->method != (is_put ? "PUT" : "POST") || content->content_type != "application/json")
    return "is kept as another kind of request";
  return {};
}

}  // namespace titip::simulation
