#include "gateway/http/connection.h"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <utility>

#include "gateway/http/accept_language.h"
#include "gateway/http/parse.h"
#include "gateway/http/request_id.h"

namespace titip::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using clock::SteadyTime;

constexpr std::size_t least_read = 4'096;
constexpr std::size_t most_read = 64U << 10U;
// So much of a body every connection may hold, whatever the budget says: it has a buffer of this length anyway. A
// submission is shorter, and is let in while large bodies are not.
constexpr std::uint64_t uncounted = least_read;

}  // namespace

void Connection::begin_request() {
  step_ = buffer_.size() == 0 ? Step::idle : Step::header;
  set_deadline(step_ == Step::idle ? server_->options.idle : server_->options.header_deadline);
  scanned_ = 0;
  is_head_ = false;
  id_.clear();
  find_header();
}

void Connection::find_header() {
  if (step_ == Step::idle && buffer_.size() > 0) {
    step_ = Step::header;
    set_deadline(server_->options.header_deadline);
  }
  const auto text = buffered();
  const auto end = text.find("\r\n\r\n", scanned_ < 3 ? 0 : scanned_ - 3);
  if (end != std::string_view::npos) return take_header(text.substr(0, end + 4));
  if (const auto fault = guard_beginning(text, server_->options.guard))
    return refuse(fault->status, fault->reason, fault->sentence);
  scanned_ = text.size();
  read_more(&Connection::find_header);
}

void Connection::take_header(std::string_view head) {
  const auto guarded = server_->options.look(head, server_->options.guard);
  if (!guarded) return refuse(guarded.error().status, guarded.error().reason, guarded.error().sentence);
  is_head_ = head.starts_with("HEAD ");
  if (guarded->content_length > server_->options.body_bytes)
    return refuse(413, "body_too_large", words::said("The body is larger than {} bytes.", server_->options.body_bytes));
  auto parsed = parse(head, server_->options.guard.header_bytes);
  if (!parsed) return refuse(400, "header", words::text("The request header is not well-formed."));
  request_ = std::move(*parsed);
  content_length_ = guarded->content_length;
  keep_alive_ = guarded->keep_alive;
  request_.received_at = server_->clock.steady();
  name_client();
  name_request();
  buffer_.consume(head.size());
  step_ = Step::body;
  set_deadline(request_.received_at, server_->options.body_deadline);
  if (guarded->expects_continue && buffer_.size() < content_length_) return send_continue();
  take_body();
}

// Where the request comes from, and whom a certificate names.
void Connection::name_client() {
  request_.remote_address = remote_;
  request_.address_by = address_by_;
  request_.peer_names = believed_names();
  if (!proxy_writes_fields()) return;
  auto client = client_behind(server_->options.proxies, remote_, request_);
  request_.remote_address = std::move(client.text);
  request_.address_by = client.by;
  // Only a large body is counted by whose it is, so only for one it is looked up.
  const bool is_large = content_length_ > uncounted && client.by == AddressBy::proxy;
  held_.belongs_to(is_large ? server_->budget().share(site_of(request_.remote_address)) : nullptr);
}

// By one name in its answer, in the log, and at the proxies before us, if they gave it one.
void Connection::name_request() {
  const auto given = proxy_writes_fields() ? request_.header(request_id_field) : std::string_view();
  id_ = is_request_id(given) ? std::string(given) : server_->request_ids.next();
  request_.id = id_;
}

// Since the handshake the authorities may have been replaced: whoever is none of theirs any more is nobody, and is
// made to begin anew.
PeerNames Connection::believed_names() {
  if (!peer_names_) return nullptr;
  auto now = server_->options.tls->context();
  if (now == believed_by_) return peer_names_;
  believed_by_ = std::move(now);
  if (stream_.is_signed_for(believed_by_)) return peer_names_;
  server_->probes.refused("certificate_withdrawn");
  peer_names_ = nullptr;
  keep_alive_ = false;
  return nullptr;
}

void Connection::send_continue() {
  static constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  continuing_ = true;
  stream_.write(asio::buffer(interim), [self = shared_from_this()](error_code error, std::size_t) {
    self->continuing_ = false;
    if (self->step_ == Step::closed) return;
    if (error) return self->close();
    self->take_body();
  });
}

