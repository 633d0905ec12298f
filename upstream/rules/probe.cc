#include "upstream/rules/probe.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "upstream/profile/envelope.h"
#include "upstream/profile/json_text.h"

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

std::string text_in(const json& entry, std::string_view pointer) {
  const json* value = profile::resolve(entry, pointer);
  return value == nullptr ? std::string{} : profile::text_of(*value);
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

ProbeResult search(std::vector<const json*> entries, const std::vector<Wanted>& identify,
                   const std::vector<Wanted>& compare) {
  bool all_identifiable = true;
  bool other = false;
  for (const json* entry : entries) {
    if (!is_identifiable(*entry, identify)) {
      all_identifiable = false;
    } else if (all_equal(*entry, identify)) {
      if (all_equal(*entry, compare)) {
        return ProbeResult::found_equal;
      }
      other = true;
    }
  }
  if (other) {
    return ProbeResult::found_other;
  }
  return all_identifiable ? ProbeResult::absent : ProbeResult::inconclusive;
}

bool says_nothing_there(const profile::Probe& probe, int http_status, const profile::EnvelopeView& envelope) {
  const auto lists = [&](int code) { return std::ranges::find(probe.empty_codes, code) != probe.empty_codes.end(); };
  const bool words = std::ranges::any_of(
      probe.empty_texts, [&](const std::string& text) { return profile::contains_text(envelope.all_text, text); });
  // The status has to agree: an error page's status around a familiar code is not an answer. 404 speaks of many things
  // ("you are not registered for this service"), so it counts with the words alone.
  if (http_status == 404) return words;
  return http_status / 100 == 2 && (words || lists(envelope.code));
}

}  // namespace

ProbeResult read_probe(const profile::Profile& profile, const profile::Probe& probe,
                       const profile::RequestView& request, const Exchange& exchange) {
  const auto* reply = std::get_if<Reply>(&exchange);
  if (reply == nullptr || probe.identify.empty()) {
    return ProbeResult::inconclusive;
  }
  const auto document = profile::parse_json(reply->body);
  const auto envelope = document ? profile::envelope_in(profile.envelope, *document) : std::nullopt;
  if (!envelope) {
    return ProbeResult::inconclusive;
  }
  if (says_nothing_there(probe, reply->http_status, *envelope)) {
    return ProbeResult::absent;
  }
  const json* found = profile::resolve(*document, probe.entries);
  if (reply->http_status / 100 != 2 || envelope->code / 100 != 2 || found == nullptr || !found->is_structured()) {
    return ProbeResult::inconclusive;
  }
  std::vector<const json*> entries;
  if (found->is_object()) {
    entries.push_back(found);
  } else {
    std::ranges::transform(*found, std::back_inserter(entries), [](const json& entry) { return &entry; });
  }
  return search(std::move(entries), wanted_of(probe.identify, request), wanted_of(probe.compare, request));
}

}  // namespace titip::rules
