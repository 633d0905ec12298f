// Routes: what every route has, and what only a queued one has. What ties records together: load_chain.cc.
#include <algorithm>
#include <array>

#include "metrics/words/said.h"
#include "upstream/profile/load_parts.h"
#include "upstream/profile/shapes.h"

namespace titip::profile {
namespace {

constexpr std::array queue_keys{"update",        "ordering_key",  "natural_key",   "required",
                                "business_date", "deadline",      "after_unknown", "probe",
                                "on_conflict",   "late_entry",    "provides",      "requires",
                                "yields",        "ordering_from", "takes_back",    "acknowledgement"};

std::string method_of(const Node& node) {
  const std::string method = node.text();
  constexpr std::array methods{"GET", "POST", "PUT", "PATCH", "DELETE"};
  if (std::ranges::find(methods, method) == methods.end()) {
    node.fail(words::tell("\"{}\" is not a method that a route can have; use one of {}", method,
                          words::joined(methods, ", ")));
  }
  return method;
}

void read_keys(const Node& node, Route& route) {
  if (node.has("required")) {
    route.required = node.at("required").texts(body_pointer);
  }
  for (const Node& source : node.at("ordering_key").items()) {
    route.ordering_key.push_back(read_certain(source, route));
  }
  if (route.ordering_key.empty()) {
    node.at("ordering_key")
        .fail(words::tell(
            "this is empty, so all records would wait in one line; name what tells people apart (\"/nik\")"));
  }
  if (node.has("business_date")) {
    route.business_date = read_certain(node.at("business_date"), route);
  }
  if (!node.has("natural_key")) {
    if (node.has("on_conflict")) {
      node.at("on_conflict")
          .fail(words::tell("nothing can conflict without a \"natural_key\"; add one or remove this"));
    }
    return;
  }
  if (route.method == "PUT" || route.method == "DELETE") {
    node.at("natural_key")
        .fail(words::tell("{} repeats by nature, so a natural key would swallow the second one; remove it",
                          route.method));
  }
  for (const Node& source : node.at("natural_key").items()) {
    route.natural_key.push_back(read_certain(source, route));
  }
  if (route.natural_key.empty()) {
    node.at("natural_key")
        .fail(words::tell("this is empty; name what makes two records the same one, or remove the key"));
  }
  route.on_conflict =
      node.at("on_conflict")
          .choice<OnConflict>({{"refuse", OnConflict::refuse}, {"queue_behind", OnConflict::queue_behind}});
}

void read_after_unknown(const Node& node, Route& route) {
  route.update = node.has("update") ? node.at("update").flag() : route.method == "PUT" || route.method == "PATCH";
  route.after_unknown =
      node.at("after_unknown")
          .choice<AfterUnknown>(
              {{"repeat", AfterUnknown::repeat}, {"probe", AfterUnknown::probe}, {"park", AfterUnknown::park}});
  if (route.after_unknown != AfterUnknown::probe) {
    if (node.has("probe")) {
      node.at("probe").fail(words::tell("is used only with \"after_unknown\": \"probe\"; remove it or say so"));
    }
    return;
  }
  if (!node.has("probe")) {
    node.at("after_unknown")
        .fail(words::tell("'probe' needs a \"probe\" object that says which read finds the record"));
    return;
  }
  if (route.method == "DELETE") {
    node.at("after_unknown")
        .fail(words::tell("a probe finds what a write left behind, which DELETE does not; use \"repeat\" or \"park\""));
  }
  route.probe = read_probe_part(node.at("probe"), route);
}

void read_queued(const Node& node, Route& route) {
  if (route.method == "GET") {
    node.at("action").fail(words::tell(
        "a GET asks for an answer now, so it cannot wait in a queue; use \"cache\", \"proxy\" or \"refuse\""));
  }
  read_keys(node, route);
  read_after_unknown(node, route);
  if (node.has("late_entry")) {
    const Node late = node.at("late_entry");
    late.only({"reason_pointer"});
    route.late_entry = LateEntryRule{late.at("reason_pointer").text(body_pointer)};
    if (route.method == "DELETE") {
      late.fail(words::tell("a DELETE has no body to put a reason into; remove this"));
    } else if (route.business_date.empty()) {
      late.fail(words::tell("needs a \"business_date\" to know what is late; add one or remove this"));
    }
  }
  if (node.has("deadline")) {
    const Node deadline = node.at("deadline");
    deadline.only({"when_missed"});
    route.deadline = DeadlineRule{
        deadline.at("when_missed").choice<WhenMissed>({{"send", WhenMissed::send}, {"hold", WhenMissed::hold}})};
    if (route.business_date.empty()) {
      deadline.fail(words::tell("needs a \"business_date\", at whose end it is; add one or remove this"));
    }
  }
  read_quotes(node, route);
  read_chain(node, route);
  route.acknowledgement = read_acknowledgement(node.at("acknowledgement"), route);
}

}  // namespace

Route read_route(const Node& node) {
  node.only({"id",           "method",        "path",       "action",        "max_body_bytes", "update",
             "ordering_key", "natural_key",   "required",   "business_date", "after_unknown",  "probe",
             "on_conflict",  "late_entry",    "deadline",   "provides",      "requires",       "yields",
             "quotes",       "ordering_from", "takes_back", "cache",         "completes",      "acknowledgement"});
  Route route;
  route.id = node.at("id").text(id_shape);
  route.method = method_of(node.at("method"));
  route.path = node.at("path").text(route_path);
  route.action = node.at("action").choice<Action>({{"queue", Action::queue},
                                                   {"proxy", Action::proxy},
                                                   {"cache", Action::cache},
                                                   {"login", Action::login},
                                                   {"refuse", Action::refuse}});
  if (node.has("max_body_bytes")) {
    route.max_body_bytes = static_cast<std::uint32_t>(node.at("max_body_bytes").whole(1, 16 << 20));
  }
  if (route.action == Action::cache) {
    route.cache = read_cache_rule(node.at("cache"), route);
  } else if (node.has("cache")) {
    node.at("cache").fail(
        words::tell("only a route with \"action\": \"cache\" has this; remove it, or cache the route"));
  }
  if (route.action == Action::queue) {
    if (node.has("completes")) node.at("completes").fail(words::tell("only a read's answer is completed; remove it"));
    read_queued(node, route);
    return route;
  }
  const bool is_read = route.action == Action::cache || route.action == Action::proxy;
  if (is_read) {
    read_quotes(node, route);
    if (node.has("completes")) route.completion = read_completion(node.at("completes"), route);
  } else if (node.has("quotes")) {
    node.at("quotes").fail(
        words::tell("only a route that is queued, cached or passed through quotes numbers; remove it"));
  }
  if (node.has("completes") && !is_read) {
    node.at("completes").fail(words::tell("only a read's answer is completed; remove it"));
  }
  for (const std::string_view key : queue_keys) {
    if (node.has(key)) {
      node.at(key).fail(words::tell("only a route with \"action\": \"queue\" has this; remove it, or queue the route"));
    }
  }
  return route;
}

}  // namespace titip::profile
