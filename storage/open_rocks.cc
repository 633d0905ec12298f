#include "storage/free_space.h"
#include "storage/queue_store.h"
#include "storage/rocks_kv.h"

namespace titip::storage {
namespace {

std::expected<std::unique_ptr<Store>, std::string> open_over(std::expected<std::unique_ptr<Kv>, std::string> kv,
                                                             StoreOptions options) {
  if (!kv) return std::unexpected(std::move(kv.error()));
  auto free = [directory = options.directory] { return free_bytes(directory); };
  auto store =
      QueueStore::open(std::shared_ptr<Kv>(std::move(*kv)), std::move(options), Pumping::thread, std::move(free));
  if (!store) return std::unexpected(std::move(store.error()));
  return std::unique_ptr<Store>(std::move(*store));
}

}  // namespace

std::expected<std::unique_ptr<Store>, std::string> open_rocks_store(StoreOptions options) {
  auto kv = open_rocks_kv(options.directory);
  return open_over(std::move(kv), std::move(options));
}

std::expected<std::unique_ptr<Store>, std::string> open_rocks_store(StoreOptions options, const RocksSetup& setup) {
  auto kv = open_rocks_kv(options.directory, setup);
  return open_over(std::move(kv), std::move(options));
}

}  // namespace titip::storage
