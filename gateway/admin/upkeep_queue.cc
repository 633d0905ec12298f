// Shows the queue: lists of records a page a request, one record with its timeline, and the shape of it all. People
// stand there by the last four digits of their number.

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "gateway/admin/mask.h"
#include "gateway/admin/people.h"
#include "gateway/admin/queue_shape.h"
#include "gateway/admin/records.h"
#include "gateway/admin/upkeep.h"
#include "gateway/admin/words.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::Loaded;
using storage::Submission;

constexpr std::size_t most_examined = 100'000;  // by one request: it may be short of its limit and still have a next

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json time_or_null(const std::optional<storage::WallTime>& at) {
  return at ? ordered_json(clock::rfc3339(*at)) : ordered_json(nullptr);
}

// Who it is about; null where nobody can say: erased, or the route names no number.
ordered_json person_of(const Loaded& loaded, const Doors& doors) {
  if (!doors.person_in) return nullptr;
  const auto payload = opened_payload(loaded, doors.sealer);
  const auto person = payload ? doors.person_in(loaded.submission, *payload) : std::string();
  return person.empty() ? ordered_json(nullptr) : ordered_json(masked(person));
}

ordered_json item_json(const Loaded& loaded, const Doors& doors) {
  const auto& record = loaded.submission;
  const auto end = record.settled_at.value_or(doors.clock.wall());
  return {
      {"id", record.id.text()},
      {"receipt", record.receipt},
      {"destination", record.destination},
      {"facility", record.facility},
      {"route", record.route},
      {"state", storage::name(record.state)},
      {"hold_reason", storage::name(record.hold_reason)},
      {"outcome_rule", record.outcome_rule},
      {"person", person_of(loaded, doors)},
      {"accepted_at", clock::rfc3339(record.accepted_at)},
      {"due_at", time_or_null(record.due_at)},
      {"settled_at", time_or_null(record.settled_at)},
      {"age_s", std::max<std::int64_t>(std::chrono::floor<std::chrono::seconds>(end - record.accepted_at).count(), 0)},
      {"attempts_counted", record.attempts},
      {"replaced_by", record.replaced_by ? ordered_json(record.replaced_by->text()) : ordered_json(nullptr)}};
}

struct Found {
  std::vector<Submission> items;
  std::string next;
  std::size_t damaged = 0;
};

bool fits(const storage::Filter& filter, const Submission& record) {
  return (!filter.destination || record.destination == *filter.destination) &&
         (!filter.facility || record.facility == *filter.facility) &&
         (filter.states.empty() || std::ranges::find(filter.states, record.state) != filter.states.end()) &&
         (!filter.outcome_rule || record.outcome_rule == *filter.outcome_rule) &&
         (!filter.accepted_from || record.accepted_at >= *filter.accepted_from) &&
         (!filter.accepted_before || record.accepted_at < *filter.accepted_before);
}

// A person's records come by position, so that is what their list goes on behind.
storage::Result<Found> of_person(const Request& request, const Doors& doors, std::size_t limit) {
  storage::Find what{storage::Find::By::person, people_of(request, doors.sealer).front(), 0, queue_page};
  std::from_chars(request.after.data(), request.after.data() + request.after.size(), what.after_position);
  storage::WaitingHome home;
  const auto filter = filter_of(request.queue);
  Found found;
  while (true) {
    const auto page =
        home.ask<std::vector<Submission>>([&](auto done) { doors.store.find(what, home, std::move(done)); });
    if (!page) return std::unexpected(page.error());
    for (const auto& record : *page) {
      what.after_position = record.position;
      if (fits(filter, record)) found.items.push_back(record);
      if (found.items.size() < limit) continue;
      found.next = std::to_string(record.position);
      return found;
    }
    if (page->size() < what.limit) return found;
  }
}

storage::Result<Found> of_all(const Request& request, const Doors& doors, std::size_t limit) {
  storage::WaitingHome home;
  storage::ScanQuery query;
  query.filter = filter_of(request.queue);
  if (!request.after.empty()) query.after = storage::SubmissionId::parse(request.after);
  Found found;
  for (std::size_t examined = 0; examined < most_examined;) {
    query.limit = limit - found.items.size();
    auto page = home.ask<storage::ScanPage>([&](auto done) { doors.store.scan(query, home, std::move(done)); });
    if (!page) return std::unexpected(page.error());
    std::ranges::move(page->items, std::back_inserter(found.items));
    examined += page->examined;
    found.damaged += page->damaged;
    query.after = page->next;
    found.next = page->next ? page->next->text() : std::string();
    if (!page->next || found.items.size() >= limit) break;
  }
  return found;
}

