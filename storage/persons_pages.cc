#include "storage/persons_pages.h"

#include "metrics/words/said.h"

namespace titip::storage::persons {
namespace {

constexpr std::size_t page_size = 100;

}  // namespace

std::unexpected<words::Said> failed(const Store& store, words::Text doing, Error error) {
  if (error == Error::corrupt) return std::unexpected(words::said("{}: a record is damaged; run titip verify", doing));
  const auto why = store.health().why_not;
  if (why.empty())
    return std::unexpected(words::said("{}: the store answers \"{}\"; run it again", doing, name(error)));
  return std::unexpected(words::said("{}: the store answers \"{}\", for {}; run it again", doing, name(error), why));
}

std::expected<void, words::Said> each_page(
    Store& store, WaitingHome& home, const Digest& person,
    const std::function<std::expected<bool, words::Said>(const std::vector<Submission>&)>& take) {
  Find find{.by = Find::By::person, .key = person, .after_position = 0, .limit = page_size};
  while (true) {
    const auto page =
        home.ask_patiently<std::vector<Submission>>([&](auto done) { store.find(find, home, std::move(done)); });
    if (!page) return failed(store, words::text("looking for the person's records"), page.error());
    if (page->empty()) return {};
    const auto goes_on = take(*page);
    if (!goes_on) return std::unexpected(goes_on.error());
    if (!*goes_on) return {};
    find.after_position = page->back().position;
  }
}

std::expected<void, words::Said> damaged_of(Store& store, WaitingHome& home, const Digest& person, WallTime until,
                                            LeftOut& damaged) {
  const Find find{.by = Find::By::damaged_of_person, .key = person, .after_position = 0, .limit = most_named};
  const auto found =
      home.ask_patiently<std::vector<Submission>>([&](auto done) { store.find(find, home, std::move(done)); });
  if (!found && found.error() != Error::corrupt)
    return failed(store, words::text("looking for the person's damaged records"), found.error());
  damaged.perhaps_more = !found;
  if (!found) return {};
  for (const Submission& each : *found) {
    if (each.id.made_at() - id_margin <= until) damaged.add(each.id);
  }
  return {};
}

}  // namespace titip::storage::persons