void Connection::take_body() {
  if (!hold_body()) return;
  if (buffer_.size() < content_length_) return read_more(&Connection::take_body);
  request_.body.assign(buffered().substr(0, static_cast<std::size_t>(content_length_)));
  buffer_.consume(static_cast<std::size_t>(content_length_));
  step_ = Step::answering;
  deadline_ = SteadyTime::max();
  method_ = request_.method;
  started_ = request_.received_at;
  auto self = shared_from_this();
  server_->handler(std::move(request_), Responder([self](Response&& response) { self->answer(std::move(response)); },
                                                  [self] { self->close(); }));
}

// Counts what has come of the body, not what it was announced as: whoever announces much and sends nothing holds
// nothing. False: there is no room for it, and the client was told.
bool Connection::hold_body() {
  const auto has_come = std::min<std::uint64_t>(buffer_.size(), content_length_);
  if (has_come <= uncounted + held_.bytes()) return true;
  const auto& options = server_->options;
  using Room = Holding::Room;
  const auto room =
      held_.take(has_come - uncounted - held_.bytes(), {options.in_flight_bytes, options.in_flight_bytes_per_address});
  if (room == Room::none)
    refuse(503, "too_many_bytes", words::text("The gateway has its hands full; send it again in a moment."));
  if (room == Room::none_for_client)
    refuse(503, "too_many_bytes_from_address",
           words::text("Too much is on its way from your address at once; send it again in a moment."));
  return room == Room::enough;
}

void Connection::read_more(void (Connection::*then)()) {
  // The buffer grows with what has come.
  const auto room = std::clamp(std::min(body_missing(), buffer_.size()), least_read, most_read);
  reading_ = true;
  stream_.read_some(buffer_.prepare(room), [self = shared_from_this(), then](error_code error, std::size_t bytes) {
    self->reading_ = false;
    if (self->step_ == Step::closed) return;
    // The deadline came first: what arrives now belongs to a request that was refused.
    if (self->step_ == Step::lingering) return self->stream_.is_secure() ? void() : self->drain_input();
    if (self->step_ == Step::answering || self->step_ == Step::writing) return;
    if (error) return self->close();
    self->buffer_.commit(bytes);
    ((*self).*then)();
  });
}

std::size_t Connection::body_missing() const {
  return step_ == Step::body && content_length_ > buffer_.size()
             ? static_cast<std::size_t>(content_length_) - buffer_.size()
             : 0;
}

void Connection::answer(Response response) {
  if (step_ != Step::answering) return;
  const auto now = server_->clock.steady();
  if (!method_.empty()) server_->answered(id_, response, method_, now - started_);
  if (response.close || server_->stopping) keep_alive_ = false;
  write_ = render(response, {server_->date(), id_, keep_alive_, is_head_});
  held_.hold(write_.size());
  step_ = Step::writing;
  set_deadline(now, server_->options.write_deadline);
  stream_.write(asio::buffer(write_), [self = shared_from_this()](error_code error, std::size_t) {
    if (self->step_ == Step::closed) return;
    if (error) return self->close();
    self->held_.give_back();
    if (!self->keep_alive_ || self->server_->stopping) return self->linger();
    self->let_memory_go();
    self->begin_request();
  });
}

// A fault of the request itself: answered by our own words, and the connection is never used again.
void Connection::refuse(int status, std::string_view reason, const words::Said& sentence) {
  if (id_.empty()) id_ = server_->request_ids.next();
  server_->refused(id_, reason);
  method_.clear();
  keep_alive_ = false;
  Response response = server_->options.fault_response(status, reason, sentence, wanted());
  response.close = true;
  if (status == 503) response.headers.push_back({"Retry-After", "5"});
  step_ = Step::answering;
  answer(std::move(response));
}

// The language of whoever is refused: while the header has not been taken it is still in the buffer.
words::Wanted Connection::wanted() const {
  return step_ == Step::body ? wanted_language(request_) : wanted_language_of_head(buffered());
}

void serve(std::shared_ptr<Server::Impl> listener, asio::ip::tcp::socket socket, Peer peer) {
  auto connection = std::make_shared<Connection>(std::move(listener), std::move(socket), std::move(peer));
  connection->join();
  connection->begin();
}

}  // namespace titip::http
