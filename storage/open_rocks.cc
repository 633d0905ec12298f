#include "storage/backup.h"
#include "storage/ballast.h"
#include "storage/free_space.h"
#include "storage/queue_store.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"

namespace titip::storage {
namespace {

// What RocksDB and the settling of open attempts need at the very least; rocks_kv.cc refuses below its own mark.
constexpr std::uint64_t room_to_open = 64U << 20U;

// A start on a full disk: the ballast goes first, so that there is room for the start itself.
void make_room_to_open(const std::filesystem::path& directory) {
  const auto free = free_bytes(directory);
  if (free && *free < room_to_open) Ballast(directory).drop();
}

}  // namespace

std::expected<std::unique_ptr<Store>, NotOpened> open_rocks_store(StoreOptions options) {
  return open_rocks_store(std::move(options), RocksSetup{});
}

std::expected<std::unique_ptr<Store>, NotOpened> open_rocks_store(StoreOptions options, const RocksSetup& setup) {
  if (auto refusal = not_to_be_opened(options.directory, setup); !refusal.empty()) {
    return std::unexpected(NotOpened::until_a_person_looked(std::move(refusal)));
  }
  make_room_to_open(options.directory);
  auto kv = open_rocks_kv(options.directory, setup, Evidence::must_hold);
  if (!kv) return std::unexpected(std::move(kv.error()));
  auto free = [directory = options.directory] { return free_bytes(directory); };
  auto store =
      QueueStore::open(std::shared_ptr<Kv>(std::move(*kv)), std::move(options), Pumping::thread, std::move(free));
  if (!store) return std::unexpected(std::move(store.error()));
  return std::unique_ptr<Store>(std::move(*store));
}

}  // namespace titip::storage
