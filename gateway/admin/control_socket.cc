#include "gateway/admin/control_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "gateway/admin/control_place.h"
#include "gateway/admin/control_session.h"
#include "metrics/words/said.h"

namespace titip::admin {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr auto accept_again_after = std::chrono::milliseconds(500);

// What an earlier process left behind; anything that is no socket is somebody's file.
std::expected<void, words::Said> clear(const ControlPlace& place) {
  struct stat about{};
  if (::fstatat(place.directory(), control_name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return std::unexpected(words::said("cannot look at {}: {}", place.path().string(), std::strerror(errno)));
  }
  if (!S_ISSOCK(about.st_mode))
    return std::unexpected(words::said("{} is in the way of the control socket; move it", place.path().string()));
  if (::unlinkat(place.directory(), control_name, 0) != 0)
    return std::unexpected(words::said("cannot remove {}: {}", place.path().string(), std::strerror(errno)));
  return {};
}

}  // namespace

class ControlSocket::Impl final : public Sessions, public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, ControlOptions options, Take take)
      : options_(options), take_(std::move(take)), acceptor_(context), pause_(context) {}

  std::expected<void, words::Said> listen(const std::filesystem::path& data_directory);
  void accept();
  void stop();
  void abort();

  // of Sessions
  void asked(Request request, std::shared_ptr<ControlSession> session) override {
    take_(std::move(request), std::move(session));
  }
  void left(ControlSession* session) override {
    sessions_.erase(session);
    count = sessions_.size();
  }

  std::atomic<std::size_t> count{0};

 private:
  void welcome(stream_protocol::socket socket);

  const ControlOptions options_;
  const Take take_;
  std::optional<ControlPlace> place_;
  stream_protocol::acceptor acceptor_;
  asio::steady_timer pause_;
  std::unordered_set<ControlSession*> sessions_;
  bool stopping_ = false;
};

std::expected<void, words::Said> ControlSocket::Impl::listen(const std::filesystem::path& data_directory) {
  auto place = ControlPlace::open(data_directory);
  if (!place) return std::unexpected(std::move(place.error().sentence));
  place_.emplace(std::move(*place));
  if (auto cleared = clear(*place_); !cleared) return cleared;
  error_code error;
  const auto path = place_->path().string();
  acceptor_.open(stream_protocol(), error);
  if (error) return std::unexpected(words::said("cannot open {}: {}", path, error.message()));
  acceptor_.bind(stream_protocol::endpoint(place_->address()), error);
  if (error) return std::unexpected(words::said("cannot bind {}: {}", path, error.message()));
  // Nobody can connect before listen(): there is no moment at which others may.
  if (::fchmodat(place_->directory(), control_name, S_IRUSR | S_IWUSR, 0) != 0)
    return std::unexpected(words::said("cannot set the mode of {}: {}", path, std::strerror(errno)));
  acceptor_.listen(static_cast<int>(options_.connections), error);
  if (error) return std::unexpected(words::said("cannot listen on {}: {}", path, error.message()));
  accept();
  return {};
}

void ControlSocket::Impl::accept() {
  acceptor_.async_accept([self = shared_from_this()](error_code error, stream_protocol::socket socket) {
    if (self->stopping_ || error == asio::error::operation_aborted) return;
    if (!error) {
      self->welcome(std::move(socket));
      return self->accept();
    }
    // Out of descriptors, most likely: accepting again at once would spin.
    self->pause_.expires_after(accept_again_after);
    self->pause_.async_wait([self](error_code cancelled) {
      if (!cancelled && !self->stopping_) self->accept();
    });
  });
}

void ControlSocket::Impl::welcome(stream_protocol::socket socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  const auto session = std::make_shared<ControlSession>(std::move(socket), options_, shared_from_this(), peer.uid);
  sessions_.insert(session.get());
  count = sessions_.size();
  if (!known || (peer.uid != ::geteuid() && peer.uid != 0)) {
    session->refuse(in_trouble(Trouble::not_allowed,
                               words::said("Only uid {}, whom the gateway runs as, and root may ask.", ::geteuid())));
  } else if (sessions_.size() > options_.connections) {
    session->refuse(in_trouble(
        Trouble::busy, words::said("{} connections are open already; try again in a moment.", options_.connections)));
  } else {
    session->begin();
  }
}

void ControlSocket::Impl::stop() {
  if (std::exchange(stopping_, true)) return;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  if (place_) ::unlinkat(place_->directory(), control_name, 0);
  const auto now = sessions_;  // a session that ends leaves the set
  for (auto* session : now) session->stop();
}

void ControlSocket::Impl::abort() {
  stop();
  const auto now = sessions_;
  for (auto* session : now) session->close();
}

ControlSocket::ControlSocket(asio::io_context& context, ControlOptions options, Take take)
    : impl_(std::make_shared<Impl>(context, options, std::move(take))) {}
ControlSocket::~ControlSocket() = default;
std::expected<void, words::Said> ControlSocket::listen(const std::filesystem::path& data_directory) {
  return impl_->listen(data_directory);
}
void ControlSocket::stop() {
  impl_->stop();
}
void ControlSocket::abort() {
  impl_->abort();
}
std::size_t ControlSocket::connections() const {
  return impl_->count;
}

}  // namespace titip::admin
