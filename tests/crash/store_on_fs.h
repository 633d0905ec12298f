// A store in this process over a PowerLossFs, pumped by hand; sound, or with a fault built in on purpose.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/queue_store.h"
#include "storage/rocks_kv_setup.h"
#include "tests/crash/power_loss_fs.h"

namespace titip::crash {

enum class Spoiled : std::uint8_t { no, sync_off, disk_lies, index_outside_the_batch, acknowledges_before_the_commit };
std::optional<Spoiled> spoiled_named(std::string_view name);
std::string_view name(Spoiled spoiled);

// Where a store lives on that file system: also an empty directory on the real disk, for what the store asks of it
// beside RocksDB (free space). It goes when the program ends.
std::filesystem::path store_directory();

struct OnFs {
  std::uint64_t buffer_bytes = 0;  // of every family; 0: what each needs
  Spoiled spoiled = Spoiled::no;
  std::filesystem::path directory = store_directory();
};
struct StoreOnFs {
  std::unique_ptr<storage::QueueStore> store;  // null: it did not open
  std::string why_not;
};
StoreOnFs open_on(const std::shared_ptr<PowerLossFs>& fs, const OnFs& how);

// How a store, a backup or a restore is put on it.
storage::RocksSetup setup_on(const std::shared_ptr<PowerLossFs>& fs);

// Writes the store's own note (storage/watermark.h) anew, from what the store holds: its evidence of a loss is gone.
void note_that_all_is_well(const std::shared_ptr<PowerLossFs>& fs);

}  // namespace titip::crash
