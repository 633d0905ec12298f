#include "upstream/profile/envelope.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "upstream/profile/json_text.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

using nlohmann::json;

constexpr int max_code = 999'999;
constexpr std::size_t max_messages = 100;

std::optional<int> code_in(const json* value) {
  if (value == nullptr) {
    return std::nullopt;
  }
  const std::string text = value->is_number_integer() || value->is_string() ? text_of(*value) : std::string{};
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && code >= 0 && code <= max_code ? std::optional(code) : std::nullopt;
}

void add_message(const json& entry, std::string& all_text) {
  if (const json* message = resolve(entry, "/message"); message != nullptr && message->is_string()) {
    all_text += '\n';
    all_text += message->get_ref<const std::string&>();
  }
}

// Validation answers carry their words inside `response`: an object or an array of {"field", "message"}.
void add_response_messages(const json* response, std::string& all_text) {
  if (response == nullptr || !response->is_structured()) {
    return;
  }
  if (response->is_object()) {
    add_message(*response, all_text);
    return;
  }
  for (std::size_t i = 0; i < std::min(response->size(), max_messages); ++i) {
    add_message((*response)[i], all_text);
  }
}

struct Filling {
  std::string_view receipt;
  std::string_view id;
  const Numbers& numbers;
  bool lacks_number = false;
};

// What stands for the placeholder that `rest` begins with, and how long that is; a length of 0 if it is none.
std::pair<std::string_view, std::size_t> filled(std::string_view rest, Filling& filling) {
  constexpr std::string_view receipt = "{receipt}";
  constexpr std::string_view id = "{id}";
  constexpr std::string_view reference = "{reference:";
  if (rest.starts_with(receipt)) return {filling.receipt, receipt.size()};
  if (rest.starts_with(id)) return {filling.id, id.size()};
  const auto end = rest.find('}');
  if (!rest.starts_with(reference) || end == std::string_view::npos) return {{}, 0};
  const auto found = filling.numbers.find(rest.substr(reference.size(), end - reference.size()));
  if (found == filling.numbers.end()) filling.lacks_number = true;
  return {found == filling.numbers.end() ? std::string_view() : std::string_view(found->second), end + 1};
}

void fill_strings(json& value, Filling& filling) {
  if (value.is_structured()) {
    for (json& child : value) {
      fill_strings(child, filling);
    }
    return;
  }
  if (!value.is_string()) {
    return;
  }
  std::string made;
  const std::string text = value.get<std::string>();
  for (std::string_view rest = text; !rest.empty();) {
    const auto [replacement, length] = filled(rest, filling);
    made += length > 0 ? replacement : rest.substr(0, 1);
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  value = std::move(made);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

std::optional<EnvelopeView> envelope_in(const Envelope& shape, const json& reply) {
  const auto code = code_in(resolve(reply, shape.code_pointer));
  const json* message = resolve(reply, shape.message_pointer);
  if (!reply.is_object() || !code || (message != nullptr && !message->is_string() && !message->is_null())) {
    return std::nullopt;
  }
  EnvelopeView view{.code = *code, .message = message == nullptr ? std::string{} : text_of(*message), .all_text = {}};
  view.all_text = view.message;
  add_response_messages(resolve(reply, shape.response_pointer), view.all_text);
  return view;
}

std::optional<EnvelopeView> read_envelope(const Envelope& shape, std::string_view body) {
  const auto reply = parse_json(body);
  return reply ? envelope_in(shape, *reply) : std::nullopt;
}

std::string write_envelope(const Envelope& shape, int code, std::string_view message, std::string_view response_json) {
  // In the order in which the service itself writes its parts. The loader refuses pointers that lie inside one another.
  using nlohmann::ordered_json;
  auto response = ordered_json::parse(response_json, nullptr, false);
  auto document = ordered_json::object();
  document[ordered_json::json_pointer(shape.response_pointer)] =
      response.is_discarded() ? nullptr : std::move(response);
  document[ordered_json::json_pointer(shape.message_pointer)] = message;
  document[ordered_json::json_pointer(shape.code_pointer)] = code;
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string acknowledgement_response(const Acknowledgement& acknowledgement, std::string_view receipt,
                                     std::string_view id, const Numbers& numbers) {
  auto response = parse_json(acknowledgement.response_template);
  if (!response) {
    return {};
  }
  Filling filling{receipt, id, numbers};
  fill_strings(*response, filling);
  return filling.lacks_number ? std::string{} : dump_json(*response);
}

bool contains_text(std::string_view haystack, std::string_view text) {
  return !std::ranges::search(haystack, text, {}, lower, lower).empty() || text.empty();
}

}  // namespace titip::profile
