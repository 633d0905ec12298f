#include "gateway/admin/gates.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
constexpr std::size_t page = 100;
using Objects = std::vector<std::pair<std::string, storage::Object>>;

// What lets through this gate, and through no later one.
std::string mark_of(const Gate& gate) {
  return "since " + gate.since;
}

storage::Result<Objects> objects_of(storage::Store& store, std::string_view kind) {
  storage::WaitingHome home;
  Objects all;
  for (std::string after;;) {
    auto list = home.ask<Objects>(
        [&](auto done) { store.list_objects(std::string(kind), after, page, home, std::move(done)); });
    if (!list) return std::unexpected(list.error());
    all.insert(all.end(), list->begin(), list->end());
    if (list->size() < page) return all;
    after = list->back().first;
  }
}

}  // namespace

std::string encode(const Gate& gate) {
  ordered_json document{{"reason", gate.reason.english()}, {"since", gate.since}};
  if (const auto& other = gate.reason.in(words::Language::id); other != gate.reason.english())
    document["reason_id"] = other;
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Gate decode_gate(std::string_view bytes) {
  const auto document = ordered_json::parse(bytes, nullptr, false);
  const auto text = [&document](const char* key) {
    const auto found = document.is_object() ? document.find(key) : document.end();
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  auto english = text("reason");
  if (english.empty()) return {words::text("a gate whose reason cannot be read"), text("since")};
  auto indonesian = text("reason_id");  // of what Titip said itself
  Gate gate{words::verbatim(english), text("since")};
  if (!indonesian.empty()) gate.reason = {std::move(english), std::move(indonesian)};
  return gate;
}

std::optional<Gate> Gates::before(const std::string& destination) const {
  if (const auto found = own.find(destination); found != own.end()) return found->second;
  if (!all) return std::nullopt;
  const auto let_through = opened.find(destination);
  return let_through != opened.end() && let_through->second == mark_of(*all) ? std::nullopt : all;
}

std::string facility_gate_name(const std::string& destination, const std::string& facility) {
  return destination + "/" + facility;
}

std::map<std::string, Gate> Gates::facilities_of(const std::string& destination) const {
  std::map<std::string, Gate> found;
  const std::string prefix = facility_gate_name(destination, {});
  for (auto at = facilities.lower_bound(prefix); at != facilities.end() && at->first.starts_with(prefix); ++at) {
    found.emplace(at->first.substr(prefix.size()), at->second);
  }
  return found;
}

storage::Result<Gates> read_gates(storage::Store& store) {
  Gates gates;
  const auto own = objects_of(store, gate_kind);
  if (!own) return std::unexpected(own.error());
  for (const auto& [name, object] : *own) {
    auto gate = decode_gate(object.bytes);
    if (name == every_destination) {
      gates.all = std::move(gate);
    } else {
      gates.own.emplace(name, std::move(gate));
    }
  }
  const auto opened = objects_of(store, opened_kind);
  if (!opened) return std::unexpected(opened.error());
  for (const auto& [name, object] : *opened) gates.opened.emplace(name, object.bytes);
  const auto facilities = objects_of(store, facility_kind);
  if (!facilities) return std::unexpected(facilities.error());
  for (const auto& [name, object] : *facilities) gates.facilities.emplace(name, decode_gate(object.bytes));
  return gates;
}

storage::Result<bool> set_gate(storage::Store& store, const std::string& what, const Gate& gate, bool before_facility) {
  storage::WaitingHome home;
  const auto kind = std::string(before_facility ? facility_kind : gate_kind);
  const auto applied = home.ask<std::vector<storage::Applied>>(
      [&](auto done) { store.put_objects({{kind, what, 0, encode(gate)}}, home, std::move(done)); });
  if (!applied) return std::unexpected(applied.error());
  return applied->front() == storage::Applied::yes;
}

namespace {

storage::Result<Removed> remove_facility_gate(storage::Store& store, const std::string& name, const Gate& gate) {
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>(
      [&](auto done) { store.get_object(std::string(facility_kind), name, home, std::move(done)); });
  if (!object) return std::unexpected(object.error());
  if (!*object) return Removed{std::nullopt, true};
  const auto applied = home.ask<std::vector<storage::Applied>>([&](auto done) {
    store.put_objects({{std::string(facility_kind), name, (*object)->version, {}}}, home, std::move(done));
  });
  if (!applied) return std::unexpected(applied.error());
  const bool stale = applied->front() != storage::Applied::yes;
  return Removed{stale ? std::nullopt : std::optional(gate), stale};
}

}  // namespace

storage::Result<Removed> remove_gate(storage::Store& store, const std::string& destination,
                                     const std::vector<std::string>& destinations) {
  const auto gates = read_gates(store);
  if (!gates) return std::unexpected(gates.error());
  if (const auto facility = gates->facilities.find(destination); facility != gates->facilities.end())
    return remove_facility_gate(store, destination, facility->second);
  const auto gate = gates->before(destination);
  const bool has_own = gates->own.contains(destination);
  const bool is_ours = std::ranges::find(destinations, destination) != destinations.end();
  if (!gate || (!has_own && !is_ours)) return Removed{};
  storage::WaitingHome home;
  std::vector<storage::PutObject> puts;
  if (has_own) {
    const auto object = home.ask<std::optional<storage::Object>>(
        [&](auto done) { store.get_object(std::string(gate_kind), destination, home, std::move(done)); });
    if (!object) return std::unexpected(object.error());
    if (!*object) return Removed{std::nullopt, true};
    puts.push_back({std::string(gate_kind), destination, (*object)->version, {}});
  }
  // In the same commit: who is let through one gate must not stand before the other.
  if (gates->all) puts.push_back({std::string(opened_kind), destination, std::nullopt, mark_of(*gates->all)});
  const auto applied = home.ask<std::vector<storage::Applied>>(
      [&](auto done) { store.put_objects(std::move(puts), home, std::move(done)); });
  if (!applied) return std::unexpected(applied.error());
  Removed removed;
  removed.stale = applied->front() != storage::Applied::yes;
  if (!removed.stale) removed.gate = gate;
  return removed;
}

}  // namespace titip::admin
