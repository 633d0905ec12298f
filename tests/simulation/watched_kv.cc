#include "tests/simulation/watched_kv.h"

#include <algorithm>
#include <vector>

#include "storage/keys.h"
#include "storage/records.h"

namespace titip::simulation {
namespace {

using storage::Family;

storage::KvBatch all_of(const storage::KvReader& from) {
  storage::KvBatch batch;
  for (std::size_t i = 0; i < storage::family_count; ++i) {
    const auto family = static_cast<Family>(i);
    (void)from.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
      batch.push_back({family, std::string(key), std::string(value)});
      return true;
    });
  }
  return batch;
}

}  // namespace

storage::KvResult<void> WatchedKv::commit(const storage::KvBatch& batch) {
  if (dead_) return {};
  const auto dies = std::exchange(dies_next_, std::nullopt);
  if (dies) dead_ = true;
  if (dies && !*dies) return {};
  const storage::KvResult<void> failed =
      std::unexpected(storage::KvError{storage::KvError::Kind::failed, "the disk takes no write"});
  const auto fails = std::exchange(fails_next_, std::nullopt);
  if (fails) has_failed_ = true;
  if (fails && !*fails) return failed;
  auto done = MemoryKv::commit(batch);
  if (!silent_) show(batch);
  return fails ? failed : done;
}

// A batch lists its records in the order of their ids, which say nothing of who came first: of two that were accepted
// by one commit that is said by their places.
void WatchedKv::show(const storage::KvBatch& batch) {
  std::vector<storage::Submission> written;
  for (const auto& write : batch) {
    if (write.family != Family::meta) continue;
    const auto id = storage::keys::parse_id(write.key);
    auto record = write.value ? storage::decode_record({Family::meta, write.key}, *write.value) : std::nullopt;
    if (!id || !record)
      findings_.violated("P2", "a record was erased or written unreadably");
    else
      written.push_back(std::move(record->submission));
  }
  std::ranges::sort(written, {}, &storage::Submission::position);
  for (const auto& each : written) records_.committed(each.id, each);
}

std::shared_ptr<storage::MemoryKv> WatchedKv::copy() const {
  auto made = std::make_shared<MemoryKv>();
  (void)made->commit(all_of(*this));
  if (const auto noted = MemoryKv::noted(); noted && *noted) (void)made->note(**noted);
  return made;
}

void WatchedKv::put_back(const MemoryKv& backup) {
  auto batch = all_of(*this);
  for (auto& write : batch) write.value.reset();
  silent_ = true;
  (void)MemoryKv::commit(batch);
  (void)MemoryKv::commit(all_of(backup));
  if (const auto noted = backup.noted(); noted && *noted) (void)MemoryKv::note(**noted);
}

void WatchedKv::show_all() {
  silent_ = false;
  records_.begin_restore();
  (void)scan(Family::meta, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto id = storage::keys::parse_id(key);
    const auto record = storage::decode_record({Family::meta, key}, value);
    if (id && record) records_.restored(*id, record->submission);
    return true;
  });
  records_.end_restore();
}

}  // namespace titip::simulation
