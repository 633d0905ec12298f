#include "gateway/facility_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "gateway/admin/wire_facility.h"
#include "gateway/clock/local_date.h"
#include "gateway/csv.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using storage::Facility;

// Empty: it was read.
using Read = std::string (*)(const std::string&, Facility&);
template <auto Member>
constexpr Read text = [](const std::string& field, Facility& facility) {
  facility.*Member = field;
  return std::string();
};

struct Column {
  std::string_view name;
  bool needed;
  Read read;
};
constexpr std::array columns{
    Column{"code", true, text<&Facility::code>},
    Column{"name", true, text<&Facility::name>},
    Column{"consumer_id", true, text<&Facility::consumer_id>},
    Column{"secret", true, text<&Facility::consumer_secret>},
    Column{"utc_offset", false,
           [](const std::string& field, Facility& facility) {
             const auto offset = read_utc_offset(field);
             facility.utc_offset = offset.value_or(facility.utc_offset);
             return std::string(offset ? "" : words::tell("utc_offset is written like +07:00, or WIB, WITA or WIT"));
           }},
    Column{"late_entry_reason", false, text<&Facility::late_entry_reason>},
    Column{"username", false, text<&Facility::username>},
    Column{"password", false, text<&Facility::password>},
    Column{"encrypted", false,
           [](const std::string& field, Facility& facility) {
             return std::string(read_encrypted(field, facility) ? "" : words::tell("encrypted is yes, no or profile"));
           }},
    Column{"signature_age", false,
           [](const std::string& field, Facility& facility) {
             return std::string(
                 read_signature_age(field, facility) ? "" : words::tell("signature_age is a whole number of seconds"));
           }},
    Column{"most_pending", false,
           [](const std::string& field, Facility& facility) {
             return std::string(
                 read_most_pending(field, facility) ? "" : words::tell("most_pending is a whole number of records"));
           }},
    Column{"callback_url", false, text<&Facility::callback_url>},
    Column{"callback_secret", false, text<&Facility::callback_secret>},
    Column{"callback_delivered", false,
           [](const std::string& field, Facility& facility) {
             facility.callback_delivered = field == "yes";
             return std::string(field == "yes" || field == "no" ? "" : words::tell("callback_delivered is yes or no"));
           }},
};

const Column* find_column(std::string_view name) {
  const auto* found = std::ranges::find(columns, name, &Column::name);
  return found != columns.end() ? found : nullptr;
}

// What is wrong with the first line; empty: nothing, and `order` is filled.
std::string read_order(const CsvRow& first, std::vector<const Column*>& order) {
  std::vector<std::string_view> known;
  for (const auto& each : columns) known.push_back(each.name);
  const auto sentence = [&](std::string what) {
    return words::tell("{}; the first line names the columns: {}", what, words::joined(known, ","));
  };
  if (!first.fault.empty()) return first.fault;
  if (first.fields.size() == 1 && first.fields.front().contains(';'))
    return sentence(words::tell("there are semicolons where commas should stand"));
  for (std::size_t at = 0; at < first.fields.size(); ++at) {
    const auto* column = find_column(first.fields[at]);
    // A name that is not known may be a secret of a file without a first line.
    if (column == nullptr) return sentence(words::tell("column {} has a name that is not known", at + 1));
    if (std::ranges::find(order, column) != order.end())
      return sentence(words::tell("the column {} stands there twice", column->name));
    order.push_back(column);
  }
  for (const auto& each : columns)
    if (each.needed && std::ranges::find(order, &each) == order.end())
      return sentence(words::tell("the column {} is missing", each.name));
  return {};
}

class FileReading {
 public:
  FileReading(std::vector<const Column*> order, std::chrono::minutes usual_offset)
      : order_(std::move(order)), usual_offset_(usual_offset) {}

  void take(const CsvRow& row) {
    Facility facility;
    facility.utc_offset = usual_offset_;
    auto fault = read(row, facility);
    if (fault.empty()) fault = admin::fault_of(facility).own();
    if (fault.empty()) fault = fault_beside_others(row.line, facility);
    if (!fault.empty()) return file_.faults.push_back({row.line, std::move(fault)});
    file_.lines.push_back({row.line, std::move(facility)});
  }
  FacilityFile file() && { return std::move(file_); }

 private:
  std::string read(const CsvRow& row, Facility& facility) const {
    if (!row.fault.empty()) return row.fault;
    if (row.fields.size() != order_.size())
      return words::tell("{} fields; the first line names {}", row.fields.size(), order_.size());
    for (std::size_t at = 0; at < order_.size(); ++at) {
      if (row.fields[at].empty()) continue;
      if (auto fault = order_[at]->read(row.fields[at], facility); !fault.empty()) return fault;
    }
    return facility.name.empty() ? words::tell("the name is missing") : "";
  }
  std::string fault_beside_others(std::size_t line, const Facility& facility) {
    if (const auto [other, is_new] = codes_.emplace(facility.code, line); !is_new)
      return words::tell("the code {} stands in line {} already", facility.code, other->second);
    if (facility.consumer_id.empty()) return {};
    if (const auto [other, is_new] = consumers_.emplace(facility.consumer_id, line); !is_new)
      return words::tell("the consumer id {} stands in line {} already; each facility has its own",
                         facility.consumer_id, other->second);
    return {};
  }

  const std::vector<const Column*> order_;
  const std::chrono::minutes usual_offset_;
  FacilityFile file_;
  std::map<std::string, std::size_t> codes_;
  std::map<std::string, std::size_t> consumers_;
};

}  // namespace

std::optional<std::chrono::minutes> read_utc_offset(std::string_view text) {
  if (const auto zone = clock::zone_offset(text)) return zone;
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || !digit(1) || !digit(2) || !digit(4) ||
      !digit(5))
    return std::nullopt;
  const auto number = [&](std::size_t at) { return 10 * (text[at] - '0') + text[at + 1] - '0'; };
  if (number(1) > 14 || number(4) > 59) return std::nullopt;
  const std::chrono::minutes offset(60 * number(1) + number(4));
  return text[0] == '-' ? -offset : offset;
}

bool read_encrypted(std::string_view text, Facility& facility) {
  facility.encrypted_replies = text == "profile" ? std::nullopt : std::optional(text == "yes");
  return text == "profile" || text == "yes" || text == "no";
}

bool read_signature_age(std::string_view text, Facility& facility) {
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  facility.signature_age = std::chrono::seconds(seconds);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_most_pending(std::string_view text, Facility& facility) {
  std::uint64_t records = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), records);
  facility.most_pending = records;
  return error == std::errc() && end == text.data() + text.size();
}

FacilityFile read_facility_file(std::string_view csv, std::chrono::minutes usual_offset) {
  const auto rows = read_csv(csv);
  if (rows.empty()) return {{}, {{1, words::tell("the file is empty")}}};
  std::vector<const Column*> order;
  if (auto fault = read_order(rows.front(), order); !fault.empty())
    return {{}, {{rows.front().line, std::move(fault)}}};
  if (rows.size() == 1) return {{}, {{rows.front().line, words::tell("the file holds no facility")}}};
  FileReading reading(std::move(order), usual_offset);
  for (std::size_t at = 1; at < rows.size(); ++at) reading.take(rows[at]);
  return std::move(reading).file();
}

}  // namespace titip::gateway
