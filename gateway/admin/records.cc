#include "gateway/admin/records.h"

#include <utility>

#include "gateway/admin/one_by_one.h"
#include "metrics/words/said.h"
#include "storage/veil.h"
#include "storage/waiting_home.h"

namespace titip::admin {

std::expected<storage::Loaded, Ended> load_record(const std::string& id_or_receipt, const Doors& doors,
                                                  storage::LoadRequest what) {
  const auto not_there =
      in_trouble(Trouble::not_found, words::said("There is no record {}. `titip queue ls` lists them.", id_or_receipt));
  const auto named = storage::SubmissionId::parse(id_or_receipt);
  if (!named) return std::unexpected(not_there);
  std::vector<storage::LoadRequest> wanted;
  what.id = *named;
  wanted.push_back(what);
  for (const auto& id : storage::lift_veil(doors.sealer, storage::receipt_domain, *named)) {
    what.id = id;
    wanted.push_back(what);
  }
  storage::WaitingHome home;
  auto loaded = home.ask<std::vector<std::optional<storage::Loaded>>>(
      [&](auto done) { doors.store.load(wanted, home, std::move(done)); });
  if (!loaded) return std::unexpected(store_trouble(loaded.error()));
  for (auto& each : *loaded) {
    if (!each) continue;
    const auto& record = each->submission;
    if (record.id == *named || record.receipt == named->text()) return std::move(*each);
  }
  return std::unexpected(not_there);
}

storage::Result<std::vector<Looked>> load_each(const std::vector<storage::SubmissionId>& ids, bool payload,
                                               const Doors& doors) {
  std::vector<storage::LoadRequest> wanted;
  for (const auto& id : ids) wanted.push_back({id, payload, false, false});
  auto found = each_of<std::optional<storage::Loaded>>(wanted, [&](const std::vector<storage::LoadRequest>& some) {
    storage::WaitingHome home;
    return home.ask_patiently<std::vector<std::optional<storage::Loaded>>>(
        [&](auto done) { doors.store.load(some, home, std::move(done)); });
  });
  if (!found) return std::unexpected(found.error());
  std::vector<Looked> looked;
  for (auto& each : *found) looked.push_back(each ? Looked{std::move(*each), false} : Looked{std::nullopt, true});
  return looked;
}

std::optional<storage::Payload> opened_payload(const storage::Loaded& loaded, const storage::Sealer& sealer) {
  const auto& record = loaded.submission;
  if (loaded.payload.empty()) return std::nullopt;
  const auto key = sealer.unwrap(record.id, record.wrapped_key);
  const auto plain = key ? sealer.open(*key, record.id, "payload", loaded.payload) : std::nullopt;
  return plain ? storage::decode_payload(*plain) : std::nullopt;
}

}  // namespace titip::admin
