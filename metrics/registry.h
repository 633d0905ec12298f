// The metrics registry and its exposition. Knows prometheus-cpp so that nobody else has to.
// Threads: making metrics takes a lock (do it at start); observing them is free of locks except histograms; any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/words/said.h"

namespace titip::metrics {

using Labels = std::map<std::string, std::string>;

// Handles: cheap to copy, valid as long as their registry.
class Counter {
 public:
  void add(double by = 1) const;
  double value() const;

 private:
  friend class Registry;
  explicit Counter(void* impl) : impl_(impl) {}
  void* impl_;
};

class Gauge {
 public:
  void set(double value) const;
  double value() const;

 private:
  friend class Registry;
  explicit Gauge(void* impl) : impl_(impl) {}
  void* impl_;
};

// A gauge that is not exposed while it has no value. One thread at a time.
class OptionalGauge {
 public:
  void set(double value);
  void clear();

 private:
  friend class Registry;
  OptionalGauge(void* family, Labels labels) : family_(family), labels_(std::move(labels)) {}
  void* family_;
  Labels labels_;
  void* child_ = nullptr;
};

class Histogram {
 public:
  void observe(double value) const;

 private:
  friend class Registry;
  explicit Histogram(void* impl) : impl_(impl) {}
  void* impl_;
};

// One metric's entry in the catalogue. Help is one line: the exposition does not escape it. It is exposed in the
// language of the process.
struct Definition {
  const char* name;
  words::Text help;
};

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The same definition and labels give the same metric. A family without children is not exposed: make children at 0.
  Counter counter(const Definition& definition, const Labels& labels);
  Gauge gauge(const Definition& definition, const Labels& labels);
  OptionalGauge optional_gauge(const Definition& definition, const Labels& labels);
  Histogram histogram(const Definition& definition, const Labels& labels, const std::vector<double>& buckets);

  // Runs at the start of every exposition: fills gauges from incremental counts. Must be quick and must not block.
  void before_exposition(std::function<void()> fill);

  // Prometheus text format 0.0.4.
  std::string expose();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace titip::metrics
