// One store on a real disk and the history of its clients over many lives of the process that has it: starts a
// custodian (custodian.h), hears what it sees, ends it, and inspects what is left. One thread; another reads the
// child's words.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/custodian.h"
#include "tests/crash/history.h"

namespace titip::crash {

class Custody {
 public:
  // `scratch` is for what must survive the store's disk; `store_directory` may come and go with a mount.
  Custody(std::uint64_t seed, std::filesystem::path scratch, std::filesystem::path store_directory);
  Custody(const Custody&) = delete;
  Custody& operator=(const Custody&) = delete;
  ~Custody();

  // `before` goes in front of the child's command: a tracer that injects faults. Directory and brief of `orders` are
  // set here.
  bool start(CustodianOrders orders, std::vector<std::string> before = {});
  // Waits until the child has said `word` (a whole line, or its beginning), or ended.
  bool wait_for(const std::string& word, std::chrono::milliseconds longest);
  // Waits until at least so many answers were heard in this life, or it ended.
  bool wait_for_answers(std::uint64_t answers, std::chrono::milliseconds longest);
  // Waits for the child's own end; false: it still runs.
  bool wait_for_end(std::chrono::milliseconds longest);
  void kill();                               // SIGKILL; takes up everything it had said
  bool said(const std::string& word) const;  // since it was started
  std::string error() const;                 // what it gave up with; empty: it did not
  std::uint64_t answers() const { return answers_; }
  int exit_status() const { return status_; }  // of wait()

  // Opens the store in this process, as the custodian did, and compares it with the history. Empty: all was kept.
  std::vector<Finding> inspect();

  History& history() { return history_; }

 private:
  void listen(int end);
  void take_up();  // the lines heard so far go into the history

  const std::filesystem::path scratch_, store_;
  History history_;
  CustodianOrders orders_;  // of the last start
  pid_t child_ = -1;
  int status_ = 0;
  std::jthread listener_;
  std::atomic<std::uint64_t> answers_ = 0;
  std::atomic<bool> ended_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> heard_;  // of this life
};

// This program's own path.
std::filesystem::path this_program();
// A fresh directory under TMPDIR.
std::filesystem::path scratch_directory(const std::string& name);

}  // namespace titip::crash
