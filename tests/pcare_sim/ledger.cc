#include "tests/pcare_sim/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

std::string joined(std::string_view first, std::string_view second) {
  std::string key;
  key.reserve(first.size() + second.size() + 1);
  key.append(first).append(1, '\n').append(second);  // the first is a facility: no line break
  return key;
}

std::string text_of(const NaturalKey& key) {
  std::string text;
  text.reserve(64);
  text.append(key.kind == EntryKind::person ? "p" : "d").append(key.facility).append(1, '\n').append(key.nik);
  if (key.kind == EntryKind::dose) text.append(1, '\n').append(key.dose).append(1, '\n').append(key.date);
  return text;
}

std::string_view method_of(Verb verb) {
  return verb == Verb::person_save || verb == Verb::dose_save ? "POST" : "PUT";
}

std::string_view route_of(Verb verb) {
  switch (verb) {
    case Verb::person_save:
      return "sasaran/simpan";
    case Verb::person_update:
      return "sasaran/update";
    case Verb::dose_save:
      return "vaksin/simpan";
    case Verb::dose_update:
      return "vaksin/ubah";
  }
  return "";
}

void append_key(std::string& out, const NaturalKey& key) {
  fmt::format_to(std::back_inserter(out), R"("kind":"{}","kdPpk":{},"nik":{})",
                 key.kind == EntryKind::person ? "person" : "dose", json_string(key.facility), json_string(key.nik));
  if (key.kind == EntryKind::dose)
    fmt::format_to(std::back_inserter(out), R"(,"dosis":{},"tglVaksin":{})", json_string(key.dose),
                   json_string(key.date));
}

void append_effect(std::string& out, const Effect& effect, std::uint32_t sequence, std::chrono::minutes utc_offset) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(effect.at.time_since_epoch());
  fmt::format_to(std::back_inserter(out),
                 R"("seq":{},"time":"{}","time_ms":{},"method":"{}","route":"{}","body_sha256":"{}",)"
                 R"("idempotency_key":{},"late":{},"reply_lost":{},"weather":{})",
                 sequence, stamp_text(effect.at, utc_offset), since_epoch.count(), method_of(effect.verb),
                 route_of(effect.verb), hex(effect.body_sha256),
                 effect.idempotency_key.empty() ? "null" : json_string(effect.idempotency_key),
                 effect.circumstance.late, effect.circumstance.reply_lost,
                 effect.circumstance.weather ? json_string(kind_name(*effect.circumstance.weather)) : "null");
}

}  // namespace

std::uint32_t Ledger::apply(Change change, Effect effect, std::string entered_on) {
  const auto [slot, is_new] = by_key_.try_emplace(text_of(change.key), entry_count());
  const std::uint32_t index = slot->second;
  const std::uint32_t sequence = effect_count() + 1;
  if (is_new) {
    entries_.emplace_back().key = std::move(change.key);
    entries_.back().first = sequence;
    const Entry& made = entries_.back();
    if (made.key.kind == EntryKind::dose) by_date_[joined(made.key.facility, made.key.date)].push_back(index);
  } else {
    effects_[entries_[index].last - 1].next = sequence;
  }
  Entry& entry = entries_[index];
  if (entry.ticket != change.ticket) {
    auto& same_ticket = by_ticket_[joined(entry.key.facility, change.ticket)];
    if (is_new || std::ranges::find(same_ticket, index) == same_ticket.end()) same_ticket.push_back(index);
    entry.ticket = std::move(change.ticket);
  }
  entry.postponed = change.postponed;
  entry.values = std::move(change.values);
  entry.entered_on = std::move(entered_on);
  entry.last = sequence;
  ++entry.count;
  effect.entry = index;
  effects_.push_back(std::move(effect));
  return sequence;
}

const Entry* Ledger::find(const NaturalKey& key) const {
  const auto found = by_key_.find(text_of(key));
  return found == by_key_.end() ? nullptr : &entries_[found->second];
}

const std::vector<std::uint32_t>* Ledger::with_ticket(std::string_view facility, std::string_view ticket) const {
  const auto found = by_ticket_.find(joined(facility, ticket));
  return found == by_ticket_.end() ? nullptr : &found->second;
}

const std::vector<std::uint32_t>* Ledger::doses_of(std::string_view facility, std::string_view date) const {
  const auto found = by_date_.find(joined(facility, date));
  return found == by_date_.end() ? nullptr : &found->second;
}

std::uint32_t Ledger::first_entry_after(std::uint32_t sequence) const {
  const auto found = std::ranges::upper_bound(entries_, sequence, {}, &Entry::first);
  return static_cast<std::uint32_t>(found - entries_.begin());
}

std::string effect_json(const Ledger& ledger, std::uint32_t sequence, std::chrono::minutes utc_offset, bool values) {
  const Effect& effect = ledger.effect(sequence);
  const Entry& entry = ledger.entry(effect.entry);
  std::string out = "{";
  append_effect(out, effect, sequence, utc_offset);
  out += ',';
  append_key(out, entry.key);
  if (values) out.append(",\"values\":").append(entry.values);
  out += '}';
  return out;
}

void append_entry_json(std::string& out, const Ledger& ledger, std::uint32_t index, std::chrono::minutes utc_offset) {
  const Entry& entry = ledger.entry(index);
  out += '{';
  append_key(out, entry.key);
  fmt::format_to(std::back_inserter(out), R"(,"count":{},"effects":[)", entry.count);
  for (std::uint32_t sequence = entry.first; sequence != 0; sequence = ledger.effect(sequence).next) {
    out += sequence == entry.first ? "{" : ",{";
    append_effect(out, ledger.effect(sequence), sequence, utc_offset);
    out += '}';
  }
  out.append("],\"values\":").append(entry.values).append("}");
}

}  // namespace titip::pcare_sim
