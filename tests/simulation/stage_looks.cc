// What the stage looks at as a whole: everything, now and then; and a store that is put back.
#include "storage/evidence.h"
#include "storage/keys.h"
#include "storage/restore.h"
#include "tests/simulation/contents.h"
#include "tests/simulation/restores.h"
#include "tests/simulation/stage.h"
#include "tests/simulation/waits.h"
#include "tests/storage/invariants.h"

namespace titip::simulation {

void Stage::look_at_everything() {
  for (const auto& broken : storage::broken_invariants(*kv_)) findings_.violated("store", broken);
  look_at_contents();
  if (!life_) return;
  look_at_counts();
  ask_what_waits();
}

void Stage::look_at_counts() {
  const auto all = engine().counts();
  const auto found = all.destinations.find(destination);
  const auto counts = found == all.destinations.end() ? storage::DestinationCounts{} : found->second;
  if (counts.accepted != records_.count())
    findings_.violated("counts",
                       fmt::format("{} records are in custody, {} are counted", records_.count(), counts.accepted));
  for (const auto state : storage::all_states) {
    const auto counted = counts.by_state[static_cast<std::size_t>(state)];
    if (counted != records_.in(state).size())
      findings_.violated("counts", fmt::format("{} records are {}, {} are counted", records_.in(state).size(),
                                               storage::name(state), counted));
  }
}

// Byte for byte what the clinic sent, of each that is in custody and was not erased.
void Stage::look_at_contents() {
  for (const auto& [id, known] : records_.all()) {
    if (known->form == nullptr || known->lost || known->erased) continue;
    const auto& form = *known->form;
    const auto key = storage::keys::of(id);
    const auto meta = kv_->get(storage::Family::meta, key);
    const auto record = meta && *meta ? storage::decode_record({storage::Family::meta, key}, **meta) : std::nullopt;
    const auto bytes = kv_->get(storage::Family::payload, key);
    const auto sealed =
        bytes && *bytes ? storage::decode_sealed({storage::Family::payload, key}, **bytes) : std::nullopt;
    if (const auto fault = fault_of_content(sealer_, form, record, sealed); !fault.empty())
      findings_.violated("P2", fmt::format("{} ({}) {}", form.token, form.nik, fault));
  }
}

void Stage::ask_what_waits() {
  std::vector<storage::SubmissionId> ids;
  for (const auto state : storage::all_states)
    if (!storage::is_terminal(state))
      for (const auto& [sequence, known] : records_.in(state)) ids.push_back(known->id);
  auto asked = ids;
  engine().waiting(std::move(asked), in_place_, [this, ids = std::move(ids)](const auto& answers) {
    for (std::size_t i = 0; answers && i < ids.size(); ++i) {
      const auto& known = *records_.find(ids[i]);
      const auto fault = storage::is_terminal(known.standing.state) ? "" : fault_of(records_, (*answers)[i], known);
      if (!fault.empty())
        findings_.violated("P6", fmt::format("{} ({}) {}", known.form->token, known.form->nik, fault));
    }
  });
}

void Stage::restore(const storage::MemoryKv& backup, bool until_known) {
  if (life_) die();
  findings_.trace("--- the store is put back as it was at the backup");
  kv_->live_again();
  const LostStore lost{number_in(*kv_, storage::keys::epoch),
                       until_known ? std::optional(number_in(*kv_, storage::keys::last_position)) : std::nullopt};
  const auto sequence = storage::CommitSequence::load(*kv_);
  const auto reach = sequence ? storage::found_reach(*kv_, *sequence) : std::unexpected(sequence.error());
  if (!reach) findings_.violated("store", reach.error());
  kv_->put_back(backup);
  if (options_.control != Control::restore_that_requeues) {
    const auto until = until_known && reach ? std::optional(*reach) : std::nullopt;
    const auto marked = storage::mark_restored(*kv_, until, clock_.wall(), {});
    if (!marked) findings_.violated("restore", marked.error());
  }
  kv_->show_all();
  judge_restore(backup, *kv_, lost, findings_);
  if (has_gate(*kv_, destination))
    gate(std::nullopt, true);
  else
    findings_.violated("restore", "no gate is shut");
}

}  // namespace titip::simulation
