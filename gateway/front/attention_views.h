// How what needs a facility's attention is shown: for programs, for a spreadsheet, and as a page to print. Pure. What
// stands in it comes from clinics and from the national server: nothing of it is believed to be text, a formula or
// markup.
#pragma once

#include <string>
#include <string_view>

#include "gateway/clock/clock.h"
#include "gateway/reads/own_records.h"
#include "metrics/words/language.h"

namespace titip::front {

struct AttentionView {
  const reads::AttentionPage& page;
  const reads::Owner& owner;
  clock::WallTime now{};
  std::string next;        // where the next page is; empty: that was all
  words::Wanted wanted{};  // of the page to print
};

std::string attention_json(const AttentionView& view);
// RFC 4180. Before what a spreadsheet would compute, whichever separator it takes, stands an apostrophe.
std::string attention_csv(const AttentionView& view);
// HTML, in Indonesian unless English is asked for; times at the facility's offset.
std::string attention_page(const AttentionView& view);
// What such a page may do in a browser: be shown, with its own style and nothing else.
std::string page_policy();

// Well-formed UTF-8: U+FFFD for what is none, and for control characters but line ends and tabs.
std::string clean_text(std::string_view text);

}  // namespace titip::front
