// A store below whose own checksums refuse some of its blocks, as RocksDB does where the disk has rotted.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "storage/memory_kv.h"

namespace titip::storage {

class RefusingKv : public MemoryKv {
 public:
  using Blocks = std::set<std::pair<Family, std::string>>;
  Blocks refused;                   // changed only while nobody reads
  std::atomic<bool> fails = false;  // the disk does not answer at all

  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    return View(*this).get(family, key);
  }
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override {
    return View(*this).multi_get(family, keys);
  }
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override {
    return View(*this).scan(family, prefix, from, visit);
  }
  std::unique_ptr<KvReader> snapshot() const override { return std::make_unique<View>(*this); }

 private:
  class View : public KvReader {
   public:
    explicit View(const RefusingKv& kv) : kv_(kv), below_(kv.MemoryKv::snapshot()) {}
    KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
      if (kv_.fails) return std::unexpected(failure());
      if (is_refused(family, key)) return std::unexpected(refusal());
      return below_->get(family, key);
    }
    KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                                std::span<const std::string> keys) const override {
      if (kv_.fails) return std::unexpected(failure());
      for (const auto& key : keys) {
        if (is_refused(family, key)) return std::unexpected(refusal());
      }
      return below_->multi_get(family, keys);
    }
    KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                        const Visitor& visit) const override {
      if (kv_.fails) return std::unexpected(failure());
      bool met = false;
      auto scanned = below_->scan(family, prefix, from, [&](std::string_view key, std::string_view value) {
        met = is_refused(family, key);
        return !met && visit(key, value);
      });
      if (met) return std::unexpected(refusal());
      return scanned;
    }

   private:
    bool is_refused(Family family, std::string_view key) const {
      return kv_.refused.contains(std::pair(family, std::string(key)));
    }
    static KvError refusal() { return {KvError::Kind::corrupt, "block checksum mismatch"}; }
    static KvError failure() { return {KvError::Kind::failed, "the disk does not answer"}; }
    const RefusingKv& kv_;
    std::unique_ptr<KvReader> below_;
  };
};

}  // namespace titip::storage
