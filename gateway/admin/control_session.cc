#include "gateway/admin/control_session.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "metrics/words/said.h"

namespace titip::admin {

namespace asio = boost::asio;
using boost::system::error_code;

ControlSession::ControlSession(Socket socket, const ControlOptions& options, std::shared_ptr<Sessions> sessions,
                               unsigned uid)
    : socket_(std::move(socket)),
      options_(options),
      sessions_(std::move(sessions)),
      uid_(uid),
      timer_(socket_.get_executor()) {}

ControlSession::~ControlSession() = default;

void ControlSession::begin() {
  arm(options_.request_deadline, &ControlSession::request_too_late);
  asio::async_read_until(socket_, asio::dynamic_buffer(line_, request_bytes), '\n',
                         [self = shared_from_this()](error_code error, std::size_t) { self->read(error); });
}

void ControlSession::read(error_code error) {
  if (asked_) return;  // refused meanwhile
  asked_ = true;
  timer_.cancel();
  if (error == asio::error::not_found) {
    tell(in_trouble(Trouble::usage, words::said("A request has at most {} bytes, on one line.", request_bytes)));
    return;
  }
  if (error) return close();
  auto request = parse_request(std::string_view(line_).substr(0, line_.find('\n')));
  line_.assign(line_.size(), '\0');  // it may have named people
  line_.clear();
  if (!request) {
    tell(in_trouble(Trouble::usage, request.error() + "."));
    return;
  }
  sessions_->asked(std::move(*request), shared_from_this());
}

void ControlSession::request_too_late() {
  if (std::exchange(asked_, true)) return;
  tell(in_trouble(Trouble::usage,
                  words::said("No request came within {} s.",
                              std::chrono::ceil<std::chrono::seconds>(options_.request_deadline).count())));
}

void ControlSession::refuse(Ended ended) {
  asked_ = true;
  tell(ended);
}

void ControlSession::stop() {
  if (!asked_) close();
}

std::string ControlSession::who() const {
  return fmt::format("uid:{}", uid_);
}

// An export waits here for a caller that reads slowly; whatever else there is to say is short.
bool ControlSession::tell(const Answer& answer) {
  std::unique_lock lock(mutex_);
  if (std::holds_alternative<storage::Progress>(answer) && !unsent_.empty()) return !closed_;
  if (std::holds_alternative<Data>(answer))
    taken_.wait(lock, [this] { return closed_ || unsent_bytes_ < options_.unsent_bytes; });
  if (closed_ || last_) return false;
  last_ = std::holds_alternative<Ended>(answer);
  unsent_.push_back(encode(answer));
  unsent_bytes_ += unsent_.back().size();
  if (!std::exchange(flushing_, true))
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
  return true;
}

void ControlSession::flush() {
  const std::lock_guard lock(mutex_);
  if (closed_ || unsent_.empty()) return;
  arm(options_.write_deadline, &ControlSession::close);
  // The front stays where it is until it is written: a deque moves nothing at its other end.
  asio::async_write(socket_, asio::buffer(unsent_.front()),
                    [self = shared_from_this()](error_code error, std::size_t) { self->written(error); });
}

void ControlSession::written(error_code error) {
  timer_.cancel();
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_ && !error) {
      unsent_bytes_ -= unsent_.front().size();
      unsent_.pop_front();
      more = !unsent_.empty();
      flushing_ = more;
      if (!more && !last_) {
        taken_.notify_all();
        return;
      }
    }
  }
  if (!more) return close();
  taken_.notify_all();
  flush();
}

void ControlSession::close() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
  }
  taken_.notify_all();
  timer_.cancel();
  error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
  sessions_->left(this);
}

void ControlSession::arm(std::chrono::milliseconds deadline, void (ControlSession::*too_late)()) {
  timer_.expires_after(deadline);
  timer_.async_wait([self = shared_from_this(), too_late](error_code error) {
    if (!error) (self.get()->*too_late)();
  });
}

}  // namespace titip::admin
