#include "gateway/reads/national.h"

#include <nlohmann/json.hpp>

namespace titip::reads {
namespace {

using nlohmann::ordered_json;

std::string filled(const profile::Envelope& shape, int code, std::string_view message, ordered_json response) {
  ordered_json document = ordered_json::object();
  document[ordered_json::json_pointer(shape.response_pointer)] = std::move(response);
  document[ordered_json::json_pointer(shape.message_pointer)] = message;
  document[ordered_json::json_pointer(shape.code_pointer)] = code;
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::string envelope(const profile::Envelope& shape, int code, std::string_view message,
                     std::string_view response_json) {
  auto response = response_json.empty() ? ordered_json(nullptr) : ordered_json::parse(response_json, nullptr, false);
  if (response.is_discarded()) response = nullptr;
  return filled(shape, code, message, std::move(response));
}

std::string fault_envelope(const profile::Envelope& shape, int code, std::string_view message,
                           const std::vector<std::pair<std::string, std::string>>& faults) {
  if (faults.empty()) return envelope(shape, code, message);
  auto list = ordered_json::array();
  for (const auto& [field, sentence] : faults) list.push_back({{"field", field}, {"message", sentence}});
  return filled(shape, code, message, std::move(list));
}

}  // namespace titip::reads
