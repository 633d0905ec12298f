// What ties a route's records to others: numbers given and quoted, requirements, what is taken back; and a read's cache
// rule. That the names mean something is checked with the whole profile (check_chain.cc).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "metrics/words/said.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/load_parts.h"
#include "upstream/profile/shapes.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

std::vector<std::string> read_certain_list(const Node& node, const Route& route) {
  std::vector<std::string> sources;
  for (const Node& source : node.items()) {
    sources.push_back(read_certain(source, route));
  }
  return sources;
}

Requirement read_requirement(const Node& node, const Route& route) {
  Requirement requirement{node.at("route").text(id_shape), read_certain_list(node.at("identity"), route)};
  if (requirement.identity.empty()) {
    node.at("identity")
        .fail(words::tell("this is empty; name what tells the record apart, as that route's \"provides\" does"));
  }
  return requirement;
}

Yield read_yield(const Node& node, const Route& route) {
  node.only({"reference", "in_reply", "in_entry", "scope"});
  Yield yield{.reference = node.at("reference").text(reference_name),
              .in_reply = node.at("in_reply").texts(body_pointer)};
  if (yield.in_reply.empty()) {
    node.at("in_reply")
        .fail(words::tell("this is empty, so the number would never be found; name where the reply has it"));
  }
  if (node.has("in_entry")) {
    yield.in_entry = node.at("in_entry").text(body_pointer);
    if (!route.probe) {
      node.at("in_entry")
          .fail(words::tell("is a place in an entry of the probe's read, and the route has no probe; remove it"));
    }
  }
  if (node.has("scope")) {
    yield.scope = read_certain_list(node.at("scope"), route);
  }
  return yield;
}

Quote read_quote(const Node& node, const Route& route) {
  node.only({"reference", "at", "scope"});
  Quote quote{.reference = node.at("reference").text(reference_name), .at = read_source(node.at("at"), route)};
  const auto at = parse_source(quote.at);
  if (quote.at.find('|') != std::string::npos || (at && at->kind == SourceKind::facility)) {
    node.at("at").fail(
        words::tell("a number is put back where it was quoted, so this is one place: a body pointer or a segment"));
  }
  if (node.has("scope")) {
    quote.scope = read_certain_list(node.at("scope"), route);
  }
  return quote;
}

TakesBack read_takes_back(const Node& node, const Route& route) {
  node.only({"reference", "route", "identity"});
  if (route.method != "DELETE") {
    node.fail(words::tell("only a DELETE takes something back; remove this"));
  }
  if (!node.has("reference")) {
    return {.reference = {}, .requirement = read_requirement(node, route)};
  }
  if (node.has("route") || node.has("identity")) {
    node.fail(words::tell("says twice what is taken back; keep \"reference\", or \"route\" and \"identity\""));
  }
  return {.reference = node.at("reference").text(reference_name), .requirement = std::nullopt};
}

}  // namespace

void read_quotes(const Node& node, Route& route) {
  if (!node.has("quotes")) {
    return;
  }
  for (const Node& item : node.at("quotes").items()) {
    Quote quote = read_quote(item, route);
    if (std::ranges::find(route.quotes, quote.at, &Quote::at) != route.quotes.end()) {
      item.at("at").fail(words::tell("another number is quoted here already; one place holds one number"));
    }
    route.quotes.push_back(std::move(quote));
  }
}

void read_chain(const Node& node, Route& route) {
  if (node.has("provides")) {
    route.provides = read_certain_list(node.at("provides"), route);
    if (route.provides.empty()) {
      node.at("provides")
          .fail(words::tell("this is empty; name what other routes know this record by, or remove the key"));
    }
  }
  if (node.has("requires")) {
    for (const Node& item : node.at("requires").items()) {
      item.only({"route", "identity"});
      route.requirements.push_back(read_requirement(item, route));
    }
  }
  if (node.has("yields")) {
    for (const Node& item : node.at("yields").items()) {
      Yield yield = read_yield(item, route);
      if (std::ranges::find(route.yields, yield.reference, &Yield::reference) != route.yields.end()) {
        item.at("reference").fail(words::tell("the route yields this number twice; one reply gives one"));
      }
      route.yields.push_back(std::move(yield));
    }
  }
  if (node.has("ordering_from")) {
    route.ordering_from = node.at("ordering_from").text(reference_name);
    if (std::ranges::find(route.quotes, route.ordering_from, &Quote::reference) == route.quotes.end()) {
      node.at("ordering_from").fail(words::tell("names a number that this route does not quote; add it to \"quotes\""));
    }
  }
  if (node.has("takes_back")) {
    const Node taken = node.at("takes_back");
    route.takes_back = read_takes_back(taken, route);
    const std::string& number = route.takes_back->reference;
    if (!number.empty() && std::ranges::find(route.quotes, number, &Quote::reference) == route.quotes.end()) {
      taken.at("reference").fail(words::tell("names a number that this route does not quote; add it to \"quotes\""));
    }
  }
}

CacheRule read_cache_rule(const Node& node, const Route& route) {
  constexpr std::int64_t year_s = 366 * 86'400;
  constexpr auto longest_personal = std::chrono::seconds(900);
  node.only({"fresh_s", "stale_s", "shared", "personal"});
  if (route.method != "GET") {
    node.fail(words::tell("only the answer to a GET can be kept; use \"proxy\" or \"queue\""));
  }
  CacheRule rule{.fresh = std::chrono::seconds(node.at("fresh_s").whole(0, year_s)),
                 .stale = std::chrono::seconds(node.at("stale_s").whole(0, year_s))};
  if (node.has("shared")) {
    rule.shared = node.at("shared").flag();
  }
  if (node.has("personal")) {
    rule.personal = node.at("personal").flag();
    if (rule.personal && rule.shared) {
      node.at("shared").fail(
          words::tell("what is about a person is not every facility's; remove this, or \"personal\""));
    }
    if (rule.personal && rule.fresh + rule.stale > longest_personal) {
      node.at("personal").fail(words::tell("is kept too long: \"fresh_s\" and \"stale_s\" may be 900 in all"));
    }
  }
  if (rule.fresh.count() == 0 && rule.stale.count() == 0) {
    node.fail(words::tell("keeps nothing; give it a time, or use \"proxy\""));
  }
  return rule;
}

Completion read_completion(const Node& node, const Route& route) {
  node.only({"route", "list", "count", "where", "entry"});
  if (route.method != "GET") {
    node.fail(words::tell("only the answer to a GET is completed; remove this"));
  }
  Completion completion{.route = node.at("route").text(id_shape), .list = node.at("list").text(envelope_pointer)};
  if (node.has("count")) completion.count = node.at("count").text(envelope_pointer);
  for (const Node& item : node.at("where").items()) {
    item.only({"queued", "read"});
    completion.where.push_back({item.at("queued").text(), read_certain(item.at("read"), route)});
    if (!parse_source(completion.where.back().in_entry)) {
      item.at("queued").fail(
          words::tell("is no source of the queued request: write a pointer into its body, or a segment"));
    }
  }
  const Node entry = node.at("entry");
  if (!entry.value().is_object()) {
    entry.fail(words::tell(
        "write an entry of the list as an object, with \"{{/pointer}}\" where a value of the request belongs"));
  }
  completion.entry_template = dump_json(entry.value());
  return completion;
}

}  // namespace titip::profile
