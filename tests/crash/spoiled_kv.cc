#include "tests/crash/spoiled_kv.h"

namespace titip::crash {

using storage::Family;
using storage::KvBatch;
using storage::KvReader;
using storage::KvResult;
using storage::KvWrite;

KvResult<void> IndexOutsideTheBatch::commit(const KvBatch& batch) {
  KvBatch records;
  KvBatch indexes;
  for (const KvWrite& write : batch) {
    const bool is_index = write.family == Family::idempotency || write.family == Family::natural ||
                          write.family == Family::chain || write.family == Family::head || write.family == Family::due;
    (is_index ? indexes : records).push_back(write);
  }
  if (auto written = below_->commit(records); !written || indexes.empty()) return written;
  return below_->commit(indexes);
}

KvResult<void> AcknowledgesBeforeTheCommit::commit(const KvBatch& batch) {
  const KvBatch before = std::exchange(said_, batch);
  for (Written& family : ahead_) family.clear();
  for (const KvWrite& write : batch) ahead_[static_cast<std::size_t>(write.family)][write.key] = write.value;
  return before.empty() ? KvResult<void>{} : below_->commit(before);
}

KvResult<std::optional<std::string>> AcknowledgesBeforeTheCommit::get(Family family, std::string_view key) const {
  const auto found = written(family).find(key);
  return found != written(family).end() ? found->second : below_->get(family, key);
}

KvResult<std::vector<std::optional<std::string>>> AcknowledgesBeforeTheCommit::multi_get(
    Family family, std::span<const std::string> keys) const {
  std::vector<std::optional<std::string>> values;
  for (const std::string& key : keys) {
    auto value = get(family, key);
    if (!value) return std::unexpected(value.error());
    values.push_back(std::move(*value));
  }
  return values;
}

KvResult<void> AcknowledgesBeforeTheCommit::scan(Family family, std::string_view prefix, std::string_view from,
                                                 const Visitor& visit) const {
  const Written& ahead = written(family);
  auto next = ahead.lower_bound(std::max(prefix, from));
  bool goes_on = true;
  const auto catch_up = [&](std::optional<std::string_view> to) {
    while (goes_on && next != ahead.end() && next->first.starts_with(prefix) && (!to || next->first < *to)) {
      if (next->second) goes_on = visit(next->first, *next->second);
      ++next;
    }
  };
  const auto scanned = below_->scan(family, prefix, from, [&](std::string_view key, std::string_view value) {
    catch_up(key);
    if (goes_on && !ahead.contains(key)) goes_on = visit(key, value);
    return goes_on;
  });
  if (!scanned) return scanned;
  catch_up(std::nullopt);
  return {};
}

// Its users read at once, in the writer's own thread: the present will do.
std::unique_ptr<KvReader> AcknowledgesBeforeTheCommit::snapshot() const {
  class Now : public KvReader {
   public:
    explicit Now(const AcknowledgesBeforeTheCommit& kv) : kv_(kv) {}
    KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
      return kv_.get(family, key);
    }
    KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                                std::span<const std::string> keys) const override {
      return kv_.multi_get(family, keys);
    }
    KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                        const Visitor& visit) const override {
      return kv_.scan(family, prefix, from, visit);
    }

   private:
    const AcknowledgesBeforeTheCommit& kv_;
  };
  return std::make_unique<Now>(*this);
}

void AcknowledgesBeforeTheCommit::close() {
  // An orderly stop brings what is left; a power cut does not come with one.
  if (!said_.empty()) [[maybe_unused]]
    const auto written = below_->commit(std::exchange(said_, {}));
  below_->close();
}

}  // namespace titip::crash
