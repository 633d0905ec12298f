// One connection of the control socket: reads a request, brings the answers. Private to this room.
// Threads: everything on the loop, except tell() and who(), which the desk's threads call.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/admin/control_socket.h"
#include "gateway/admin/desk.h"

namespace titip::admin {

class ControlSession;

// The listener, as its sessions see it.
class Sessions {
 public:
  virtual ~Sessions() = default;
  virtual void asked(Request request, std::shared_ptr<ControlSession> session) = 0;
  virtual void left(ControlSession* session) = 0;
};

class ControlSession final : public Caller, public std::enable_shared_from_this<ControlSession> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  ControlSession(Socket socket, const ControlOptions& options, std::shared_ptr<Sessions> sessions, unsigned uid);
  ~ControlSession() override;

  void begin();              // reads the request
  void refuse(Ended ended);  // answers without reading
  void stop();               // closes unless an answer is under way
  void close();

  bool tell(const Answer& answer) override;
  std::string who() const override;

 private:
  void read(boost::system::error_code error);
  void flush();
  void written(boost::system::error_code error);
  void arm(std::chrono::milliseconds deadline, void (ControlSession::*too_late)());
  void request_too_late();

  Socket socket_;
  const ControlOptions options_;
  const std::shared_ptr<Sessions> sessions_;
  const unsigned uid_;
  boost::asio::steady_timer timer_;
  std::string line_;
  bool asked_ = false;

  std::mutex mutex_;  // what stands between the desk's threads and the loop
  std::condition_variable taken_;
  std::deque<std::string> unsent_;
  std::size_t unsent_bytes_ = 0;
  bool flushing_ = false;
  bool last_ = false;  // the last answer is among the unsent
  bool closed_ = false;
};

}  // namespace titip::admin
