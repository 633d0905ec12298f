#include "storage/requirements.h"

#include <algorithm>

#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

using Standing = Requirement::Standing;

void join(Requirement& requirement, const SubmissionId& id) {
  requirement.providers.push_back(id);
  if (requirement.standing != Standing::met) requirement.standing = Standing::pending;
}

void leave(Requirement& requirement, const SubmissionId& id, Standing ended) {
  std::erase(requirement.providers, id);
  if (requirement.standing == Standing::met || !requirement.providers.empty()) return;
  requirement.standing = ended;
  requirement.origin = id;
}

}  // namespace

bool waits_for_a_requirement(const Submission& s) {
  return s.state == State::blocked || (s.state == State::held && s.hold_reason == HoldReason::requirement);
}

std::optional<Requirement> Requirements::look(const Digest& key) {
  return read(staging_, Family::requirement, keys::of(key), decode_requirement);
}

template <class Change>
void Requirements::update(const Digest& key, Change change) {
  const Staging::Row row = staging_.row(Family::requirement, keys::of(key));
  auto before = read(staging_, row, decode_requirement);
  Requirement after = before.value_or(Requirement{});
  change(after);
  if (before == after) return;
  if (before && before->standing != after.standing) moved_.push_back(key);
  write(staging_, row, after);
}

void Requirements::meet(Requirement& requirement, const SubmissionId& id) {
  // Who was delivered and only waited for this number has nothing to provide any more.
  std::erase_if(requirement.providers, [&](const SubmissionId& provider) {
    if (provider == id) return true;
    const auto record = read_record(staging_, provider);
    return record && record->submission.state == State::delivered;
  });
  requirement.standing = Standing::met;
  requirement.origin = id;
}

Requirements::Answer Requirements::ask(const Submission& s) {
  Answer answer = Answer::clear;
  for (const Digest& key : s.requirements) {
    const auto requirement = look(key);
    if (!requirement || requirement->standing == Standing::met) continue;
    if (requirement->standing != Standing::pending) return Answer::failed;
    answer = Answer::pending;
  }
  return answer;
}

bool Requirements::crowded(const Submission& s) {
  return std::ranges::any_of(s.requirements,
                             [&](const Digest& key) { return waiters(key, most_waiters).size() >= most_waiters; });
}

void Requirements::provide(const Submission& s) {
  for (const Digest& key : s.provides) update(key, [&](Requirement& each) { join(each, s.id); });
  for (const Digest& key : s.references) {
    update(key, [&](Requirement& each) {
      join(each, s.id);
      each.is_reference = true;
    });
  }
}

void Requirements::withdraw(const Submission& s, Standing ended) {
  for (const auto* keys : {&s.provides, &s.references}) {
    for (const Digest& key : *keys) update(key, [&](Requirement& each) { leave(each, s.id, ended); });
  }
}

void Requirements::abandon(const Submission& s) {
  for (const auto* keys : {&s.provides, &s.references}) {
    for (const Digest& key : *keys) {
      update(key, [&](Requirement& each) {
        if (each.standing == Standing::failed && each.origin == s.id) each.standing = Standing::cancelled;
      });
    }
  }
}

void Requirements::deliver(const Submission& s) {
  for (const Digest& key : s.provides) update(key, [&](Requirement& each) { meet(each, s.id); });
  for (const Digest& key : s.references) {
    update(key, [&](Requirement& each) {
      if (each.standing == Standing::met) std::erase(each.providers, s.id);  // another record brought its number
    });
  }
}

void Requirements::resolve(const Submission& s, const Resolved& number) {
  const auto known = [&](Requirement& each) {
    meet(each, s.id);
    each.is_reference = true;
    each.value = number.value;
  };
  update(number.reference, known);
  if (number.alias && *number.alias != number.reference) update(*number.alias, known);
}

void Requirements::give_up(const Submission& s) {
  for (const Digest& key : s.references) {
    update(key, [&](Requirement& each) {
      if (std::ranges::find(each.providers, s.id) != each.providers.end()) leave(each, s.id, Standing::failed);
    });
  }
}

void Requirements::read_again(const Submission& s) {
  for (const Digest& key : s.references) {
    update(key, [&](Requirement& each) {
      if (each.standing != Standing::met) join(each, s.id);
    });
  }
}

bool Requirements::lacks_a_number(const Submission& s) {
  return std::ranges::any_of(s.references, [&](const Digest& key) {
    const auto reference = look(key);
    return !reference || reference->standing != Standing::met;
  });
}

void Requirements::undo(const Submission& s) {
  for (const Digest& key : s.provides) {
    const auto requirement = look(key);
    const bool is_met_by_it = requirement && requirement->standing == Standing::met && requirement->origin == s.id;
    if (!is_met_by_it || requirement->is_reference) continue;
    if (requirement->providers.empty()) {
      staging_.erase(Family::requirement, keys::of(key));  // nobody is asked to wait, so nobody moves
      continue;
    }
    update(key, [](Requirement& each) {
      each.standing = Standing::pending;
      each.origin.reset();
    });
  }
}

void Requirements::changed(const Submission& before, const Submission& after) {
  const bool waited = waits_for_a_requirement(before);
  const bool waits = waits_for_a_requirement(after);
  if (waited == waits) return;
  for (const Digest& key : after.requirements) {
    std::string at = keys::waiter(key, after.position);
    if (waits) {
      write(staging_, Family::waiter, std::move(at), after.id);
    } else {
      staging_.erase(Family::waiter, std::move(at));
    }
  }
}

std::vector<SubmissionId> Requirements::waiters(const Digest& key, std::size_t most) {
  std::vector<SubmissionId> found;
  const std::string prefix = keys::of(key);
  for (const auto& [at, bytes] : staging_.list(Family::waiter, prefix, prefix, most)) {
    const auto id = decode_id({Family::waiter, at}, bytes);
    if (!id) {
      staging_.fail(Error::corrupt);
      break;
    }
    found.push_back(*id);
  }
  return found;
}

}  // namespace titip::storage
