#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <utility>

namespace titip::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double silence_s = 20;  // nothing answered for so long: the server is as good as gone

struct Connection {
  int socket = -1;
  std::string out;
  std::size_t sent = 0;
  std::string in;
  bool busy = false;
  Clock::time_point due{};  // of the request under way
};

double cpu_s_of(const std::vector<int>& processes) {
  double ticks = 0;
  for (const int process : processes) {
    std::ifstream file(fmt::format("/proc/{}/stat", process));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto name_end = text.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) continue;
    std::istringstream fields(text.substr(name_end + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    ticks += user + system;
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double at_share(const std::vector<float>& sorted_ms, double share) {
  if (sorted_ms.empty()) return 0;
  const auto place = static_cast<std::size_t>(share * static_cast<double>(sorted_ms.size()));
  return sorted_ms[std::min(place, sorted_ms.size() - 1)];
}

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options), wire_(make_wire(options.wire)), number_(options.first_number) {}
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() {
    for (const Connection& connection : connections_) {
      if (connection.socket >= 0) close(connection.socket);
    }
    if (poll_ >= 0) close(poll_);
  }

  std::expected<LoadResult, std::string> run() {
    if (wire_ == nullptr) return std::unexpected(fmt::format("no protocol is called '{}'", options_.wire.protocol));
    if (auto why_not = connect_all(); !why_not.empty()) return std::unexpected(why_not);
    const auto began = Clock::now();
    measured_from_ = began + span(options_.warm_up_s);
    const auto until = measured_from_ + span(options_.seconds);
    next_due_ = began;
    last_answer_ = began;
    if (options_.per_second == 0) {
      for (Connection& connection : connections_) ask(connection, began);
    }
    bool measuring = false;
    while (why_not_.empty() && Clock::now() < until) {
      if (!measuring && Clock::now() >= measured_from_) {
        measuring = true;
        cpu_before_ = cpu_s_of(options_.watched);
      }
      turn();
      if (Clock::now() - last_answer_ > Seconds(silence_s)) why_not_ = "the server answers nothing any more";
    }
    if (!why_not_.empty()) return std::unexpected(why_not_);
    return result(Seconds(Clock::now() - measured_from_).count());
  }

 private:
  static Clock::duration span(double seconds) { return std::chrono::duration_cast<Clock::duration>(Seconds(seconds)); }

  std::string connect_all() {
    poll_ = epoll_create1(EPOLL_CLOEXEC);
    connections_.resize(options_.connections);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (std::size_t at = 0; at < connections_.size(); ++at) {
      Connection& connection = connections_[at];
      connection.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const int yes = 1;
      setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      if (connection.socket < 0 || connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address)) {
        return fmt::format("cannot connect to port {}: {}", options_.port, std::strerror(errno));
      }
      connection.out = wire_->greeting(at);
      idle_.push_back(at);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = at;
      epoll_ctl(poll_, EPOLL_CTL_ADD, connection.socket, &event);
    }
    return {};
  }

  void turn() {
    std::array<epoll_event, 256> events{};
    const int ready = epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), patience(), nullptr);
    for (int i = 0; i < ready && why_not_.empty(); ++i)
      hear(connections_[events[static_cast<std::size_t>(i)].data.u64]);
    if (options_.per_second > 0) ask_what_is_due();
  }

  const timespec* patience() {
    constexpr std::int64_t longest_ns = 50'000'000;
    auto ns = longest_ns;
    if (options_.per_second > 0 && waiting_.empty()) {
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(next_due_ - Clock::now()).count();
      ns = std::clamp<std::int64_t>(left, 0, longest_ns);
    }
    patience_ = {0, ns};
    return &patience_;
  }

  // Requests fall due as people come: at random, on the average so many a second.
  void ask_what_is_due() {
    const auto now = Clock::now();
    while (next_due_ <= now) {
      waiting_.push_back(next_due_);
      next_due_ += span(std::exponential_distribution(options_.per_second)(dice_));
    }
    while (!waiting_.empty() && !idle_.empty()) {
      Connection& connection = connections_[idle_.back()];
      idle_.pop_back();
      ask(connection, waiting_.front());
      waiting_.pop_front();
    }
  }

  void ask(Connection& connection, Clock::time_point due) {
    connection.busy = true;
    connection.due = due;
    wire_->request(number_++, static_cast<std::size_t>(&connection - connections_.data()), connection.out);
    // Whole on loopback, but for a server that does not read: then nothing is measured anyhow.
    while (connection.sent < connection.out.size()) {
      const auto bytes = send(connection.socket, connection.out.data() + connection.sent,
                              connection.out.size() - connection.sent, MSG_NOSIGNAL);
      if (bytes <= 0) {
        why_not_ = fmt::format("the server does not take a request: {}", std::strerror(errno));
        return;
      }
      connection.sent += static_cast<std::size_t>(bytes);
    }
    connection.out.clear();
    connection.sent = 0;
  }

  void hear(Connection& connection) {
    std::array<char, 16384> bytes;
    const auto count = recv(connection.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      why_not_ = "the server closed a connection";
      return;
    }
    connection.in.append(bytes.data(), static_cast<std::size_t>(count));
    if (!connection.busy) return;  // a greeting's answer, before the first request
    const auto reply = wire_->reply(connection.in);
    if (!reply) return;
    connection.in.erase(0, reply->bytes);
    connection.busy = false;
    const auto now = Clock::now();
    last_answer_ = now;
    note(*reply, connection.due, now);
    if (options_.per_second == 0) {
      ask(connection, now);
    } else {
      idle_.push_back(static_cast<std::size_t>(&connection - connections_.data()));
    }
  }

  void note(const Reply& reply, Clock::time_point due, Clock::time_point now) {
    if (!reply.accepted) ++refused_;
    if (!reply.accepted || now < measured_from_) return;
    took_ms_.push_back(static_cast<float>(Seconds(now - due).count() * 1000));
  }

  LoadResult result(double seconds) {
    LoadResult result;
    result.accepted = took_ms_.size();
    result.refused = refused_;
    result.seconds = seconds;
    result.watched_cpu_s = cpu_s_of(options_.watched) - cpu_before_;
    // Who still waits for an answer has waited for so long at least.
    const auto now = Clock::now();
    const auto note_wait = [&](Clock::time_point due) {
      took_ms_.push_back(static_cast<float>(Seconds(now - due).count() * 1000));
    };
    if (options_.per_second > 0) {
      std::ranges::for_each(waiting_, note_wait);
      for (const Connection& connection : connections_) {
        if (connection.busy) note_wait(connection.due);
      }
    }
    std::ranges::sort(took_ms_);
    result.p50_ms = at_share(took_ms_, 0.5);
    result.p99_ms = at_share(took_ms_, 0.99);
    result.p999_ms = at_share(took_ms_, 0.999);
    result.last_number = number_;
    return result;
  }

  const LoadOptions options_;
  const std::unique_ptr<Wire> wire_;
  std::uint64_t number_;
  int poll_ = -1;
  std::vector<Connection> connections_;
  std::vector<std::size_t> idle_;
  std::deque<Clock::time_point> waiting_;  // due, and no connection is free
  Clock::time_point next_due_{};
  Clock::time_point measured_from_{};
  Clock::time_point last_answer_{};
  std::mt19937_64 dice_{1};
  timespec patience_{};
  std::vector<float> took_ms_;
  std::uint64_t refused_ = 0;
  double cpu_before_ = 0;
  std::string why_not_;
};

}  // namespace

std::expected<LoadResult, std::string> run_load(const LoadOptions& options) {
  return Load(options).run();
}

}  // namespace titip::bench
