// Erases what has been kept for long enough, now rather than at the next hour.

#include <nlohmann/json.hpp>

#include "gateway/admin/clock_words.h"
#include "gateway/admin/upkeep.h"
#include "gateway/admin/words.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using storage::State;

std::uint64_t in_custody(const storage::Store& store) {
  std::uint64_t sum = 0;
  for (const auto& [name, counts] : store.counts().destinations)
    for (const auto count : counts.by_state) sum += count;
  return sum;
}

struct Sum {
  std::uint64_t examined = 0;
  std::uint64_t erased = 0;
  std::uint64_t bytes = 0;
  std::uint64_t passed_over = 0;  // stretches of the store
};

Ended said(const Sum& sum, const storage::Retain& what, bool dry_run) {
  const auto before = clock::rfc3339(what.settled_before);
  Ended ended;
  const auto erased = words::counted(sum.erased, words::text("records"));
  const auto examined = words::grouped(sum.examined);
  ended.sentence = dry_run ? words::said("{} would be erased, of {} looked at: content of what was settled before {}",
                                         erased, examined, before)
                   : sum.erased == 1
                       ? words::said("{} was erased, of {} looked at: content of what was settled before {}", erased,
                                     examined, before)
                       : words::said("{} were erased, of {} looked at: content of what was settled before {}", erased,
                                     examined, before);
  ended.sentence += sum.bytes == 0 ? words::verbatim(".") : words::said("; {} will come free.", bytes_text(sum.bytes));
  if (sum.passed_over > 0)
    ended.sentence += words::said(
        " {} of the store cannot be read, and nothing in it was erased: run `titip verify`.",
        sum.passed_over == 1 ? words::said("A part") : words::said("{} parts", words::grouped(sum.passed_over)));
  ended.partial = sum.passed_over > 0;
  nlohmann::ordered_json result{{"examined", sum.examined}, {"erased", sum.erased}, {"settled_before", before}};
  if (!dry_run) result["bytes"] = sum.bytes;
  if (!dry_run) result["passed_over"] = sum.passed_over;
  ended.result = result.dump();
  return ended;
}

// What retain() would take, without touching it.
Ended foresee(const Doors& doors, Telling& telling, const storage::Retain& what) {
  const auto of = in_custody(doors.store);
  const auto doubt = doors.store.health().clock_doubt;
  const bool is_believed = !doubt || doubt->since < what.settled_before;
  storage::WaitingHome home;
  storage::ScanQuery query;
  query.filter.states = {State::delivered, State::cancelled};
  query.limit = 1'000;
  for (Sum sum;;) {
    const auto page = home.ask<storage::ScanPage>([&](auto done) { doors.store.scan(query, home, std::move(done)); });
    if (!page) return store_trouble(page.error());
    sum.examined += page->examined;
    for (const auto& each : page->items)
      if (is_believed && !each.content_erased && each.settled_at && *each.settled_at < what.settled_before)
        ++sum.erased;
    if (!page->next) return said(sum, what, true);
    query.after = page->next;
    if (!telling.progress({sum.examined, of})) return stopped_early(words::said("nothing was changed"));
  }
}

// Under a clock that is doubted less is erased than its words promise: that is said, and is not all that was asked for.
Ended with_doubt(Ended ended, const storage::Store& store) {
  const auto words = clock_words(store.health());
  if (ended.trouble || words.empty()) return ended;
  ended.sentence += words::verbatim(" ") + words;
  ended.partial = true;
  return ended;
}

Ended retain_by_age(const Request& request, const Doors& doors, Telling& telling) {
  auto what = retain_at(doors.clock.wall(), doors.retention);
  if (request.dry_run) return foresee(doors, telling, what);
  const auto of = in_custody(doors.store);
  storage::WaitingHome home;
  for (Sum sum;;) {
    const auto slice = home.ask<storage::Retained>([&](auto done) { doors.store.retain(what, home, std::move(done)); });
    if (!slice) return store_trouble(slice.error());
    sum.examined += slice->examined;
    sum.erased += slice->erased;
    sum.bytes += slice->bytes;
    sum.passed_over += slice->passed_over;
    if (!slice->next) return said(sum, what, false);
    what.after = slice->next;
    if (!telling.progress({sum.examined, of}))
      return stopped_early(words::said("{} were erased so far", words::counted(sum.erased, words::text("records"))));
  }
}

}  // namespace

Ended retain(const Request& request, const Doors& doors, Telling& telling) {
  if (!request.clock_is_right) return with_doubt(retain_by_age(request, doors, telling), doors.store);
  if (!doors.store.health().clock_doubt) return in_trouble(Trouble::not_found, words::said("Nobody doubts the clock."));
  if (request.dry_run)
    return {{}, false, clock_words(doors.store.health()) + words::said(" It would be believed again."), "{}"};
  const auto believed = believe_the_clock(doors.store);
  if (!believed) return store_trouble(believed.error());
  if (!*believed)
    return in_trouble(Trouble::failed, words::said("The clock was doubted anew meanwhile. Look at it, then again."));
  auto ended = with_doubt(retain_by_age(request, doors, telling), doors.store);
  if (!ended.trouble) ended.sentence = words::said("The clock is believed again. ") + ended.sentence;
  return ended;
}

}  // namespace titip::admin
