// The acknowledgement: what a clinic is told in place of the national answer.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "metrics/words/said.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/load_parts.h"

namespace titip::profile {
namespace {

using nlohmann::json;

constexpr std::string_view reference_opening = "{reference:";

// Whether `rest` begins with the placeholder of a number that the route yields, or that the request quotes: a PUT tells
// the number that it was sent.
bool begins_with_number(std::string_view rest, const Route& route) {
  if (!rest.starts_with(reference_opening)) return false;
  const std::string_view name = rest.substr(reference_opening.size(), rest.find('}') - reference_opening.size());
  return rest.contains('}') && (std::ranges::find(route.yields, name, &Yield::reference) != route.yields.end() ||
                                std::ranges::find(route.quotes, name, &Quote::reference) != route.quotes.end());
}

// Strings may hold "{receipt}", "{id}" and "{reference:NAME}" and no other braces; names of members none at all.
Complaint placeholder_complaint(const json& value, const Route& route) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    for (std::size_t at = text.find_first_of("{}"); at != std::string::npos; at = text.find_first_of("{}", at)) {
      const std::string_view rest = std::string_view(text).substr(at);
      if (!rest.starts_with("{receipt}") && !rest.starts_with("{id}") && !begins_with_number(rest, route)) {
        return words::tell(
            "\"{}\" has braces that are neither \"{{receipt}}\", \"{{id}}\" nor the \"{{reference:…}}\" of a number "
            "that "
            "this route yields or quotes; only these are filled in",
            text);
      }
      at = text.find('}', at) + 1;
    }
    return std::nullopt;
  }
  if (value.is_structured()) {
    for (const auto& [key, child] : value.items()) {
      if (value.is_object() && key.find_first_of("{}") != std::string::npos) {
        return words::tell("the name \"{}\" has braces; only values are filled in", key);
      }
      if (Complaint complaint = placeholder_complaint(child, route)) {
        return complaint;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Acknowledgement read_acknowledgement(const Node& node, const Route& route) {
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
  const auto has = [&](std::string_view text) {
    return acknowledgement.response_template.find(text) != std::string::npos;
  };
  if (const Complaint complaint = placeholder_complaint(response.value(), route)) {
    response.fail(*complaint);
  } else if (!response.value().is_structured()) {
    response.fail(words::tell("write an object, an array or null"));
  } else if (!has("{receipt}") && !has(reference_opening)) {
    // A provisional number says as much: the record is found by it.
    response.fail(words::tell(
        "says nothing that a clinic could ask about later; put \"{{receipt}}\", or the \"{{reference:…}}\" of a number "
        "that "
        "the route yields or quotes, into one of its strings"));
  }
  return acknowledgement;
}

}  // namespace titip::profile
