// One connection. Its steps: hear from the proxy whose it is, shake hands where there is TLS, read a header under a
// deadline, guard it, read the body under a deadline, hand the request on, write the answer, begin again with what is
// left in the buffer. Private to this room; keeps itself alive until it is closed.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "gateway/http/listener.h"
#include "gateway/http/proxy_header.h"
#include "gateway/http/stream.h"

namespace titip::http {

class Connection final : public Session, public std::enable_shared_from_this<Connection> {
  using SteadyTime = clock::SteadyTime;

 public:
  Connection(std::shared_ptr<Server::Impl> server, boost::asio::ip::tcp::socket socket, Peer peer);
  ~Connection() override;

  void join();
  void begin();
  void check_deadline(SteadyTime now) override;
  void close_if_idle() override;
  void close() override;

 private:
  enum class Step : std::uint8_t { proxy_header, handshake, idle, header, body, answering, writing, lingering, closed };

  // How it begins (connection_ends.cc).
  void begin_stream();
  void find_proxy_header();
  void take_proxy_header(const ProxyHeader& header);
  void shake_hands();
  void turn_away(std::string_view reason);

  // One request (connection.cc).
  void begin_request();
  void find_header();
  void take_header(std::string_view head);
  void name_client();
  void name_request();
  PeerNames believed_names();
  void send_continue();
  void take_body();
  bool hold_body();
  void read_more(void (Connection::*then)());
  std::size_t body_missing() const;
  void answer(Response response);
  void refuse(int status, std::string_view reason, const words::Said& sentence);
  words::Wanted wanted() const;

  // How it ends (connection_ends.cc).
  bool is_too_slow(SteadyTime now) const;
  void linger();
  void say_goodbye();
  void stop_sending();
  void drain_input();
  void let_memory_go();

  // Behind the PROXY protocol's header every field is the client's own.
  bool proxy_writes_fields() const { return by_proxy_ && !server_->options.proxies.send_header; }
  std::string_view buffered() const { return {static_cast<const char*>(buffer_.data().data()), buffer_.size()}; }
  void set_deadline(std::chrono::milliseconds span) { set_deadline(server_->clock.steady(), span); }
  void set_deadline(SteadyTime now, std::chrono::milliseconds span) { deadline_ = now + span; }

  std::shared_ptr<Server::Impl> server_;
  Stream stream_;
  std::string remote_;                    // the client's address, or its proxy's
  std::shared_ptr<Budget::Share> share_;  // the client's; none of a proxy's that has not said whose it is
  bool by_proxy_ = false;
  AddressBy address_by_;
  PeerNames peer_names_;
  Tls::Context believed_by_;  // what the names were last checked by
  Sessions::iterator place_;
  boost::beast::flat_buffer buffer_;
  std::size_t scanned_ = 0;
  Holding held_;             // of the budget: the body and the answer
  std::string id_;           // of the request, once it has one
  std::size_t drained_ = 0;  // what still came after the last answer
  Step step_ = Step::idle;
  bool reading_ = false;  // a read of the request is on its way; there is never more than one
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime started_{};
  Request request_;
  std::string method_;
  std::uint64_t content_length_ = 0;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool continuing_ = false;  // "100 Continue" is being written
  std::string write_;
};

}  // namespace titip::http
