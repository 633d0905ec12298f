// Routes: what every route has, and what only a queued one has.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "upstream/profile/json_text.h"
#include "upstream/profile/load_parts.h"
#include "upstream/profile/shapes.h"

namespace titip::profile {
namespace {

using nlohmann::json;

constexpr std::array queue_keys{"update",        "ordering_key", "natural_key",    "required",
                                "business_date", "deadline",     "after_unknown",  "probe",
                                "on_conflict",   "late_entry",   "acknowledgement"};

std::string method_of(const Node& node) {
  const std::string method = node.text();
  constexpr std::array methods{"GET", "POST", "PUT", "PATCH", "DELETE"};
  if (std::ranges::find(methods, method) == methods.end()) {
    node.fail(
        fmt::format("\"{}\" is not a method that a route can have; use one of {}", method, fmt::join(methods, ", ")));
  }
  return method;
}

// Strings may hold "{receipt}" and "{id}" and no other braces; names of members none at all.
Complaint placeholder_complaint(const json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    for (std::size_t at = text.find_first_of("{}"); at != std::string::npos; at = text.find_first_of("{}", at)) {
      const std::string_view rest = std::string_view(text).substr(at);
      if (!rest.starts_with("{receipt}") && !rest.starts_with("{id}")) {
        return fmt::format(
            "\"{}\" has braces that are neither \"{{receipt}}\" nor \"{{id}}\"; only these are filled in", text);
      }
      at = text.find('}', at) + 1;
    }
    return std::nullopt;
  }
  if (value.is_structured()) {
    for (const auto& [key, child] : value.items()) {
      if (value.is_object() && key.find_first_of("{}") != std::string::npos) {
        return fmt::format("the name \"{}\" has braces; only values are filled in", key);
      }
      if (Complaint complaint = placeholder_complaint(child)) {
        return complaint;
      }
    }
  }
  return std::nullopt;
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
        .fail("this is empty, so all records would wait in one line; name what tells people apart (\"/nik\")");
  }
  if (node.has("business_date")) {
    route.business_date = read_certain(node.at("business_date"), route);
  }
  if (!node.has("natural_key")) {
    if (node.has("on_conflict")) {
      node.at("on_conflict").fail("nothing can conflict without a \"natural_key\"; add one or remove this");
    }
    return;
  }
  if (route.method == "PUT" || route.method == "DELETE") {
    node.at("natural_key")
        .fail(route.method + " repeats by nature, so a natural key would swallow the second one; remove it");
  }
  for (const Node& source : node.at("natural_key").items()) {
    route.natural_key.push_back(read_certain(source, route));
  }
  if (route.natural_key.empty()) {
    node.at("natural_key").fail("this is empty; name what makes two records the same one, or remove the key");
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
      node.at("probe").fail("is used only with \"after_unknown\": \"probe\"; remove it or say so");
    }
    return;
  }
  if (!node.has("probe")) {
    node.at("after_unknown").fail("'probe' needs a \"probe\" object that says which read finds the record");
    return;
  }
  if (route.method == "DELETE") {
    node.at("after_unknown")
        .fail("a probe finds what a write left behind, which DELETE does not; use \"repeat\" or \"park\"");
  }
  route.probe = read_probe_part(node.at("probe"), route);
}

void read_queued(const Node& node, Route& route) {
  if (route.method == "GET") {
    node.at("action").fail("a GET asks for an answer now, so it cannot wait in a queue; use \"proxy\" or \"refuse\"");
  }
  read_keys(node, route);
  read_after_unknown(node, route);
  if (node.has("late_entry")) {
    const Node late = node.at("late_entry");
    late.only({"reason_pointer"});
    route.late_entry = LateEntryRule{late.at("reason_pointer").text(body_pointer)};
    if (route.business_date.empty()) {
      late.fail("needs a \"business_date\" to know what is late; add one or remove this");
    }
  }
  if (node.has("deadline")) {
    const Node deadline = node.at("deadline");
    deadline.only({"when_missed"});
    route.deadline = DeadlineRule{
        deadline.at("when_missed").choice<WhenMissed>({{"send", WhenMissed::send}, {"hold", WhenMissed::hold}})};
    if (route.business_date.empty()) {
      deadline.fail("needs a \"business_date\", at whose end it is; add one or remove this");
    }
  }
  route.acknowledgement = read_acknowledgement(node.at("acknowledgement"));
}

}  // namespace

Acknowledgement read_acknowledgement(const Node& node) {
  node.only({"http_status", "code", "message", "response"});
  Acknowledgement acknowledgement;
  // Clients take nothing else for "sent".
  acknowledgement.http_status = static_cast<int>(node.at("http_status").whole(200, 299));
  acknowledgement.code = static_cast<int>(node.at("code").whole(0, 999'999));
  acknowledgement.message = node.at("message").text();
  const Node response = node.at("response");
  if (response.value().is_null()) {
    return acknowledgement;
  }
  acknowledgement.response_template = dump_json(response.value());
  if (const Complaint complaint = placeholder_complaint(response.value())) {
    response.fail(*complaint);
  } else if (!response.value().is_structured()) {
    response.fail("write an object, an array or null");
  } else if (acknowledgement.response_template.find("{receipt}") == std::string::npos) {
    response.fail("says nothing that a clinic could ask about later; put \"{receipt}\" into one of its strings");
  }
  return acknowledgement;
}

Route read_route(const Node& node) {
  node.only({"id", "method", "path", "action", "max_body_bytes", "update", "ordering_key", "natural_key", "required",
             "business_date", "after_unknown", "probe", "on_conflict", "late_entry", "deadline", "acknowledgement"});
  Route route;
  route.id = node.at("id").text(id_shape);
  route.method = method_of(node.at("method"));
  route.path = node.at("path").text(route_path);
  route.action = node.at("action").choice<Action>(
      {{"queue", Action::queue}, {"proxy", Action::proxy}, {"login", Action::login}, {"refuse", Action::refuse}});
  if (node.has("max_body_bytes")) {
    route.max_body_bytes = static_cast<std::uint32_t>(node.at("max_body_bytes").whole(1, 16 << 20));
  }
  if (route.action == Action::queue) {
    read_queued(node, route);
    return route;
  }
  for (const std::string_view key : queue_keys) {
    if (node.has(key)) {
      node.at(key).fail("only a route with \"action\": \"queue\" has this; remove it, or queue the route");
    }
  }
  return route;
}

}  // namespace titip::profile
