#include "tests/hostile/flood.h"

#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <list>

#include "tests/hostile/answers.h"
#include "tests/hostile/mutations.h"
#include "tests/hostile/wire.h"

namespace titip::hostile {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr auto patience = 8s;
constexpr std::size_t most_told = 10;

struct Shot {
  Wire wire;
  std::string request;
  std::size_t sent = 0;
  bool said_all = false;
  std::string heard;
  Clock::time_point since = Clock::now();
};

std::string shown(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, 400))
    text += c >= 0x20 && c < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return text;
}

class Flood {
 public:
  Flood(const FloodOptions& options, std::vector<std::string> sound)
      : options_(options), mutations_(std::move(sound), options.seed) {}

  FloodResult run() {
    while (true) {
      while (shots_.size() < options_.at_once && result_.sent < options_.requests && !refused_) begin();
      if (shots_.empty()) return std::move(result_);
      turn();
    }
  }

 private:
  void begin() {
    // Another address every few hundred: a port is not free again at once.
    const auto number = result_.sent / 300;
    Shot shot{
        Wire(options_.port, options_.net, static_cast<std::uint8_t>(number % 250)), mutations_.next(), 0, false, {}};
    refused_ = !shot.wire.open();
    if (refused_) return;
    ++result_.sent;
    shots_.push_back(std::move(shot));
  }

  void turn() {
    std::vector<pollfd> watched;
    for (const auto& shot : shots_)
      watched.push_back({.fd = shot.wire.descriptor(),
                         .events = static_cast<short>(POLLIN | (shot.said_all ? 0 : POLLOUT)),
                         .revents = 0});
    ::poll(watched.data(), watched.size(), 100);
    std::size_t at = 0;
    for (auto shot = shots_.begin(); shot != shots_.end(); ++at) {
      const bool ended = watched[at].revents != 0 ? go_on(*shot, watched[at].revents) : is_hanging(*shot);
      shot = ended ? shots_.erase(shot) : std::next(shot);
    }
  }

  bool go_on(Shot& shot, short events) {
    if ((events & POLLOUT) != 0 && !shot.said_all) {
      shot.sent += shot.wire.try_send(std::string_view(shot.request).substr(shot.sent));
      if (shot.sent >= shot.request.size()) {
        shot.wire.say_no_more();  // half a request is one that will never be whole
        shot.said_all = true;
      }
    }
    if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) return false;
    auto heard = Wire::Heard::bytes;
    while (heard == Wire::Heard::bytes) heard = shot.wire.try_hear(shot.heard);
    if (heard != Wire::Heard::end) return false;
    look_at(shot);
    return true;
  }

  bool is_hanging(const Shot& shot) {
    if (Clock::now() - shot.since < patience) return false;
    ++result_.hangs;
    tell(fmt::format("neither answered nor closed: {}", shown(shot.request)));
    return true;
  }

  void look_at(const Shot& shot) {
    // Which answer belongs to a HEAD nobody knows of a spoiled request.
    if (shot.request.contains("HEAD")) return;
    const auto stream = read_answers(shot.heard);
    if (!stream.answers.empty()) ++result_.answered;
    if (!stream.wrong.empty()) tell(fmt::format("{}: {}", stream.wrong, shown(shot.request)));
    for (const auto& answer : stream.answers)
      if (answer.status == 500) tell(fmt::format("answered 500: {}", shown(shot.request)));
  }

  void tell(std::string what) {
    ++result_.wrong_in_all;
    if (result_.wrong.size() < most_told) result_.wrong.push_back(std::move(what));
  }

  FloodOptions options_;
  Mutations mutations_;
  std::list<Shot> shots_;
  bool refused_ = false;
  FloodResult result_;
};

}  // namespace

FloodResult flood(const FloodOptions& options, std::vector<std::string> sound) {
  return Flood(options, std::move(sound)).run();
}

}  // namespace titip::hostile
