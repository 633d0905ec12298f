#include "tests/simulation/sim_store.h"

#include <algorithm>

namespace titip::simulation {

using storage::Done;
using storage::Error;
using storage::Event;
using storage::Home;
using storage::Outcome;
using storage::State;

// True: it is answered so, and nothing is done.
template <class T>
bool SimStore::refuses(Home& home, Done<T>& done) {
  const auto error = busy                                       ? busy
                     : stumbles > 0 && random_.chance(stumbles) ? std::optional(Error::overloaded)
                                                                : std::nullopt;
  if (error) home.post([done = std::move(done), error = *error]() mutable { done(std::unexpected(error)); });
  return error.has_value();
}

void SimStore::fill_in(storage::NewSubmission& incoming) {
  auto& s = incoming.submission;
  const auto& form = *arriving;
  doors_.records.expect(s.id, *arriving);
  const auto key_of = [&](const std::string& name) {
    return doors_.sealer.keyed_hash("requirement", {s.destination, s.facility, name});
  };
  for (const auto& name : form.provides) s.provides.push_back(key_of(name));
  for (const auto& name : form.references) s.references.push_back(key_of(name));
  for (const auto& name : form.requirements) s.requirements.push_back(key_of(name));
  if (!form.takes_back.empty()) incoming.takes_back = key_of(form.takes_back);
  if (!form.misuse && form.original != nullptr && !form.original->records.empty()) {
    const auto& last = *form.original->records.back();
    const bool is_done_for = last.standing.state == State::rejected || last.standing.state == State::expired;
    if (is_done_for && !last.lost) incoming.replaces = last.id;
  }
  if (doors_.control == Control::order_ignored) std::copy(s.id.bytes.begin(), s.id.bytes.end(), s.ordering_key.begin());
}

void SimStore::accept(std::vector<storage::NewSubmission> batch, Home& home, Done<std::vector<storage::Verdict>> done) {
  for (auto& incoming : batch) fill_in(incoming);
  if (refuses(home, done)) return;
  if (const auto in_doubt = std::exchange(accept_in_doubt, std::nullopt)) {
    if (!*in_doubt) return home.post([done = std::move(done)]() mutable { done(std::unexpected(Error::in_doubt)); });
    return ForwardingStore::accept(std::move(batch), home, [done = std::move(done)](const auto&) mutable {
      done(std::unexpected(Error::in_doubt));
    });
  }
  ForwardingStore::accept(std::move(batch), home, std::move(done));
}

void SimStore::open_attempts(std::vector<storage::OpenAttempt> batch, Home& home,
                             Done<std::vector<storage::Changed>> done) {
  if (!refuses(home, done)) ForwardingStore::open_attempts(std::move(batch), home, std::move(done));
}

void SimStore::settle(std::vector<storage::Settlement> batch, Home& home, Done<std::vector<storage::Changed>> done) {
  for (auto& settlement : batch) {
    if (doors_.control == Control::attempts_burned_while_open && settlement.event == Event::returned &&
        settlement.attempt.outcome == Outcome::deferred) {
      settlement.event = Event::deferred;
      settlement.counts_as_attempt = true;
    }
  }
  if (!refuses(home, done)) ForwardingStore::settle(std::move(batch), home, std::move(done));
}

void SimStore::transition(std::vector<storage::Transition> batch, Home& home,
                          Done<std::vector<storage::Changed>> done) {
  if (!refuses(home, done)) ForwardingStore::transition(std::move(batch), home, std::move(done));
}

void SimStore::read_back(std::vector<storage::ReadBack> batch, Home& home, Done<std::vector<storage::Changed>> done) {
  if (!refuses(home, done)) ForwardingStore::read_back(std::move(batch), home, std::move(done));
}

void SimStore::claim(storage::Shards wanted, Home& home, Done<storage::Lease> done) {
  if (!refuses(home, done)) ForwardingStore::claim(wanted, home, std::move(done));
}

void SimStore::next_due(std::vector<storage::DueQuery> batch, Home& home, Done<std::vector<storage::DueBatch>> done) {
  if (!refuses(home, done)) ForwardingStore::next_due(std::move(batch), home, std::move(done));
}

void SimStore::lanes(std::string destination, Home& home, Done<std::vector<storage::Lane>> done) {
  if (!refuses(home, done)) ForwardingStore::lanes(std::move(destination), home, std::move(done));
}

void SimStore::load(std::vector<storage::LoadRequest> batch, Home& home,
                    Done<std::vector<std::optional<storage::Loaded>>> done) {
  if (!refuses(home, done)) ForwardingStore::load(std::move(batch), home, std::move(done));
}

void SimStore::put_objects(std::vector<storage::PutObject> batch, Home& home,
                           Done<std::vector<storage::Applied>> done) {
  if (!refuses(home, done)) ForwardingStore::put_objects(std::move(batch), home, std::move(done));
}

void SimStore::get_object(std::string kind, std::string object_name, Home& home,
                          Done<std::optional<storage::Object>> done) {
  if (!refuses(home, done)) ForwardingStore::get_object(std::move(kind), std::move(object_name), home, std::move(done));
}

void SimStore::list_objects(std::string kind, std::string after, std::size_t limit, Home& home,
                            Done<std::vector<std::pair<std::string, storage::Object>>> done) {
  if (!refuses(home, done))
    ForwardingStore::list_objects(std::move(kind), std::move(after), limit, home, std::move(done));
}

void SimStore::subscribe(std::string destination, Home& home, std::function<void(const storage::CommitNotice&)> heard) {
  if (doors_.control != Control::forgotten_wake_up) {
    return ForwardingStore::subscribe(std::move(destination), home, std::move(heard));
  }
  ForwardingStore::subscribe(std::move(destination), home,
                             [this, heard = std::move(heard)](const storage::CommitNotice& notice) {
                               if (random_.chance(0.5)) heard(notice);
                             });
}

}  // namespace titip::simulation
