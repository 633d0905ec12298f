// One store on a real disk and the history of its clients over many lives of the process that has it: starts a
// custodian (custodian.h), hears what it sees, ends it, and inspects what is left. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/crash/custodian.h"
#include "tests/crash/history.h"
#include "tests/crash/inspection.h"
#include "tests/crash/telling_child.h"

namespace titip::crash {

class Custody {
 public:
  // `scratch` is for what must survive the store's disk; `store_directory` may come and go with a mount.
  Custody(std::uint64_t seed, std::filesystem::path scratch, std::filesystem::path store_directory);
  Custody(const Custody&) = delete;
  Custody& operator=(const Custody&) = delete;
  ~Custody() { kill(); }

  // `before` goes in front of the child's command: a tracer that injects faults. Directory and brief of `orders` are
  // set here.
  bool start(CustodianOrders orders, const std::vector<std::string>& before = {});
  void kill();  // takes up everything it had said
  TellingChild& child() { return child_; }

  // Opens the store in this process, as the custodian did, and compares it with the history. Empty: all was kept.
  std::vector<Finding> inspect(Inspection::Content content = Inspection::Content::stays);

  History& history() { return history_; }
  const History& history() const { return history_; }

 private:
  const std::filesystem::path scratch_, store_;
  History history_;
  CustodianOrders orders_;  // of the last start
  TellingChild child_;
  bool runs_ = false;
};

}  // namespace titip::crash
