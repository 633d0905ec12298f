#include "gateway/admin/control_call.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "gateway/admin/control_place.h"
#include "metrics/words/said.h"

namespace titip::admin {
namespace {

// An answer's line: one record of an export at the most.
constexpr std::size_t answer_bytes = 256U << 20U;
constexpr time_t short_answer_s = 30;

class Socket {
 public:
  Socket() : handle_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (handle_ >= 0) ::close(handle_);
  }
  int handle() const { return handle_; }

  bool connect(const std::string& address) const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (address.size() >= sizeof to.sun_path) return false;
    std::memcpy(to.sun_path, address.c_str(), address.size() + 1);
    return ::connect(handle_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  // Whoever listens must be the directory's owner or root: what is sent may name people.
  bool peer_is(unsigned owner) const {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(handle_, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == owner || peer.uid == 0);
  }
  void time_out(time_t seconds) const {
    const timeval span{seconds, 0};
    ::setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span);
    ::setsockopt(handle_, SOL_SOCKET, SO_SNDTIMEO, &span, sizeof span);
  }
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(handle_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // The next line; nothing: the other side is gone, silent for too long, or speaks nonsense.
  std::optional<std::string> line() {
    for (std::size_t searched = 0;;) {
      if (const auto end = buffer_.find('\n', searched); end != std::string::npos) {
        auto found = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return found;
      }
      searched = buffer_.size();
      if (searched > answer_bytes) return std::nullopt;
      std::array<char, 1U << 16U> chunk{};
      const auto got = ::recv(handle_, chunk.data(), chunk.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return std::nullopt;
      buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  int handle_;
  std::string buffer_;
};

NoAnswer nobody(int number, const std::filesystem::path& path) {
  if (number == ENOENT || number == ECONNREFUSED || number == ENOTDIR) return {true, Trouble::unreachable, {}};
  if (number == EACCES || number == EPERM)
    return {false, Trouble::not_allowed,
            words::said("You may not use {}; run this as the user whom the gateway runs as.", path.string())};
  return {false, Trouble::unreachable, words::said("Cannot reach {}: {}.", path.string(), std::strerror(number))};
}

std::expected<void, NoAnswer> reach(const std::filesystem::path& data_directory, Socket& socket) {
  const auto place = ControlPlace::open(data_directory);
  if (!place && place.error().number == EPERM)
    return std::unexpected(NoAnswer{false, Trouble::not_allowed, place.error().sentence + "."});
  if (!place) return std::unexpected(nobody(place.error().number, data_directory / control_name));
  if (socket.handle() < 0 || !socket.connect(place->address())) return std::unexpected(nobody(errno, place->path()));
  if (!socket.peer_is(place->owner()))
    return std::unexpected(
        NoAnswer{false, Trouble::not_allowed,
                 words::said("Whoever listens at {} is not the owner of the data directory.", place->path().string())});
  return {};
}

}  // namespace

std::expected<Ended, NoAnswer> call(const std::filesystem::path& data_directory, const Request& request,
                                    const Heard& heard) {
  Socket socket;
  if (auto reached = reach(data_directory, socket); !reached) return std::unexpected(std::move(reached.error()));
  if (request.command == Command::status || request.command == Command::resume || request.command == Command::outages ||
      is_of_facilities(request.command))
    socket.time_out(short_answer_s);
  const bool asked = socket.send(encode(request));  // a refusal may come before everything was sent
  while (const auto line = socket.line()) {
    const auto answer = parse_answer(*line);
    if (!answer) break;
    if (const auto* ended = std::get_if<Ended>(&*answer)) return *ended;
    if (const auto* progress = std::get_if<storage::Progress>(&*answer)) {
      if (heard.progress) heard.progress(*progress);
    } else if (heard.data) {
      heard.data(std::get<Data>(*answer).json);
    }
  }
  if (!asked)
    return std::unexpected(NoAnswer{false, Trouble::unreachable, words::said("The gateway hung up. Try again.")});
  return in_trouble(
      Trouble::unreachable,
      words::said("The gateway ended, or stopped answering, before it said how this came out. Run it again."));
}

bool gateway_runs(const std::filesystem::path& data_directory) {
  Socket socket;
  const auto reached = reach(data_directory, socket);
  return reached || !reached.error().nobody_there;
}

}  // namespace titip::admin
