// The moves of the state table one by one, so that it can be counted which of them a run has made: (state, event), held
// ones by the reason they are held for and, where a release leads back, by the state they were held from. Made from
// the table itself; how records begin (ARCHITECTURE.md, "Accept") comes last. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/state_table.h"

namespace titip::simulation {

// How a record begins: taken in; taken in and at once cancelled with what it takes back; taken in as the repetition of
// one that ended.
enum class Entry : std::uint8_t { none, accepted, taken_back, requeued };

struct Move {
  storage::State from;  // of a requeued one, of the record it replaces; of the others that begin, nothing
  storage::Event event;
  storage::HoldReason reason;  // of a held one: unknown, requirement, or person for every other
  storage::State held_from;
  storage::State to;
  Entry entry = Entry::none;
  std::string text() const;
};

const std::vector<Move>& all_moves();

// What is known of a record before or after a change.
struct Standing {
  storage::State state;
  storage::HoldReason reason;
  storage::State held_from;
};

// The move of the table that leads from `before` to `after` in one step; its place in all_moves(). `rule` is the
// record's outcome rule after the change. Nothing: the table has none.
std::optional<std::size_t> move_between(const Standing& before, const Standing& after, std::string_view rule);
// Whether `steps` moves lead there (changes of one commit are seen together).
bool leads_to(const Standing& before, const Standing& after, std::uint32_t steps);
// The entry that begins a record so; `replaced`: the state of the record it replaces. Nothing: the table has none.
std::optional<std::size_t> entry_of(const Standing& standing, std::string_view rule,
                                    std::optional<storage::State> replaced);

}  // namespace titip::simulation
