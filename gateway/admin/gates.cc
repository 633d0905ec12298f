#include "gateway/admin/gates.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
constexpr std::size_t page = 100;

}  // namespace

std::string encode(const Gate& gate) {
  return ordered_json{{"reason", gate.reason}, {"since", gate.since}}.dump(-1, ' ', false,
                                                                           ordered_json::error_handler_t::replace);
}

Gate decode_gate(std::string_view bytes) {
  const auto document = ordered_json::parse(bytes, nullptr, false);
  const auto text = [&document](const char* key) {
    const auto found = document.is_object() ? document.find(key) : document.end();
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Gate gate{text("reason"), text("since")};
  if (gate.reason.empty()) gate.reason = "a gate whose reason cannot be read";
  return gate;
}

storage::Result<std::map<std::string, Gate>> read_gates(storage::Store& store) {
  storage::WaitingHome home;
  std::map<std::string, Gate> gates;
  for (std::string after;;) {
    auto list = home.ask<std::vector<std::pair<std::string, storage::Object>>>(
        [&](auto done) { store.list_objects(std::string(gate_kind), after, page, home, std::move(done)); });
    if (!list) return std::unexpected(list.error());
    for (const auto& [name, object] : *list) gates.emplace(name, decode_gate(object.bytes));
    if (list->size() < page) return gates;
    after = list->back().first;
  }
}

storage::Result<Removed> remove_gate(storage::Store& store, const std::string& destination) {
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>(
      [&](auto done) { store.get_object(std::string(gate_kind), destination, home, std::move(done)); });
  if (!object) return std::unexpected(object.error());
  if (!*object) return Removed{};
  const auto applied = home.ask<std::vector<storage::Applied>>([&](auto done) {
    store.put_objects({{std::string(gate_kind), destination, (*object)->version, {}}}, home, std::move(done));
  });
  if (!applied) return std::unexpected(applied.error());
  Removed removed;
  removed.stale = applied->front() != storage::Applied::yes;
  if (!removed.stale) removed.gate = decode_gate((*object)->bytes);
  return removed;
}

}  // namespace titip::admin
