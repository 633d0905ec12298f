// Reads the audit log, the newest lines first, a page a request.

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "gateway/admin/upkeep.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::AuditLine;

storage::Result<std::vector<AuditLine>> read(const Doors& doors, std::uint64_t from, std::size_t limit) {
  storage::WaitingHome home;
  return home.ask<std::vector<AuditLine>>(
      [&](auto done) { doors.store.read_audit(from, limit, home, std::move(done)); });
}

// The number of the last line: lines are numbered without a gap, and what is behind the last is empty.
storage::Result<std::uint64_t> last_number(const Doors& doors) {
  std::uint64_t there = 0;
  std::uint64_t gone = 1;
  for (; true; gone *= 2) {
    const auto line = read(doors, gone, 1);
    if (!line && line.error() != storage::Error::corrupt) return std::unexpected(line.error());
    if (line && line->empty()) break;
    there = gone;
  }
  while (gone - there > 1) {
    const auto middle = there + (gone - there) / 2;
    const auto line = read(doors, middle, 1);
    if (!line && line.error() != storage::Error::corrupt) return std::unexpected(line.error());
    (line && line->empty() ? gone : there) = middle;
  }
  return there;
}

ordered_json shown(const AuditLine& line) {
  auto document = ordered_json::parse(line.bytes, nullptr, false);
  ordered_json each{{"number", line.number}, {"at", clock::rfc3339(line.at)}};
  if (document.is_object()) each.update(document);
  return each;
}

}  // namespace

Ended list_audit(const Request& request, const Doors& doors) {
  const auto last = last_number(doors);
  if (!last) return store_trouble(last.error());
  auto until = *last;  // the newest of this page
  if (!request.after.empty()) {
    std::uint64_t before = 0;
    const auto* end = request.after.data() + request.after.size();
    const auto [read_to, error] = std::from_chars(request.after.data(), end, before);
    if (error != std::errc() || read_to != end || before == 0)
      return in_trouble(Trouble::usage, words::said("The audit log goes on behind the number of a line."));
    until = std::min(until, before - 1);
  }
  const auto limit = request.queue.limit == 0 ? queue_page : static_cast<std::size_t>(request.queue.limit);
  const auto from = until > limit ? until - limit + 1 : 1;
  auto items = ordered_json::array();
  std::size_t unreadable = 0;
  for (auto number = until; number >= from && number > 0; --number) {
    const auto line = read(doors, number, 1);
    if (!line && line.error() != storage::Error::corrupt) return store_trouble(line.error());
    if (line && !line->empty() && line->front().number == number) {
      items.push_back(shown(line->front()));
    } else {
      ++unreadable;
    }
  }
  Ended ended;
  ended.partial = unreadable > 0;
  ended.sentence = words::counted(items.size(), words::text("lines")) + ".";
  if (unreadable > 0)
    ended.sentence +=
        words::said(" {} cannot be read; run `titip audit verify`.", words::counted(unreadable, words::text("lines")));
  ordered_json result{{"items", std::move(items)}, {"unreadable", unreadable}};
  if (from > 1) result["next"] = std::to_string(from);
  ended.result = result.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return ended;
}

}  // namespace titip::admin
