#include "tests/pcare_sim/rest_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <ranges>

#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

constexpr std::uint32_t max_page = 20'000;
constexpr std::uint32_t first_item_number = 100'001;

std::string text_of(const Attendance& of) {
  return fmt::format("{}\n{}\n{}\n{}", of.facility, of.card, of.date, of.policlinic);
}

std::string numbers_json(const std::vector<NamedNumber>& numbers) {
  std::string out;
  for (const auto& [name, number] : numbers)
    out += fmt::format("{}[{},{}]", out.empty() ? "" : ",", json_string(name), json_string(number));
  return "[" + out + "]";
}

std::string effect_json(const RestEffect& effect, std::size_t sequence) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(effect.at.time_since_epoch());
  const auto& [weather, late, reply_lost] = effect.circumstance;
  std::string out = fmt::format(
      R"({{"seq":{},"time_ms":{},"mount":{},"method":{},"route":{},"path":{},"kdPpk":{},"body":{},"quoted":{})",
      sequence, since_epoch.count(), json_string(mount_path(effect.mount)), json_string(effect.method),
      json_string(effect.route), json_string(effect.path), json_string(effect.facility), json_string(effect.body),
      numbers_json(effect.quoted));
  if (effect.given)
    out += fmt::format(R"(,"given":[{},{}])", json_string(effect.given->name), json_string(effect.given->number));
  if (effect.of)
    out += fmt::format(R"(,"of":{{"noKartu":{},"tglDaftar":{},"kdPoli":{}}})", json_string(effect.of->card),
                       json_string(effect.of->date), json_string(effect.of->policlinic));
  out += fmt::format(R"(,"late":{},"reply_lost":{},"weather":{}}})", late, reply_lost,
                     weather ? json_string(kind_name(*weather)) : "null");
  return out;
}

}  // namespace

std::string RestTotals::json() const {
  return fmt::format(
      R"({{"reads":{},"writes":{},"effects":{},"rejected":{},"duplicates_refused":{},"unauthorized":{},"unauthorized_writes":{},)"
      R"("dangling_references":{},"lost_replies":{},"late_applies":{}}})",
      reads, writes, effects, rejected, duplicates_refused, unauthorized, unauthorized_writes, dangling_references,
      lost_replies, late_applies);
}

// "A1", "A2", … at the first policlinic, "B1" at the second: per facility, day and policlinic, and never again.
const Registration& RestLedger::enter(Attendance attendance, std::string_view body) {
  const std::string queue = fmt::format("{}\n{}\n{}", attendance.facility, attendance.date, attendance.policlinic);
  unsigned policlinic = 1;
  std::from_chars(attendance.policlinic.data(), attendance.policlinic.data() + attendance.policlinic.size(),
                  policlinic);
  const char letter = static_cast<char>('A' + (policlinic + 25) % 26);
  const std::size_t index = registrations_.size();
  by_attendance_[text_of(attendance)] = index;
  by_day_[fmt::format("{}\n{}", attendance.facility, attendance.date)].push_back(index);
  registrations_.push_back(
      {std::move(attendance), fmt::format("{}{}", letter, ++queue_numbers_[queue]), std::string(body)});
  return registrations_.back();
}

Registration* RestLedger::registration(const Attendance& attendance) {
  const auto found = by_attendance_.find(text_of(attendance));
  return found == by_attendance_.end() ? nullptr : &registrations_[found->second];
}

std::vector<const Registration*> RestLedger::day(std::string_view facility, std::string_view date) const {
  std::vector<const Registration*> list;
  const auto found = by_day_.find(fmt::format("{}\n{}", facility, date));
  if (found == by_day_.end()) return list;
  for (const auto index : found->second)
    if (registrations_[index].there) list.push_back(&registrations_[index]);
  return list;
}

// "0114A0260815Y000003": facility, month and year of the visit, Y, and a number within them.
const Visit& RestLedger::enter_visit(Attendance attendance, std::string_view body) {
  const std::string month =
      fmt::format("{}{}{}Y", attendance.facility, attendance.date.substr(3, 2), attendance.date.substr(8, 2));
  std::string number = fmt::format("{}{:06}", month, ++visit_numbers_[month]);
  by_visit_.emplace(number, visits_.size());
  by_card_[attendance.card].push_back(visits_.size());
  visits_.push_back({std::move(attendance), std::move(number), std::string(body)});
  return visits_.back();
}

Visit* RestLedger::visit(std::string_view number) {
  const auto found = by_visit_.find(std::string(number));
  return found == by_visit_.end() ? nullptr : &visits_[found->second];
}

std::vector<const Visit*> RestLedger::visits_of(std::string_view card) const {
  std::vector<const Visit*> list;
  const auto found = by_card_.find(std::string(card));
  if (found == by_card_.end()) return list;
  for (const auto index : found->second | std::views::reverse)
    if (visits_[index].there) list.push_back(&visits_[index]);
  return list;
}

const Item& RestLedger::enter_item(RestEndpoint made_by, std::string_view visit, std::string_view body) {
  by_items_visit_[std::string(visit)].push_back(items_.size());
  items_.push_back(
      {made_by, fmt::format("{}", first_item_number + items_.size()), std::string(visit), std::string(body)});
  return items_.back();
}

Item* RestLedger::item(RestEndpoint made_by, std::string_view number) {
  std::size_t value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size()) return nullptr;
  if (value < first_item_number || value - first_item_number >= items_.size()) return nullptr;
  Item& item = items_[value - first_item_number];
  return item.made_by == made_by ? &item : nullptr;
}

std::vector<const Item*> RestLedger::items_of(RestEndpoint made_by, std::string_view visit) const {
  std::vector<const Item*> list;
  const auto found = by_items_visit_.find(std::string(visit));
  if (found == by_items_visit_.end()) return list;
  for (const auto index : found->second)
    if (items_[index].there && items_[index].made_by == made_by) list.push_back(&items_[index]);
  return list;
}

void RestLedger::apply(RestEffect effect) {
  effects_.push_back(std::move(effect));
}

std::string RestLedger::effects_json(std::uint32_t after, std::uint32_t limit) const {
  const std::size_t from = std::min<std::size_t>(after, effects_.size());
  const std::size_t to = from + std::min<std::size_t>({limit, max_page, effects_.size() - from});
  std::string out = R"({"effects":[)";
  for (std::size_t i = from; i < to; ++i) {
    out += i == from ? "\n" : ",\n";
    out += effect_json(effects_[i], i + 1);
  }
  out += fmt::format("\n],\"more\":{},\"next_after\":{}}}", to < effects_.size(), to);
  return out;
}

}  // namespace titip::pcare_sim
