#include "tests/simulation/restores.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "storage/keys.h"
#include "storage/records.h"
#include "storage/restore.h"

namespace titip::simulation {
namespace {

using storage::Family;
using storage::HoldReason;
using storage::State;
using Rows = std::map<std::string, std::string, std::less<>>;

Rows rows_of(const storage::KvReader& kv, Family family, std::string_view prefix = {}) {
  Rows rows;
  (void)kv.scan(family, prefix, {}, [&](std::string_view key, std::string_view value) {
    rows.emplace(key, value);
    return true;
  });
  return rows;
}

// What is wrong with what became of this record; nothing: it is as it must be.
std::string_view fault_of(const storage::Submission& was, const storage::Submission& is) {
  if (storage::is_terminal(was.state))
    return was.state == is.state && was.version == is.version ? "" : "had ended, and was changed";
  if (was.state == State::held) {
    if (is.state != State::held) return "was held, and is not any more";
    return is.hold_reason == HoldReason::unknown ? "" : "is held, and a release would send it without asking";
  }
  return is.state == State::unknown ? "" : "was pending, and is not unknown";
}

void judge_records(const storage::KvReader& backup, const storage::KvReader& restored, Findings& findings) {
  const auto before = rows_of(backup, Family::meta);
  const auto after = rows_of(restored, Family::meta);
  if (before.size() != after.size())
    findings.violated("restore",
                      fmt::format("the backup has {} records, restored are {}", before.size(), after.size()));
  for (const auto& [key, bytes] : before) {
    const auto was = storage::decode_record({Family::meta, key}, bytes);
    const auto found = after.find(key);
    const auto is = found == after.end() ? std::nullopt : storage::decode_record({Family::meta, key}, found->second);
    if (!was || !is) {
      findings.violated("restore", "a record of the backup cannot be read or is not there");
      continue;
    }
    if (const auto fault = fault_of(was->submission, is->submission); !fault.empty())
      findings.violated("restore",
                        fmt::format("{} {} ({} before, {} now)", was->submission.id.text(), fault,
                                    storage::name(was->submission.state), storage::name(is->submission.state)));
  }
  if (rows_of(backup, Family::payload) != rows_of(restored, Family::payload))
    findings.violated("restore", "what the records hold is not what the backup holds");
}

void judge_gap(const storage::KvReader& backup, const storage::KvReader& restored, const LostStore& lost,
               Findings& findings) {
  const auto before = rows_of(backup, Family::object, storage::keys::object_prefix(storage::gap_kind));
  auto gaps = rows_of(restored, Family::object, storage::keys::object_prefix(storage::gap_kind));
  for (const auto& [key, bytes] : before) gaps.erase(key);
  if (gaps.size() != 1) return findings.violated("restore", fmt::format("{} gaps are told, one there is", gaps.size()));
  const auto object = storage::decode_object({Family::object, gaps.begin()->first}, gaps.begin()->second);
  const auto gap = nlohmann::json::parse(object ? object->bytes : "", nullptr, false);
  if (!gap.is_object()) return findings.violated("restore", "the gap cannot be read");
  const auto from = gap.at("from").at("position").get<std::uint64_t>();
  if (from != number_in(backup, storage::keys::last_position))
    findings.violated("restore", fmt::format("the gap begins at {}, the backup does not end there", from));
  const auto until =
      gap.at("until").is_null() ? std::optional<std::uint64_t>() : gap.at("until").at("position").get<std::uint64_t>();
  if (until != lost.last_position)
    findings.violated("restore", fmt::format("the gap ends at {}, and {} submissions had been accepted",
                                             until.value_or(0), lost.last_position.value_or(0)));
}

}  // namespace

std::uint64_t number_in(const storage::KvReader& kv, std::string_view name) {
  const auto bytes = kv.get(Family::info, name);
  return bytes && *bytes ? storage::decode_number({Family::info, name}, **bytes).value_or(0) : 0;
}

bool has_gate(const storage::KvReader& kv, std::string_view destination) {
  return std::ranges::any_of(std::array{destination, storage::gate_of_all}, [&](std::string_view name) {
    const auto object = kv.get(Family::object, storage::keys::object(storage::gate_kind, name));
    return object && *object;
  });
}

void judge_restore(const storage::KvReader& backup, const storage::KvReader& restored, const LostStore& lost,
                   Findings& findings) {
  judge_records(backup, restored, findings);
  judge_gap(backup, restored, lost, findings);
  const auto epoch = number_in(restored, storage::keys::epoch);
  const auto was = std::max(number_in(backup, storage::keys::epoch), lost.last_position ? lost.epoch : 0);
  if (epoch <= was) findings.violated("restore", fmt::format("the epoch is {}, and was {} before", epoch, was));
}

}  // namespace titip::simulation
