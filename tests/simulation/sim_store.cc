#include "tests/simulation/sim_store.h"

#include <algorithm>

namespace titip::simulation {

using storage::Error;
using storage::Event;
using storage::Outcome;

namespace {

template <class T>
void answer(storage::Home& home, storage::Done<T> done, Error error) {
  home.post([done = std::move(done), error]() mutable { done(std::unexpected(error)); });
}

}  // namespace

void SimStore::accept(std::vector<storage::NewSubmission> batch, storage::Home& home,
                      storage::Done<std::vector<storage::Verdict>> done) {
  for (auto& incoming : batch) {
    auto& s = incoming.submission;
    doors_.records.expect(s.id, *arriving);
    const auto key_of = [&](const std::string& name) {
      return doors_.sealer.keyed_hash("requirement", {s.destination, s.facility, name});
    };
    for (const auto& name : arriving->provides) s.provides.push_back(key_of(name));
    for (const auto& name : arriving->references) s.references.push_back(key_of(name));
    for (const auto& name : arriving->requirements) s.requirements.push_back(key_of(name));
    if (doors_.control == Control::order_ignored)
      std::copy(s.id.bytes.begin(), s.id.bytes.end(), s.ordering_key.begin());
  }
  if (busy) return answer(home, std::move(done), *busy);
  if (const auto in_doubt = std::exchange(accept_in_doubt, std::nullopt)) {
    if (!*in_doubt) return answer(home, std::move(done), Error::in_doubt);
    return ForwardingStore::accept(std::move(batch), home, [done = std::move(done)](const auto&) mutable {
      done(std::unexpected(Error::in_doubt));
    });
  }
  ForwardingStore::accept(std::move(batch), home, std::move(done));
}

void SimStore::settle(std::vector<storage::Settlement> batch, storage::Home& home,
                      storage::Done<std::vector<storage::Changed>> done) {
  for (auto& settlement : batch) {
    if (doors_.control == Control::attempts_burned_while_open && settlement.event == Event::returned &&
        settlement.attempt.outcome == Outcome::deferred) {
      settlement.event = Event::deferred;
      settlement.counts_as_attempt = true;
    }
    judge(settlement);
  }
  if (busy) return answer(home, std::move(done), *busy);
  ForwardingStore::settle(std::move(batch), home, std::move(done));
}

// What is decided is judged once, when it is decided; the store may take it later only.
void SimStore::judge(const storage::Settlement& settlement) {
  if (!judged_.emplace(settlement.id, settlement.expected_version, settlement.attempt.opened_at).second) return;
  const auto* known = doors_.records.find(settlement.id);
  const auto name = known && known->form ? known->form->token : settlement.id.text();
  if (settlement.event == Event::returned && settlement.counts_as_attempt)
    doors_.findings.violated("attempts", name + " was given back and its attempt counted");
  if (settlement.event == Event::deferred && settlement.attempt.outcome == Outcome::deferred &&
      doors_.breaker() != rules::BreakerState::closed)
    doors_.findings.violated("attempts", name + " burned an attempt while the breaker is not closed");
}

void SimStore::transition(std::vector<storage::Transition> batch, storage::Home& home,
                          storage::Done<std::vector<storage::Changed>> done) {
  if (busy) return answer(home, std::move(done), *busy);
  ForwardingStore::transition(std::move(batch), home, std::move(done));
}

void SimStore::next_due(std::vector<storage::DueQuery> batch, storage::Home& home,
                        storage::Done<std::vector<storage::DueBatch>> done) {
  if (busy) return answer(home, std::move(done), *busy);
  ForwardingStore::next_due(std::move(batch), home, std::move(done));
}

void SimStore::lanes(std::string destination, storage::Home& home, storage::Done<std::vector<storage::Lane>> done) {
  if (busy) return answer(home, std::move(done), *busy);
  ForwardingStore::lanes(std::move(destination), home, std::move(done));
}

void SimStore::put_objects(std::vector<storage::PutObject> batch, storage::Home& home,
                           storage::Done<std::vector<storage::Applied>> done) {
  if (busy) return answer(home, std::move(done), *busy);
  ForwardingStore::put_objects(std::move(batch), home, std::move(done));
}

void SimStore::subscribe(storage::Home& home, std::function<void(const storage::CommitNotice&)> heard) {
  if (doors_.control != Control::forgotten_wake_up) return ForwardingStore::subscribe(home, std::move(heard));
  ForwardingStore::subscribe(home, [this, heard = std::move(heard)](const storage::CommitNotice& notice) {
    if (random_.chance(0.5)) heard(notice);
  });
}

}  // namespace titip::simulation
