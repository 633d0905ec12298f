// Records that enter custody because another one changed, in the same commit: callbacks.
#include "storage/book.h"
#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {

void Book::foresee(const std::vector<News>& news) {
  for (const News& each : news) foresee(each.submission);
}

// By the state the record came to stand in, which the store alone knows: what was to be said of another is not said.
Changed Book::take_in_news(const std::vector<News>& all, Changed changed) {
  for (const News& news : all) {
    if (news.when != changed.state || staging_.fault()) continue;
    const auto* due = staging_.look(due_.count_of(lane_of(news.submission.submission)), decode_number);
    if ((due != nullptr ? *due : 0) >= news.most_due) {
      ++changed.news_left_out;
    } else if (accept(news.submission).kind == VerdictKind::accepted) {
      ++changed.news_taken;
    }
  }
  return changed;
}

}  // namespace titip::storage
