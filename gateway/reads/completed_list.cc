#include "gateway/reads/completed_list.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "upstream/profile/envelope.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/source.h"
#include "upstream/rules/classify.h"

namespace titip::reads {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr auto only_queued =
    words::text("The national server is not available: this list holds only what still waits to be sent.");

// At the first of these places that holds anything: "a|b".
std::string text_in(const json& entry, std::string_view places) {
  for (const auto place : profile::alternatives(places)) {
    const auto* value = profile::resolve(entry, place);
    if (auto text = value == nullptr ? std::string{} : profile::text_of(*value); !text.empty()) return text;
  }
  return {};
}

// A queued request with its body read.
struct Read {
  const QueuedRequest& request;
  json body;
};

class Completing {
 public:
  Completing(const profile::Profile& profile, const profile::Completion& completion, std::string_view facility)
      : profile_(profile),
        completion_(completion),
        route_(*profile::find_route(profile, completion.route)),
        facility_(facility) {}

  bool belongs(const Read& queued, const profile::RequestView& asked) const {
    return std::ranges::all_of(completion_.where, [&](const profile::FieldPair& pair) {
      return value(view(queued), pair.in_entry) == value(asked, pair.in_body);
    });
  }

  // By the fields that a probe would find it by.
  bool is_listed(const Read& queued, const json& list) const {
    if (!route_.probe) return false;
    return std::ranges::any_of(list, [&](const json& entry) {
      return std::ranges::all_of(route_.probe->identify, [&](const profile::FieldPair& pair) {
        return text_in(entry, pair.in_entry) == profile::compared_value_of(view(queued), pair.in_body);
      });
    });
  }

  ordered_json entry(const Read& queued) const {
    auto made = ordered_json::parse(completion_.entry_template);
    fill(made, queued);
    return made;
  }

 private:
  profile::RequestView view(const Read& queued) const { return {&queued.body, &queued.request.parameters, facility_}; }
  std::string value(const profile::RequestView& request, std::string_view source) const {
    return profile::normal_date(profile_.date_format, profile::compared_value_of(request, source));
  }

  void fill(ordered_json& part, const Read& queued) const {
    if (part.is_structured()) {
      for (auto& child : part) fill(child, queued);
      return;
    }
    if (!part.is_string()) return;
    const auto text = part.get<std::string>();
    if (!text.starts_with('{') || !text.ends_with('}')) return;
    const auto inside = std::string_view(text).substr(1, text.size() - 2);
    constexpr std::string_view reference = "reference:";
    if (inside.starts_with(reference)) {
      const auto number = queued.request.numbers.find(inside.substr(reference.size()));
      part = number != queued.request.numbers.end() ? ordered_json(number->second) : ordered_json(nullptr);
    } else if (inside.starts_with('/')) {
      const auto* found = profile::resolve(queued.body, inside);
      part = found != nullptr ? ordered_json(*found) : ordered_json(nullptr);
    } else {
      const auto found = queued.request.parameters.find(inside);
      part = found != queued.request.parameters.end() ? ordered_json(found->second) : ordered_json(nullptr);
    }
  }

  const profile::Profile& profile_;
  const profile::Completion& completion_;
  const profile::Route& route_;
  std::string_view facility_;
};

bool says_what_there_is(const profile::Profile& profile, std::string_view reply) {
  const auto envelope = rules::read_envelope(profile.envelope, reply);
  return envelope ? envelope->code / 100 == 2 : reply.empty();
}

// A reply that says it has nothing is a list of none.
ordered_json document_of(const profile::Profile& profile, std::optional<std::string_view> reply,
                         words::Language language) {
  auto document = reply ? ordered_json::parse(*reply, nullptr, false) : ordered_json();
  if (document.is_object()) return document;
  return ordered_json::parse(
      profile::write_envelope(profile.envelope, 200, reply ? "OK" : only_queued.in(language), ""));
}

// Sees to it that there is an object; a service that has nothing may say null, "" or [] there. False: there is more.
bool make_room(ordered_json& document, const ordered_json::json_pointer& at) {
  if (at.empty()) return document.is_object();
  if (!make_room(document, at.parent_pointer())) return false;
  auto& place = document[at];
  const bool nothing = place.is_null() || (place.is_string() && place.get_ref<const std::string&>().empty()) ||
                       (place.is_array() && place.empty());
  if (nothing) place = ordered_json::object();
  return place.is_object();
}

// Which part of the list was asked for, by the segments that paged reads have.
struct Page {
  std::uint64_t start = 0;
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  bool holds(std::uint64_t at) const { return at >= start && at - start < limit; }
};
Page page_of(const profile::RequestView& asked) {
  Page page;
  const auto read = [&](const char* name, std::uint64_t& value) {
    if (asked.parameters == nullptr) return;
    const auto found = asked.parameters->find(name);
    if (found == asked.parameters->end()) return;
    const auto& text = found->second;
    std::from_chars(text.data(), text.data() + text.size(), value);
  };
  read("start", page.start);
  read("limit", page.limit);
  return page;
}

}  // namespace

std::optional<std::string> completed_list(const profile::Profile& profile, const profile::Route& read,
                                          const profile::RequestView& asked, std::string_view facility,
                                          std::optional<std::string_view> reply,
                                          const std::vector<QueuedRequest>& queued, words::Language language) {
  const auto& completion = *read.completion;
  const Completing completing(profile, completion, facility);
  if (reply && !says_what_there_is(profile, *reply)) return std::nullopt;
  auto document = document_of(profile, reply, language);
  const ordered_json::json_pointer at(completion.list);
  if (!make_room(document, at.parent_pointer())) return std::nullopt;
  auto list = document.contains(at) ? document[at] : ordered_json(nullptr);
  if (list.is_null()) list = ordered_json::array();
  if (!list.is_array()) return std::nullopt;
  const auto page = page_of(asked);
  std::uint64_t known = page.start + list.size();
  const ordered_json::json_pointer count(completion.count);
  if (!completion.count.empty()) {
    if (!make_room(document, count.parent_pointer())) return std::nullopt;
    if (document.contains(count) && document[count].is_number_unsigned()) known = document[count].get<std::uint64_t>();
  }
  // They stand behind all that the server has, and are dealt to the pages as if they were there.
  const json listed(list);
  std::uint64_t added = 0;
  for (const auto& each : queued) {
    auto body = profile::parse_request(each.body);
    if (!body) continue;
    const Read read_one{each, *std::move(body)};
    if (!completing.belongs(read_one, asked) || completing.is_listed(read_one, listed)) continue;
    if (page.holds(known + added)) list.push_back(completing.entry(read_one));
    ++added;
  }
  if (added == 0) return std::nullopt;
  if (!completion.count.empty()) document[count] = known + added;
  document[at] = std::move(list);
  document[ordered_json::json_pointer(profile.envelope.code_pointer)] = 200;  // "no data" it is no longer
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace titip::reads
