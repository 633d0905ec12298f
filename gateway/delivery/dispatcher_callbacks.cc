// What the dispatcher gives the store to tell a facility by its callback, in the commit of the change itself.
#include "gateway/delivery/callback_news.h"
#include "gateway/delivery/work.h"

namespace titip::delivery {

// A probe that found the record has a rule of no attempt: what decided before stands.
std::vector<storage::News> Dispatcher::news_of(const WorkPtr& work, storage::Event event, std::string_view rule) const {
  const auto facility = doors_.facilities.find(work->record.facility);
  return callback_news(doors_.sealer, facility.get(),
                       {work->record, event, rule.empty() ? work->record.outcome_rule : rule, doors_.clock.wall()},
                       options_.most_callbacks);
}

void Dispatcher::count_news(const storage::Changed& changed) const {
  if (doors_.callbacks == nullptr) return;
  if (changed.news_taken > 0) doors_.callbacks->counted("taken", changed.news_taken);
  if (changed.news_left_out > 0) doors_.callbacks->counted("left_out", changed.news_left_out);
}

}  // namespace titip::delivery
