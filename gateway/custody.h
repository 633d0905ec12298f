// The store and its keys, opened as the config says: by the gateway that serves it, and by the command line while no
// gateway does. Private to the root. Blocking.
// Invariant: who holds a Custody is the only one who has this store open; after a restore whoever asked to be erased is
// erased again before anybody sees the store; all but records that damage keeps from it, which every start tries again.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/admin/upkeep.h"
#include "gateway/clock/clock.h"
#include "gateway/config.h"
#include "storage/not_opened.h"
#include "storage/persons.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "storage/store_lock.h"

namespace titip::metrics {
class StoreProbes;
}

namespace titip::gateway {

struct Custody {
  storage::StoreLock lock;  // first: let go when the store is closed
  storage::Sealer sealer;
  std::unique_ptr<storage::Store> store;
  std::optional<storage::ErasureReport> erased_again{};  // at this opening, the first after a restore
};

struct CustodyDoors {
  const clock::Clock& clock;
  metrics::StoreProbes* probes = nullptr;
  std::function<void(std::string)> on_fatal;
};

enum class Opening {
  may_create,   // an empty one, with new keys, if there is none
  must_exist,   // says so if there is none
  as_put_back,  // a store that was just put back may be from before a reindex: that is not looked at
};

std::filesystem::path store_directory(const Config& config);
// One that lacks a part of itself is one too: it is never taken for a place where a new one may be made.
bool has_store(const Config& config);
std::expected<Custody, storage::NotOpened> open_custody(const Config& config, CustodyDoors doors, Opening opening);
// Why this process must not touch the data directory: it is somebody else's, and what root writes there the user Titip
// runs as could not open. Empty: it is ours, or there is none.
std::string refuse_stranger(const Config& config);
// With its mode; made if it is missing.
std::expected<void, std::string> make_data_directory(const Config& config);

// From before a store is put back until everybody who was erased is erased from it again: a file beside it. It stays
// for as long as a damaged record is left out.
std::filesystem::path erasures_due(const Config& config);
// The sentence for a restore whose list of erased persons is not there.
std::string no_erasure_list(const Config& config);

admin::RetentionRule retention_rule(const Config& config);

}  // namespace titip::gateway
