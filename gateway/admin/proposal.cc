#include "gateway/admin/proposal.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "storage/hex.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

std::string encode(const Proposal& proposal) {
  auto edits = ordered_json::array();
  for (const auto& each : proposal.edits) edits.push_back({{"pointer", each.pointer}, {"value", each.value}});
  return ordered_json{{"edits", std::move(edits)},
                      {"not_landed", proposal.not_landed},
                      {"reason", proposal.reason},
                      {"by", proposal.by},
                      {"at", proposal.at}}
      .dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::optional<Proposal> decode(std::string_view bytes) {
  try {
    const auto document = ordered_json::parse(bytes);
    Proposal proposal{{}, document.at("not_landed"), document.at("reason"), document.at("by"), document.at("at")};
    for (const auto& each : document.at("edits")) proposal.edits.push_back({each.at("pointer"), each.at("value")});
    return proposal;
  } catch (const ordered_json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::string digest_of(const storage::Object& kept, const Doors& doors) {
  return storage::hex(doors.sealer.keyed_hash(proposal_kind, {kept.bytes}));
}

storage::Result<std::optional<std::string>> keep_proposal(const storage::Submission& record, const Proposal& proposal,
                                                          const Doors& doors) {
  const auto key = doors.sealer.unwrap(record.id, record.wrapped_key);
  if (!key) return std::unexpected(storage::Error::unavailable);  // the key file changed at this very moment
  const auto sealed = doors.sealer.seal(*key, record.id, proposal_kind, encode(proposal));
  storage::WaitingHome home;
  const auto applied = home.ask_patiently<std::vector<storage::Applied>>([&](auto done) {
    doors.store.put_objects({{std::string(proposal_kind), record.id.text(), 0, sealed.bytes}}, home, std::move(done));
  });
  if (!applied) return std::unexpected(applied.error());
  if (applied->front() != storage::Applied::yes) return std::nullopt;
  return digest_of({1, sealed.bytes}, doors);
}

storage::Result<std::optional<KeptProposal>> read_proposal(const storage::Submission& record, const Doors& doors) {
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>(
      [&](auto done) { doors.store.get_object(std::string(proposal_kind), record.id.text(), home, std::move(done)); });
  if (!object) return std::unexpected(object.error());
  if (!*object) return std::nullopt;
  const auto key = doors.sealer.unwrap(record.id, record.wrapped_key);
  const auto opened =
      key ? doors.sealer.open(*key, record.id, proposal_kind, storage::Sealed{(*object)->bytes}) : std::nullopt;
  auto proposal = opened ? decode(*opened) : std::nullopt;
  if (!proposal) return std::unexpected(storage::Error::corrupt);
  return KeptProposal{*std::move(proposal), digest_of(**object, doors)};
}

storage::Result<bool> forget_proposal(const storage::SubmissionId& id, const Doors& doors) {
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>(
      [&](auto done) { doors.store.get_object(std::string(proposal_kind), id.text(), home, std::move(done)); });
  if (!object) return std::unexpected(object.error());
  if (!*object) return false;
  const auto applied = home.ask_patiently<std::vector<storage::Applied>>([&](auto done) {
    doors.store.put_objects({{std::string(proposal_kind), id.text(), (*object)->version, {}}}, home, std::move(done));
  });
  if (!applied) return std::unexpected(applied.error());
  return applied->front() == storage::Applied::yes;
}

}  // namespace titip::admin
