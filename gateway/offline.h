// What the commands share that need the data directory for themselves. Private to the root.
#pragma once

#include <cstdio>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/admin/wire.h"
#include "gateway/custody.h"
#include "gateway/progress_line.h"
#include "storage/reindex.h"

namespace titip::gateway {

// Why this cannot be done now: a gateway runs, or the reason is missing. Nothing: it can.
std::optional<admin::Ended> offline_hindrance(const Config& config, const std::string& reason, bool dry_run,
                                              std::string_view what);
admin::Ended offline_failed(std::string sentence);

// A store that is open here, and closed when this ends.
class Opened {
 public:
  static std::expected<Opened, std::string> open(const Config& config, const clock::Clock& clock, Opening opening);
  Opened(Opened&&) = default;
  Opened& operator=(Opened&&) = delete;
  ~Opened() {
    if (custody_.store) custody_.store->close();
  }
  Custody* operator->() { return &custody_; }

 private:
  explicit Opened(Custody custody) : custody_(std::move(custody)) {}
  Custody custody_;
};

// Progress on stderr; leaves a clean line when it dies.
class Progressing {
 public:
  Progressing();
  ~Progressing() { line_.end(); }
  std::function<void(storage::Progress)> on_progress() {
    return [this](storage::Progress progress) { line_.show(progress); };
  }
  void show(storage::Progress progress) { line_.show(progress); }

 private:
  ProgressLine line_;
};

// A line in the audit log of a store that is open.
std::expected<void, std::string> audit_offline(Opened& opened, std::string_view action, const std::string& reason,
                                               const words::Said& said);

// Whether the store is from before the key file's last reindex, as one that was put back may be.
std::expected<bool, std::string> is_behind(const Config& config, const clock::Clock& clock);
// `add_key`: under a new index key; else only up to the key file.
std::expected<storage::ReindexReport, std::string> reindex_store(const Config& config, bool add_key,
                                                                 Progressing& progressing);

}  // namespace titip::gateway
