// The store and its keys, opened as the config says: by the gateway that serves it, and by the command line while no
// gateway does. Private to the root.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "gateway/admin/upkeep.h"
#include "gateway/clock/clock.h"
#include "gateway/config.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::metrics {
class StoreProbes;
}

namespace titip::gateway {

struct Custody {
  storage::Sealer sealer;
  std::unique_ptr<storage::Store> store;
};

struct CustodyDoors {
  const clock::Clock& clock;
  metrics::StoreProbes* probes = nullptr;
  std::function<void(std::string)> on_fatal;
};

std::filesystem::path store_directory(const Config& config);
bool has_store(const Config& config);
// Makes an empty one, with new keys, only if `may_create`.
std::expected<Custody, std::string> open_custody(const Config& config, CustodyDoors doors, bool may_create);

admin::RetentionRule retention_rule(const Config& config);

}  // namespace titip::gateway
