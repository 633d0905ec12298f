#include "upstream/profile/prerendered.h"

#include <algorithm>
#include <utility>

#include "upstream/profile/envelope.h"

namespace titip::profile {
namespace {

// They stand for the two while the text is made. JSON writes them as they are, and no profile has a reason to say them.
constexpr std::string_view receipt_mark = "\x7freceipt\x7f";
constexpr std::string_view id_mark = "\x7fid\x7f";

bool stays_as_it_is(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

}  // namespace

std::optional<Prerendered> Prerendered::of(const Envelope& shape, const Acknowledgement& told) {
  const bool has_mark = told.response_template.contains('\x7f') || told.message.contains('\x7f');
  if (has_mark || told.response_template.contains("{reference:")) return std::nullopt;
  const auto whole =
      write_envelope(shape, told.code, told.message, acknowledgement_response(told, receipt_mark, id_mark));
  Prerendered made;
  std::string_view rest = whole;
  while (true) {
    const auto receipt = rest.find(receipt_mark);
    const auto id = rest.find(id_mark);
    const auto at = std::min(receipt, id);
    if (at == std::string_view::npos) break;
    made.gaps_.push_back({std::string(rest.substr(0, at)), at == receipt ? Slot::receipt : Slot::id});
    rest.remove_prefix(at + (at == receipt ? receipt_mark : id_mark).size());
  }
  made.end_ = rest;
  return made;
}

std::optional<std::string> Prerendered::with(std::string_view receipt, std::string_view id) const {
  if (!stays_as_it_is(receipt) || !stays_as_it_is(id)) return std::nullopt;
  std::size_t size = end_.size();
  for (const Gap& gap : gaps_) size += gap.before.size() + std::max(receipt.size(), id.size());
  std::string text;
  text.reserve(size);
  for (const Gap& gap : gaps_) text.append(gap.before).append(gap.slot == Slot::receipt ? receipt : id);
  return std::move(text.append(end_));
}

}  // namespace titip::profile
