// What all listeners of a gateway share: how many connections a client has, and how many bytes of requests and answers
// are held in memory, in all and of one client. Threads: any; a short lock when a client comes or goes, none for bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace titip::http {

struct ByteLimits {
  std::uint64_t in_all = 0;
  std::uint64_t of_one = 0;
};

class Budget {
 public:
  // What one client has of it. Must not outlive the budget; gone with the last who holds it.
  class Share {
   public:
    Share(Budget& budget, std::string site) : budget_(budget), site_(std::move(site)) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { budget_.forget(site_); }

    // False: it has `most` connections already; nothing was counted.
    bool join(std::size_t most);
    void leave() { connections_.fetch_sub(1, std::memory_order_relaxed); }
    std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

   private:
    friend class Holding;
    Budget& budget_;
    const std::string site_;
    std::atomic<std::size_t> connections_{0};
    std::atomic<std::uint64_t> bytes_{0};
  };

  // Of a client as limits count it (site_of).
  std::shared_ptr<Share> share(const std::string& site);
  std::size_t clients() const;

  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  friend class Holding;
  void forget(const std::string& site);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<Share>> shares_;  // no client without a connection or a request
  std::atomic<std::uint64_t> bytes_{0};
};

// What one request holds of it, body and answer; given back at the latest with the holding itself. The budget must
// outlive it. Threads: one at a time.
class Holding {
 public:
  enum class Room : std::uint8_t { enough, none, none_for_client };

  explicit Holding(Budget& budget) : budget_(budget) {}
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;
  ~Holding() { give_back(); }

  // Whose it is from now on; while it holds nothing. None: nobody knows.
  void belongs_to(std::shared_ptr<Budget::Share> share) { share_ = std::move(share); }
  // So many bytes more; unless there is room nothing is counted. One request alone is never too much.
  Room take(std::uint64_t bytes, const ByteLimits& most);
  // What is held in any case: an answer.
  void hold(std::uint64_t bytes);
  void give_back();
  std::uint64_t bytes() const { return bytes_; }

 private:
  Budget& budget_;
  std::shared_ptr<Budget::Share> share_;
  std::uint64_t bytes_ = 0;
};

}  // namespace titip::http
