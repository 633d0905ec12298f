#include "gateway/admin/desk.h"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <mutex>
#include <utility>

#include "gateway/admin/count_records.h"
#include "gateway/clock/local_date.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::admin {
namespace {

using metrics::Field;
using metrics::Level;

constexpr std::size_t threads = 2;  // one long run, and room for short requests beside it
// Progress is for eyes.
constexpr auto progress_interval = std::chrono::milliseconds(200);

bool is_short(const Request& request) {
  const auto command = request.command;
  if (acts_on_records(command)) return !request.queue.id.empty() || (request.dry_run && counts_know(request.queue));
  if (command == Command::edit || command == Command::bulk_status || command == Command::bulk_stop ||
      command == Command::audit_ls || is_of_tokens(command) || is_of_proposals(command))
    return true;
  return command == Command::status || command == Command::resume || command == Command::pause ||
         command == Command::outages || is_of_a_drain(command) || is_of_facilities(command) || is_of_the_queue(command);
}
// Of these nothing is left behind when nobody listens any more.
bool only_tells(Command command) {
  return command == Command::export_person || command == Command::verify || command == Command::audit_verify;
}

words::Said name_and_share(const Desk::Running& running) {
  const auto& progress = running.progress;
  if (progress.of == 0) return words::verbatim(running.command);
  return words::said("{} ({} of {})", running.command, progress.done, progress.of);
}

}  // namespace

struct Desk::State {
  State(Doors given, const clock::Clock& given_clock, std::function<void(std::string_view)> given_acted)
      : doors(std::move(given)), clock(given_clock), acted(std::move(given_acted)), pool(threads) {}

  void run(const Request& request, Caller& caller);

  const Doors doors;
  const clock::Clock& clock;
  const std::function<void(std::string_view)> acted;
  std::atomic<bool> stopping{false};
  mutable std::mutex mutex;
  std::optional<Running> running;
  boost::asio::thread_pool pool;
};

namespace {

// What a run says on its way, passed on to the caller a few times a second.
class Passing final : public Telling {
 public:
  Passing(Caller& caller, const std::atomic<bool>& stopping, bool needs_listener, const clock::Clock& clock,
          std::function<void(storage::Progress)> note)
      : caller_(caller), stopping_(stopping), needs_listener_(needs_listener), clock_(clock), note_(std::move(note)) {}

  bool progress(storage::Progress progress) override {
    note_(progress);
    const auto now = clock_.steady();
    if (!told_at_ || now - *told_at_ >= progress_interval) {
      told_at_ = now;
      listens_ = caller_.tell(progress) && listens_;
    }
    return goes_on();
  }
  bool data(std::string json) override {
    listens_ = caller_.tell(Data{std::move(json)}) && listens_;
    return goes_on();
  }
  bool goes_on() const override { return !stopping_ && (listens_ || !needs_listener_); }
  std::string who() const override { return caller_.who(); }

 private:
  Caller& caller_;
  const std::atomic<bool>& stopping_;
  const bool needs_listener_;
  const clock::Clock& clock_;
  const std::function<void(storage::Progress)> note_;
  std::optional<clock::SteadyTime> told_at_;
  bool listens_ = true;
};

}  // namespace

void Desk::State::run(const Request& request, Caller& caller) {
  const auto began = clock.steady();
  const auto note = [this, &request](storage::Progress progress) {
    const std::lock_guard lock(mutex);
    if (running && !is_short(request)) running->progress = progress;
  };
  Passing passing(caller, stopping, only_tells(request.command), clock, note);
  const auto ended = admin::run(request, doors, passing);
  if (!is_short(request)) {
    const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady() - began);
    metrics::log(ended.trouble ? Level::warning : Level::info, "upkeep_ended",
                 {{Field::request, caller.request_id()},
                  {Field::command, name(request.command)},
                  {Field::outcome, ended.trouble   ? name(*ended.trouble)
                                   : ended.partial ? "partial"
                                                   : "ok"},
                  {Field::duration_ms, span.count()}});
    const std::lock_guard lock(mutex);
    running.reset();
  }
  if (acted && !ended.trouble && !request.dry_run && request.after.empty()) acted(name(request.command));
  caller.tell(ended);
}

Desk::Desk(Doors doors, const clock::Clock& clock, std::function<void(std::string_view)> acted)
    : state_(std::make_unique<State>(std::move(doors), clock, std::move(acted))) {}

Desk::~Desk() {
  begin_stop();
  join();
}

void Desk::take(Request request, std::shared_ptr<Caller> caller) {
  if (state_->stopping) {
    caller->tell(in_trouble(Trouble::busy, words::said("The gateway is stopping; try again when it runs.")));
    return;
  }
  if (!is_short(request)) {
    std::optional<Running> first;
    {
      const std::lock_guard lock(state_->mutex);
      first = state_->running;
      if (!first) state_->running = Running{std::string(name(request.command)), state_->clock.wall(), {}};
    }
    if (first) {
      caller->tell(in_trouble(
          Trouble::busy, words::said("`{}` has been running since {}; one run at a time: try again when it has ended.",
                                     name_and_share(*first), clock::rfc3339(first->since))));
      return;
    }
  }
  boost::asio::post(state_->pool, [state = state_.get(), request = std::move(request), caller = std::move(caller)] {
    state->run(request, *caller);
  });
}

std::optional<Desk::Running> Desk::running() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running;
}

void Desk::begin_stop() {
  state_->stopping = true;
}

void Desk::join() {
  state_->pool.join();
}

}  // namespace titip::admin
