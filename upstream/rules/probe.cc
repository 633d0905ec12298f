#include "upstream/rules/probe.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "upstream/profile/chains.h"
#include "upstream/profile/envelope.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/source.h"

namespace titip::rules {
namespace {

using nlohmann::json;

// One side of the comparison: what the request says, worked out once for all entries.
struct Wanted {
  std::string_view in_entry;
  std::string text;
};

std::vector<Wanted> wanted_of(const std::vector<profile::FieldPair>& pairs, const profile::RequestView& request) {
  std::vector<Wanted> wanted;
  for (const profile::FieldPair& pair : pairs) {
    wanted.push_back({pair.in_entry, profile::compared_value_of(request, pair.in_body)});
  }
  return wanted;
}

// At the first of these places that holds anything: "a|b".
std::string text_in(const json& entry, std::string_view pointers) {
  for (const std::string_view pointer : profile::alternatives(pointers)) {
    const json* value = profile::resolve(entry, pointer);
    if (auto text = value == nullptr ? std::string{} : profile::text_of(*value); !text.empty()) return text;
  }
  return {};
}

bool all_equal(const json& entry, const std::vector<Wanted>& wanted) {
  return std::ranges::all_of(wanted, [&](const Wanted& want) { return text_in(entry, want.in_entry) == want.text; });
}

// An entry that does not say who it is about cannot be told from ours: it is no proof of absence.
bool is_identifiable(const json& entry, const std::vector<Wanted>& identify) {
  return entry.is_object() && std::ranges::none_of(identify, [&](const Wanted& want) {
           return !want.text.empty() && text_in(entry, want.in_entry).empty();
         });
}

// A value that both have and that differs tells two apart, whatever else an entry leaves unsaid; one that is missing on
// one side leaves it open.
bool is_another(const json& entry, const std::vector<Wanted>& wanted) {
  return std::ranges::any_of(wanted, [&](const Wanted& want) {
    const auto there = text_in(entry, want.in_entry);
    return !want.text.empty() && !there.empty() && there != want.text;
  });
}

bool is_one_of(const Others& others, const json& entry) {
  if (others.yield == nullptr || others.numbers.empty()) return false;
  const auto number = profile::number_in_entry(*others.yield, entry);
  return number && others.numbers.contains(*number);
}

bool says_nothing(const std::vector<Wanted>& wanted) {
  return std::ranges::all_of(wanted, [](const Wanted& want) { return want.text.empty(); });
}

struct Search {
  bool among_others = false;
  bool all_identifiable = true;
  bool equal = false;
  bool other = false;

  void look_at(const json& entry, const std::vector<Wanted>& identify, const std::vector<Wanted>& compare) {
    if (is_another(entry, identify)) return;
    if (!is_identifiable(entry, identify)) {
      all_identifiable = false;
    } else if (all_equal(entry, identify)) {
      if (all_equal(entry, compare)) {
        equal = true;
      } else if (!among_others) {
        other = true;
      } else if (!is_another(entry, compare)) {
        all_identifiable = false;
      }
    }
  }
};

bool says_nothing_there(const profile::Probe& probe, int http_status, const profile::EnvelopeView& envelope) {
  const auto lists = [&](int code) { return std::ranges::find(probe.empty_codes, code) != probe.empty_codes.end(); };
  const bool words = std::ranges::any_of(
      probe.empty_texts, [&](const std::string& text) { return profile::contains_text(envelope.all_text, text); });
  // The status has to agree: an error page's status around a familiar code is not an answer. 404 speaks of many things
  // ("you are not registered for this service"), so it counts with the words alone.
  if (http_status == 404) return words;
  return http_status / 100 == 2 && (words || lists(envelope.code));
}

std::optional<std::uint64_t> total_in(const json& document, const profile::Probe& probe) {
  const json* total = probe.paging ? profile::resolve(document, probe.paging->count) : nullptr;
  if (total == nullptr || !total->is_number_unsigned()) return std::nullopt;
  return total->get<std::uint64_t>();
}

// Some services say it by a status alone (204): a gateway's error page has a body, and another status.
bool is_empty_answer(const profile::Probe& probe, int http_status) {
  return std::ranges::find(probe.empty_statuses, http_status) != probe.empty_statuses.end();
}

}  // namespace

struct ProbeRead::Answer {
  enum class Kind : std::uint8_t { none, nothing_there, entries };
  Kind kind = Kind::none;
  std::vector<const json*> entries{};
  std::optional<std::uint64_t> total{};  // that the list has, over all pages
};

// What the pages say of the list as a whole.
struct ProbeRead::Extent {
  bool certain = true;  // each page is an answer, and says what it must
  bool ended = false;   // nothing is behind the last of them
  std::uint64_t seen = 0;
  std::optional<std::uint64_t> first_total{};
  std::optional<std::uint64_t> last_total{};