void add_what_to_do(ordered_json& item, const Loaded& loaded, const Doors& doors) {
  const auto shown = ordered_json::parse(doors.timeline(loaded), nullptr, false);
  if (!shown.is_object()) return;
  for (const auto* key : {"server_words", "to_do"})
    if (const auto found = shown.find(key); found != shown.end()) item[key] = *found;
}

Ended list(const Request& request, const Doors& doors) {
  const bool by_person = !request.people.empty();
  if (!by_person && !request.after.empty() && !storage::SubmissionId::parse(request.after))
    return in_trouble(Trouble::usage, words::said("A list goes on behind the id of a record."));
  const auto limit = request.queue.limit == 0 ? queue_page : request.queue.limit;
  auto found = by_person ? of_person(request, doors, limit) : of_all(request, doors, limit);
  if (!found) return store_trouble(found.error());
  std::vector<storage::LoadRequest> wanted;
  for (const auto& record : found->items) wanted.push_back({record.id, true, false, request.queue.attention});
  auto items = ordered_json::array();
  storage::WaitingHome home;
  if (!wanted.empty()) {
    const auto loaded = home.ask<std::vector<std::optional<Loaded>>>(
        [&](auto done) { doors.store.load(std::move(wanted), home, std::move(done)); });
    const bool says_what_to_do = request.queue.attention && doors.timeline;
    // One that cannot be read whole is shown by its record all the same.
    for (std::size_t at = 0; at < found->items.size(); ++at) {
      const bool is_whole = loaded && loaded->at(at);
      const auto one = is_whole ? *loaded->at(at) : Loaded{found->items[at], {}, {}, {}};
      items.push_back(item_json(one, doors));
      if (says_what_to_do) add_what_to_do(items.back(), one, doors);
    }
  }
  Ended ended;
  ended.partial = found->damaged > 0;
  ended.sentence = words::counted(items.size(), words::text("records")) + ".";
  if (found->damaged > 0)
    ended.sentence +=
        words::said(" {} cannot be read; run `titip verify`.", words::counted(found->damaged, words::text("records")));
  ordered_json result{{"items", std::move(items)}, {"unreadable", found->damaged}};
  if (!found->next.empty()) result["next"] = found->next;
  ended.result = masked(text_of(result));  // the server's words may repeat a number
  return ended;
}

Ended show(const Request& request, const Doors& doors) {
  const auto loaded =
      load_record(request.queue.id, doors, {.id = {}, .payload = true, .reply = false, .attempts = true});
  if (!loaded) return loaded.error();
  const auto& record = loaded->submission;
  auto document = item_json(*loaded, doors);
  const auto shown = doors.timeline ? ordered_json::parse(doors.timeline(*loaded), nullptr, false) : ordered_json();
  if (shown.is_object()) document.update(shown);
  document["replaces"] = record.replaces ? ordered_json(record.replaces->text()) : ordered_json(nullptr);
  if (const auto difference = difference_of(record, doors))
    document["edited"] = ordered_json::parse(*difference, nullptr, false);
  storage::WaitingHome home;
  const auto waiting = home.ask<std::vector<storage::Waiting>>(
      [&](auto done) { doors.store.waiting({record.id}, home, std::move(done)); });
  const bool waits = waiting && waiting->front().for_whom;
  document["waits_for"] = waits ? ordered_json(waiting->front().for_whom->text()) : ordered_json(nullptr);
  Ended ended;
  ended.sentence = words::said("{} is {}.", record.id.text(), state_words(storage::name(record.state)));
  ended.result = masked(text_of(document));  // the server's words may repeat a number
  return ended;
}

Ended shape(const Doors& doors) {
  const auto rows = queue_shape(doors.store.counts(), doors.clock.wall());
  std::uint64_t waiting = 0;
  for (const auto& row : rows) waiting += row.waiting;
  return {{},
          false,
          waiting == 1 ? words::said("1 record is not settled.")
                       : words::said("{} records are not settled.", words::grouped(waiting)),
          text_of(shape_json(rows))};
}

}  // namespace

Ended queue(const Request& request, const Doors& doors) {
  if (request.command == Command::queue_shape) return shape(doors);
  return request.command == Command::queue_ls ? list(request, doors) : show(request, doors);
}

}  // namespace titip::admin
