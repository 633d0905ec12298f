#include "gateway/runtime.h"

#include <pthread.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <unordered_map>

namespace titip::gateway {
namespace {

namespace asio = boost::asio;
constexpr auto heartbeat = std::chrono::milliseconds(1000);

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct Loop::Pending {
  explicit Pending(asio::io_context& context) : guard(asio::make_work_guard(context)), beat(context) {}
  asio::executor_work_guard<asio::io_context::executor_type> guard;
  asio::steady_timer beat;
  std::unordered_map<Id, std::unique_ptr<asio::steady_timer>> timers;
  Id next = 1;
};

Loop::Loop(std::string name) : name_(std::move(name)), pending_(std::make_unique<Pending>(context_)) {
  last_beat_ms_ = steady_ms();
}

Loop::~Loop() {
  stop();
}

void Loop::start() {
  beat();
  thread_ = std::thread([this] { context_.run(); });
  pthread_setname_np(thread_.native_handle(), name_.substr(0, 15).c_str());
}

void Loop::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

void Loop::beat() {
  last_beat_ms_.store(steady_ms(), std::memory_order_relaxed);
  pending_->beat.expires_after(heartbeat);
  pending_->beat.async_wait([this](boost::system::error_code error) {
    if (!error) beat();
  });
}

void Loop::post(std::move_only_function<void()> work) {
  asio::post(context_, [work = std::move(work)]() mutable { work(); });
}

clock::Timers::Id Loop::after(std::chrono::milliseconds delay, std::move_only_function<void()> work) {
  const Id id = pending_->next++;
  auto timer = std::make_unique<asio::steady_timer>(context_, delay);
  timer->async_wait([this, id, work = std::move(work)](boost::system::error_code error) mutable {
    if (error) return;
    // A timer that was cancelled after it had expired is no longer in the table.
    if (pending_->timers.erase(id) == 1) work();
  });
  pending_->timers.emplace(id, std::move(timer));
  return id;
}

void Loop::cancel(Id id) {
  pending_->timers.erase(id);
}

bool Loop::has_turned(std::chrono::milliseconds span) const {
  return steady_ms() - last_beat_ms_.load(std::memory_order_relaxed) < span.count();
}

struct Workers::Pool {
  asio::thread_pool threads{1};
};

Workers::Workers() : pool_(std::make_unique<Pool>()) {}
Workers::~Workers() {
  pool_->threads.join();
}
void Workers::post(std::move_only_function<void()> work) {
  asio::post(pool_->threads, [work = std::move(work)]() mutable { work(); });
}

}  // namespace titip::gateway