  bool is_whole() const { return certain && ended && first_total == last_total; }
};

void ProbeRead::take(const Exchange& page) {
  const auto* reply = std::get_if<Reply>(&page);
  auto document = reply != nullptr ? profile::parse_json(reply->body) : std::nullopt;
  pages_.push_back({reply != nullptr ? reply->http_status : 0, reply != nullptr && profile::is_blank(reply->body),
                    document ? std::make_shared<const json>(*std::move(document)) : nullptr});
}

ProbeRead::Answer ProbeRead::answer_in(const Page& page, const profile::Profile& profile, const profile::Probe& probe) {
  if (page.blank && is_empty_answer(probe, page.http_status)) return {.kind = Answer::Kind::nothing_there};
  const auto envelope =
      page.document != nullptr ? profile::envelope_in(profile.envelope, *page.document) : std::nullopt;
  if (!envelope) return {};
  if (says_nothing_there(probe, page.http_status, *envelope)) return {.kind = Answer::Kind::nothing_there};
  const json* found = profile::resolve(*page.document, probe.entries);
  if (page.http_status / 100 != 2 || envelope->code / 100 != 2 || found == nullptr || !found->is_structured()) {
    return {};
  }
  Answer answer{.kind = Answer::Kind::entries, .total = total_in(*page.document, probe)};
  if (found->is_object()) {
    answer.entries.push_back(found);
  } else {
    std::ranges::transform(*found, std::back_inserter(answer.entries), [](const json& entry) { return &entry; });
  }
  return answer;
}

ProbeRead::Extent ProbeRead::extent(const profile::Profile& profile, const profile::Probe& probe) const {
  Extent extent;
  for (const Page& page : pages_) {
    const Answer answer = answer_in(page, profile, probe);
    if (answer.kind == Answer::Kind::nothing_there) {
      // Behind the last entry a service may say so without a total; before it, entries are gone.
      extent.certain = extent.certain && extent.seen == extent.last_total.value_or(0);
      extent.ended = true;
      continue;
    }
    if (answer.kind == Answer::Kind::none || (probe.paging && !answer.total)) {
      extent.certain = false;
      return extent;
    }
    if (&page == &pages_.front()) extent.first_total = answer.total;
    extent.last_total = answer.total;
    extent.seen += answer.entries.size();
    // A full first page might state its own length for that of the list: only what is behind it tells.
    const bool may_be_cut = &page == &pages_.front() && probe.paging && answer.entries.size() >= probe.paging->size;
    extent.ended = !probe.paging || (extent.seen == *answer.total && !may_be_cut);
    // No page may hold more than the rest, nor nothing where some is missing.
    const bool stuck = answer.entries.empty() && extent.seen != answer.total.value_or(0);
    if (probe.paging && (extent.seen > *answer.total || stuck)) extent.certain = false;
  }
  return extent;
}

std::optional<std::uint64_t> ProbeRead::next_start(const profile::Profile& profile, const profile::Probe& probe) const {
  if (!probe.paging || pages_.size() >= most_pages) return std::nullopt;
  const Extent extent = this->extent(profile, probe);
  if (!extent.certain || extent.ended) return std::nullopt;
  return extent.seen;
}

ProbeResult ProbeRead::look_for(const profile::Profile& profile, const profile::Probe& probe,
                                const profile::RequestView& request, const Others& others) const {
  const auto identify = wanted_of(probe.identify, request);
  const auto compare = wanted_of(probe.compare, request);
  const bool tells_apart = probe.among_others ? !says_nothing(compare) : !identify.empty();
  if (pages_.empty() || !tells_apart) return ProbeResult::inconclusive;
  Search search{.among_others = probe.among_others};
  for (const Page& page : pages_) {
    for (const json* entry : answer_in(page, profile, probe).entries) {
      if (!is_one_of(others, *entry)) search.look_at(*entry, identify, compare);
    }
  }
  if (search.equal) return ProbeResult::found_equal;
  // On a page that was not seen may stand an entry with our own values.
  if (!extent(profile, probe).is_whole()) return ProbeResult::inconclusive;
  if (search.other) return ProbeResult::found_other;
  return search.all_identifiable ? ProbeResult::absent : ProbeResult::inconclusive;
}

std::optional<std::string> ProbeRead::number_of(const profile::Profile& profile, const profile::Probe& probe,
                                                const profile::RequestView& request, const profile::Yield& yield,
                                                const Others& others) const {
  std::optional<std::string> number;
  for (const json* entry : equals(profile, probe, request)) {
    if (is_one_of(others, *entry)) continue;
    auto in_entry = profile::number_in_entry(yield, *entry);
    if (!in_entry || (number && number != in_entry)) return std::nullopt;
    number = std::move(in_entry);
    if (probe.among_others) break;
  }
  return number;
}

std::vector<std::string> ProbeRead::numbers_of_equals(const profile::Profile& profile, const profile::Probe& probe,
                                                      const profile::RequestView& request,
                                                      const profile::Yield& yield) const {
  std::vector<std::string> numbers;
  for (const json* entry : equals(profile, probe, request)) {
    if (auto number = profile::number_in_entry(yield, *entry)) numbers.push_back(*std::move(number));
  }
  return numbers;
}

std::vector<const json*> ProbeRead::equals(const profile::Profile& profile, const profile::Probe& probe,
                                           const profile::RequestView& request) const {
  auto wanted = wanted_of(probe.identify, request);
  if (probe.among_others) std::ranges::move(wanted_of(probe.compare, request), std::back_inserter(wanted));
  std::vector<const json*> found;
  if (says_nothing(wanted)) return found;
  for (const Page& page : pages_) {
    for (const json* entry : answer_in(page, profile, probe).entries) {
      if (entry->is_object() && all_equal(*entry, wanted)) found.push_back(entry);
    }
  }
  return found;
}

ProbeResult read_probe(const profile::Profile& profile, const profile::Probe& probe,
                       const profile::RequestView& request, const Exchange& exchange) {
  ProbeRead read;
  read.take(exchange);
  return read.look_for(profile, probe, request);
}

}  // namespace titip::rules
