#include "tests/pcare_sim/session.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace titip::pcare_sim {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

using Clock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type>;

// Below this a wait is not worth a timer.
constexpr std::chrono::milliseconds shortest_wait{1};
// After an answer that ends the connection early: time for the client to read it.
constexpr std::chrono::seconds farewell{2};

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(LoopSocket socket, World& world, Door door)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), world_(world), door_(door) {
    world_.sessions.insert(this);
  }
  ~Session() { world_.sessions.erase(this); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(world_.options.max_header_bytes);
    parser_->body_limit(world_.options.max_body_bytes);
    deadline_ = Clock::now() + world_.options.max_idle;
    http::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error)
        self->on_request();
      else
        self->on_read_error(error);
    });
  }

  // Ends the connection the hard way. Requests that wait for their turn are dropped; a hanging one sees its client
  // gone.
  void reset() {
    if (!socket_.is_open()) return;
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
    if (step_ == Step::waiting) timer_.cancel();
  }

  bool spared_from_refusal() const { return door_ == Door::control || step_ == Step::answering_control; }
  bool overdue(World::Time now) const { return step_ != Step::waiting && now > deadline_; }

 private:
  enum class Step : std::uint8_t { reading, waiting, hanging, answering, answering_control };

  // A control answer was spared when the refusal began; the connection is not.
  bool cut_off() const { return door_ == Door::service && world_.refusing; }

  const auto& request() const { return parser_->get(); }

  std::string_view header(std::string_view name) const {
    const auto found = request().find(boost::beast::string_view(name.data(), name.size()));
    return found == request().end() ? std::string_view() : view(found->value());
  }

  void on_read_error(error_code error) {
    if (error == http::error::end_of_stream || error.category() != make_error_code(http::error::bad_method).category())
      return;  // closed, or nobody there to answer
    must_close_ = true;
    if (error == http::error::body_limit)
      write(envelope(413, 413, "Isi permintaan terlalu besar"));
    else if (error == http::error::header_limit || error == http::error::buffer_overflow)
      write(error_page(431));
    else
      write(error_page(400));
  }

  void on_request() {
    const std::string_view target = view(request().target());
    const std::string_view method = view(request().method_string());
    must_close_ =
        !request().keep_alive() || (method != "GET" && method != "POST" && method != "PUT" && method != "DELETE");
    if (target.starts_with("/_sim/")) {
      step_ = Step::answering_control;
      Reply reply = world_.control(method, target, request().body());
      must_close_ = must_close_ || cut_off();
      return write(std::move(reply));
    }
    if (door_ == Door::control) return write(missing_page());
    const auto now = Clock::now();
    world_.request_came(now);
    if (!socket_.is_open()) return;  // the weather began with a refusal
    rest_target_ = find_rest_target(method, target);
    const std::string& base = world_.options.base;
    const bool below = target.starts_with(base) && target.size() > base.size() && target[base.size()] == '/';
    target_ = find_target(method, below ? target.substr(base.size() + 1) : "");
    meet_weather(now);
  }

  bool is_write() const { return rest_target_ ? rest_target_->write() : target_.write(); }

  void meet_weather(World::Time now) {
    const std::string_view facility = target_.endpoint == Endpoint::log_in ? std::string_view() : header("x-kdppk");
    spell_ = world_.weather.hits(now, {is_write(), facility});
    if (spell_) {
      ++world_.service.totals().weather[static_cast<std::size_t>(spell_->kind)];
      switch (spell_->kind) {
        case Kind::reset:
          return reset();
        case Kind::hang:
        case Kind::late_apply:
          deadline_ = now + world_.options.max_hang;
          return wait_for_hang_up();
        case Kind::html_503:
          return write(error_page(503));
        case Kind::expired_login:
          return write(world_.service.expire_log_in(facility));
        default:
          break;
      }
    }
    queue(now);
  }

  // Waits for its turn by capacity, and longer in slow weather.
  void queue(World::Time now) {
    const auto turn = world_.capacity.admit(now);
    if (!turn) {
      ++world_.service.totals().turned_away;
      return write(error_page(503));
    }
    std::chrono::nanoseconds wait = *turn;
    if (wait >= shortest_wait) ++world_.service.totals().slowed;
    if (spell_ && spell_->kind == Kind::slow) wait += spell_->delay;
    if (wait < shortest_wait) return answer(false);
    step_ = Step::waiting;
    timer_.expires_after(std::chrono::duration_cast<Clock::duration>(wait));
    timer_.async_wait([self = shared_from_this(), generation = world_.generation](error_code) {
      if (!self->socket_.is_open()) return;
      if (generation != self->world_.generation) return self->close();
      self->answer(self->client_is_gone());
    });
  }

  void answer(bool late) {
    Circumstance circumstance;
    circumstance.late = late;
    if (spell_) circumstance.weather = spell_->kind;
    const bool loses = spell_ && (spell_->kind == Kind::lose_reply || spell_->kind == Kind::apply_then);
    circumstance.reply_lost = loses && !late;
    Reply reply = apply(circumstance);
    if (!loses) return write(std::move(reply));
    if (spell_->kind == Kind::lose_reply) return close();
    if (spell_->status == empty_body) return write({200, "application/json;charset=UTF-8", ""});
    write(spell_->status == 200 ? maintenance_page() : error_page(spell_->status));
  }

  Reply apply(const Circumstance& circumstance) {
    if (rest_target_)
      return world_.rest.answer(*rest_target_,
                                {{header("X-cons-id"), header("X-timestamp"), header("X-signature"),
                                  header("X-authorization"), header("user_key")},
                                 request().body()},
                                circumstance);
    return world_.service.answer(target_, {header("x-kdppk"), header("Idempotency-Key"), request().body()},
                                 circumstance);
  }

  // Reads and forgets until the client closes or is reset, or its time is up.
  void wait_for_hang_up() {
    step_ = Step::hanging;
    socket_.async_read_some(asio::buffer(scratch_), [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) return self->wait_for_hang_up();
      self->close();
      if (self->spell_ && self->spell_->kind == Kind::late_apply && self->is_write()) self->apply_late();
    });
  }

  void apply_late() {
    step_ = Step::waiting;
    timer_.expires_after(spell_->delay);
    timer_.async_wait([self = shared_from_this(), generation = world_.generation](error_code error) {
      if (error || generation != self->world_.generation) return;
      Circumstance circumstance;
      circumstance.weather = Kind::late_apply;
      circumstance.late = true;
      self->apply(circumstance);
    });
  }

  bool client_is_gone() {
    char byte = 0;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
  }

  void write(Reply reply) {
    if (step_ != Step::answering_control) step_ = Step::answering;
    deadline_ = Clock::now() + world_.options.max_idle;
    out_.clear();
    fmt::format_to(std::back_inserter(out_),
                   "HTTP/1.1 {} {}\r\nServer: Apache-Coyote/1.1\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n{}",
                   reply.status, reason_phrase(reply.status), fmt::gmtime(std::time(nullptr)),
                   must_close_ ? "Connection: close\r\n" : "");
    if (reply.status != 204)  // which has no body, so no length of one
      fmt::format_to(std::back_inserter(out_), "Content-Type: {}\r\nContent-Length: {}\r\n", reply.content_type,
                     reply.body.size());
    out_ += "\r\n";
    out_ += reply.body;
    asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->close();
      self->answered();
    });
  }

  void answered() {
    step_ = Step::reading;
    if (!must_close_ && !cut_off()) return read();
    // Closing with unread input resets the connection and can take the answer with it: half-close and let the client
    // go.
    error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    spell_.reset();
    deadline_ = Clock::now() + farewell;
    wait_for_hang_up();
  }

  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

  LoopSocket socket_;
  Timer timer_;
  World& world_;
  const Door door_;
  Step step_ = Step::reading;
  World::Time deadline_{};
  boost::beast::flat_buffer buffer_{64U << 10U};
  std::optional<http::request_parser<http::string_body>> parser_;
  Target target_;  // its query points into the parser's request
  std::optional<RestTarget> rest_target_;
  std::optional<Spell> spell_;
  bool must_close_ = false;
  std::array<char, 512> scratch_{};
  std::string out_;
};

void serve(LoopSocket socket, World& world, Door door) {
  std::make_shared<Session>(std::move(socket), world, door)->read();
}

void reset_service_connections(World& world) {
  const std::vector<Session*> all(world.sessions.begin(), world.sessions.end());
  for (Session* session : all)
    if (!session->spared_from_refusal()) session->reset();
}

void reset_overdue_connections(World& world, World::Time now) {
  const std::vector<Session*> all(world.sessions.begin(), world.sessions.end());
  for (Session* session : all)
    if (session->overdue(now)) session->reset();
}

}  // namespace titip::pcare_sim
