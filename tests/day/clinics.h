// The clinics of a day: each site an app with a few connections that works through its timetable, like the deployed
// ones. It gives up an answer after its patience and says the same thing again, under the same Idempotency-Key, only if
// it got no answer at all; an answer, whatever it says, is final. A person's next call is made only after the one
// before was acknowledged. After a refusal the clinic stops with this person. open() starts the threads; history() is
// for after close(); the counts may be read at any time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "tests/day/evidence.h"
#include "tests/day/http_client.h"
#include "tests/sampler/day.h"

namespace titip::day {

using DayClock = std::chrono::steady_clock;

struct ClinicSettings {
  std::uint16_t gateway_port = 0;
  std::string mount;  // "/pcare-vaksin"
  std::uint64_t seed = 1;
  std::string late_entry_reason;  // the facilities' own, as the gateway is told
  std::size_t connections_per_site = 8;
  std::chrono::milliseconds patience{3000};
  std::chrono::milliseconds before_saying_it_again{200};
  std::chrono::milliseconds poll_interval{300};  // of the clinic that waits for a rejection
};

class Clinics {
 public:
  Clinics(const sampler::Day& day, ClinicSettings settings);
  ~Clinics() { close(); }
  Clinics(const Clinics&) = delete;
  Clinics& operator=(const Clinics&) = delete;

  void open(DayClock::time_point day_start);
  void close();  // asks the threads to stop after their present call and joins them

  bool finished() const { return unfinished_chains_ == 0; }
  std::int64_t said() const { return said_; }  // submissions begun
  std::int64_t acknowledged() const { return acknowledged_; }
  std::int64_t refused() const { return refused_; }

  std::vector<Call> history() const;  // calls that were begun, each person's in order

 private:
  struct Planned {
    const sampler::Call* source = nullptr;
    bool correction = false;
    std::size_t next = none;  // the person's next call
    Call call;
  };
  struct Item {
    DayClock::time_point due;
    std::size_t planned;
    bool poll;  // look whether the rejection is known, instead of calling
    bool operator>(const Item& other) const { return due > other.due; }
  };
  struct Site {
    std::string facility;
    std::mutex mutex;
    std::condition_variable wake;
    std::priority_queue<Item, std::vector<Item>, std::greater<>> due;
    bool closing = false;
    std::vector<std::jthread> desks;
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  void plan(const sampler::Day& day);
  Site& site_of(const std::string& facility);
  void put(Site& site, Item item);
  void work(Site& site);
  void make_call(Site& site, HttpClient& client, std::size_t index);
  bool say_once(HttpClient& client, Planned& planned);  // true once there is an answer
  void after_call(Site& site, std::size_t index);
  void poll_rejection(Site& site, HttpClient& client, std::size_t index);
  bool pause(Site& site, std::chrono::milliseconds span);  // false if the site closes
  std::int64_t now_ms() const;

  ClinicSettings settings_;
  DayClock::time_point start_{};
  std::deque<Planned> planned_;
  std::map<std::string, std::unique_ptr<Site>> sites_;
  std::atomic<std::int64_t> unfinished_chains_{0}, said_{0}, acknowledged_{0}, refused_{0};
};

}  // namespace titip::day
