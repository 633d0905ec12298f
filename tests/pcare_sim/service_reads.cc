// What the service tells when asked. Facilities see their own entries only.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "tests/pcare_sim/service.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

using nlohmann::json;

constexpr std::uint32_t max_list = 10'000;

// A person in the shape of tiket/nik: the registered fields, null where the registration had none, and isEdit.
Reply person_reply(const Entry& person) {
  const json values = json::parse(person.values);
  json out;
  for (const char* name : {"nik", "noTiket", "nama", "tglLahir", "noHp", "kodeKategori", "alamat"})
    out[name] = values.value(name, json());
  out["isEdit"] = 1;  // registered here, so it can be edited here
  return envelope(200, 200, "OK", out.dump());
}

std::uint32_t number_in(std::string_view query, std::string_view name, std::uint32_t otherwise) {
  const std::string_view text = query_value(query, name);
  std::uint32_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string list_json(std::size_t count, const std::string& members) {
  return fmt::format(R"({{"count":{},"list":[{}]}})", count, members);
}

}  // namespace

Reply Service::person_by_nik(const Target& target, std::string_view facility) const {
  const Entry* person = ledger_->find({EntryKind::person, std::string(facility), target.parameters[0], {}, {}});
  return person == nullptr ? envelope(404, 404, "Data tidak ditemukan di dukcapil") : person_reply(*person);
}

// jenis 1 (or "nik") searches by NIK, 2 (or "tiket") by ticket; `tanggal` is the day of the registration.
Reply Service::person_search(const Target& target, std::string_view facility) const {
  const std::string& kind = target.parameters[0];
  const std::string& wanted = target.parameters[1];
  const std::string& date = target.parameters[2];
  std::vector<FieldFault> faults;
  if (kind != "1" && kind != "nik" && kind != "2" && kind != "tiket")
    faults.push_back({"jenis", fmt::format("jenis {} tidak valid", printable(kind, 20))});
  if (!is_date(date)) faults.push_back({"tanggal", fmt::format("tanggal {} tidak valid", printable(date, 20))});
  if (!faults.empty()) return precondition_failed(faults);
  const Entry* person = nullptr;
  if (kind == "1" || kind == "nik") {
    person = ledger_->find({EntryKind::person, std::string(facility), wanted, {}, {}});
  } else if (const auto* same_ticket = ledger_->with_ticket(facility, wanted)) {
    for (const auto index : *same_ticket) {
      const Entry& entry = ledger_->entry(index);
      if (entry.key.kind == EntryKind::person && entry.ticket == wanted) person = &entry;
    }
  }
  if (person == nullptr || person->entered_on != date) return envelope(200, 204, "Data tidak ditemukan");
  return person_reply(*person);
}

Reply Service::doses_by_ticket(const Target& target, std::string_view facility) const {
  std::string members;
  std::size_t count = 0;
  if (const auto* same_ticket = ledger_->with_ticket(facility, target.parameters[0])) {
    for (const auto index : *same_ticket) {
      const Entry& entry = ledger_->entry(index);
      if (entry.key.kind != EntryKind::dose || entry.ticket != target.parameters[0] || count >= max_list) continue;
      members.append(count++ == 0 ? "" : ",").append(entry.values);
    }
  }
  if (count == 0) return envelope(200, 204, "Data tidak ditemukan");
  return envelope(200, 200, "OK", list_json(count, members));
}

// The facility's doses with this vaccination date. `count` is of all; ?start= and ?limit= (10,000 at most, and without
// asking) page through them.
Reply Service::doses_by_date(const Target& target, std::string_view facility) const {
  const std::string& date = target.parameters[0];
  if (!is_date(date))
    return precondition_failed({{"tanggal", fmt::format("tanggal {} tidak valid", printable(date, 20))}});
  const auto* doses = ledger_->doses_of(facility, date);
  if (doses == nullptr) return envelope(200, 204, "Data tidak ditemukan");
  const std::size_t start = number_in(target.query, "start", 0);
  const std::size_t limit = std::min(max_list, number_in(target.query, "limit", max_list));
  std::string members;
  for (std::size_t i = start; i < doses->size() && i - start < limit; ++i)
    members.append(i == start ? "" : ",").append(ledger_->entry((*doses)[i]).values);
  return envelope(200, 200, "OK", list_json(doses->size(), members));
}

}  // namespace titip::pcare_sim
