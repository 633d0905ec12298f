// Key-value engines with one fault built in on purpose, over a sound one. The oracle must catch each of them.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "storage/kv.h"

namespace titip::crash {

// Passes everything on.
class PassingKv : public storage::Kv {
 public:
  explicit PassingKv(std::shared_ptr<storage::Kv> behind) : below_(std::move(behind)) {}
  storage::KvResult<std::optional<std::string>> get(storage::Family family, std::string_view key) const override {
    return below_->get(family, key);
  }
  storage::KvResult<std::vector<std::optional<std::string>>> multi_get(
      storage::Family family, std::span<const std::string> keys) const override {
    return below_->multi_get(family, keys);
  }
  storage::KvResult<void> scan(storage::Family family, std::string_view prefix, std::string_view from,
                               const Visitor& visit) const override {
    return below_->scan(family, prefix, from, visit);
  }
  storage::KvResult<void> commit(const storage::KvBatch& batch) override { return below_->commit(batch); }
  std::unique_ptr<storage::KvReader> snapshot() const override { return below_->snapshot(); }
  storage::KvResult<void> note(std::string_view bytes) override { return below_->note(bytes); }
  storage::KvResult<std::optional<std::string>> noted() const override { return below_->noted(); }
  storage::KvResult<void> reclaim() override { return below_->reclaim(); }
  storage::KvResult<std::uint64_t> checkpoint(const std::filesystem::path& directory) const override {
    return below_->checkpoint(directory);
  }
  void close() override { below_->close(); }

 protected:
  std::shared_ptr<storage::Kv> below_;
};

// Writes its indexes (idempotency, natural keys, chains, heads, due) in a second commit behind the records.
class IndexOutsideTheBatch : public PassingKv {
 public:
  using PassingKv::PassingKv;
  storage::KvResult<void> commit(const storage::KvBatch& batch) override;
};

// Says "committed" and commits with the next batch; what it has said is seen by its readers at once.
class AcknowledgesBeforeTheCommit : public PassingKv {
 public:
  using PassingKv::PassingKv;
  storage::KvResult<std::optional<std::string>> get(storage::Family family, std::string_view key) const override;
  storage::KvResult<std::vector<std::optional<std::string>>> multi_get(
      storage::Family family, std::span<const std::string> keys) const override;
  storage::KvResult<void> scan(storage::Family family, std::string_view prefix, std::string_view from,
                               const Visitor& visit) const override;
  storage::KvResult<void> commit(const storage::KvBatch& batch) override;
  std::unique_ptr<storage::KvReader> snapshot() const override;
  void close() override;

 private:
  using Written = std::map<std::string, std::optional<std::string>, std::less<>>;
  const Written& written(storage::Family family) const { return ahead_[static_cast<std::size_t>(family)]; }
  storage::KvBatch said_;  // and not committed
  std::array<Written, storage::family_count> ahead_;
};

}  // namespace titip::crash
