#include "metrics/registry.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

namespace titip::metrics {

void Counter::add(double by) const {
  static_cast<prometheus::Counter*>(impl_)->Increment(by);
}
double Counter::value() const {
  return static_cast<prometheus::Counter*>(impl_)->Value();
}
void Gauge::set(double value) const {
  static_cast<prometheus::Gauge*>(impl_)->Set(value);
}
double Gauge::value() const {
  return static_cast<prometheus::Gauge*>(impl_)->Value();
}
void OptionalGauge::set(double value) {
  if (child_ == nullptr) child_ = &static_cast<prometheus::Family<prometheus::Gauge>*>(family_)->Add(labels_);
  static_cast<prometheus::Gauge*>(child_)->Set(value);
}
void OptionalGauge::clear() {
  if (child_ == nullptr) return;
  static_cast<prometheus::Family<prometheus::Gauge>*>(family_)->Remove(static_cast<prometheus::Gauge*>(child_));
  child_ = nullptr;
}
void Histogram::observe(double value) const {
  static_cast<prometheus::Histogram*>(impl_)->Observe(value);
}

struct Registry::State {
  // Merge: asking twice for a family gives the same one.
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  std::mutex fills_mutex;
  std::vector<std::function<void()>> fills;
};

Registry::Registry() : state_(std::make_unique<State>()) {}
Registry::~Registry() = default;

Counter Registry::counter(const Definition& definition, const Labels& labels) {
  auto& family = prometheus::BuildCounter()
                     .Name(definition.name)
                     .Help(std::string(definition.help.own()))
                     .Register(state_->registry);
  return Counter(&family.Add(labels));
}

Gauge Registry::gauge(const Definition& definition, const Labels& labels) {
  auto& family = prometheus::BuildGauge()
                     .Name(definition.name)
                     .Help(std::string(definition.help.own()))
                     .Register(state_->registry);
  return Gauge(&family.Add(labels));
}

OptionalGauge Registry::optional_gauge(const Definition& definition, const Labels& labels) {
  auto& family = prometheus::BuildGauge()
                     .Name(definition.name)
                     .Help(std::string(definition.help.own()))
                     .Register(state_->registry);
  return {&family, labels};
}

Histogram Registry::histogram(const Definition& definition, const Labels& labels, const std::vector<double>& buckets) {
  auto& family = prometheus::BuildHistogram()
                     .Name(definition.name)
                     .Help(std::string(definition.help.own()))
                     .Register(state_->registry);
  return Histogram(&family.Add(labels, buckets));
}

void Registry::before_exposition(std::function<void()> fill) {
  const std::lock_guard lock(state_->fills_mutex);
  state_->fills.push_back(std::move(fill));
}

std::string Registry::expose() {
  {
    const std::lock_guard lock(state_->fills_mutex);
    for (const auto& fill : state_->fills) fill();
  }
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace titip::metrics
