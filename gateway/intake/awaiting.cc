#include "gateway/intake/awaiting.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace titip::intake {

using Told = metrics::IntakeProbes::Told;

void Awaiting::settlement(const storage::Submission& record, clock::SteadyTime until, Done done) {
  const Token token = ++last_;
  auto& wait = waits_.emplace(token, Wait{std::move(done)}).first->second;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - doors_.clock.steady());
  wait.timer = doors_.timers->after(std::max(left, std::chrono::milliseconds(0)), [this, token] {
    if (const auto found = waits_.find(token); found != waits_.end()) found->second.timer.reset();
    end(token, {Told::timed_out});
  });
  wait.watch = doors_.store.watch(record.id, doors_.home,
                                  [this, token](storage::Result<std::optional<storage::Submission>> settled) {
                                    const auto found = waits_.find(token);
                                    if (found == waits_.end()) return;
                                    found->second.watch.reset();
                                    // It cannot say: too many wait already, or it is about to close.
                                    if (!settled || !*settled) return end(token, {Told::crowded});
                                    end(token, {Told::relayed, std::move(*settled)});
                                  });
  look_for_backlog(token, record);
}

void Awaiting::look_for_backlog(Token token, const storage::Submission& record) {
  std::vector<storage::DueQuery> queries(1);
  queries[0].lane = {record.destination, record.facility};
  queries[0].now = record.accepted_at - options_.backlog_age;
  queries[0].limit = 1;
  doors_.store.next_due(std::move(queries), doors_.home,
                        [this, token](const storage::Result<std::vector<storage::DueBatch>>& due) {
                          if (!due) return end(token, {Told::crowded});
                          if (!due->front().items.empty()) end(token, {Told::backlog});
                        });
}

void Awaiting::end(Token token, End end) {
  auto node = waits_.extract(token);
  if (node.empty()) return;
  Wait wait = std::move(node.mapped());
  if (wait.timer) doors_.timers->cancel(*wait.timer);
  if (wait.watch) doors_.store.forget(*wait.watch);
  wait.done(std::move(end));
}

void Awaiting::stop() {
  stopped_ = true;
  while (!waits_.empty()) end(waits_.begin()->first, {Told::timed_out});
}

}  // namespace titip::intake
