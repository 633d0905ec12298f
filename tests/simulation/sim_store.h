// The store's door of one life of the gateway: faults that the plan asks for, the faults of the controls, and the judge
// of what is settled. It also gives submissions their requirements, which no profile declares yet. One thread.
#pragma once

#include <functional>
#include <set>
#include <tuple>

#include "storage/sealing.h"
#include "tests/gateway/faulty_store.h"
#include "tests/sampler/random.h"
#include "tests/simulation/controls.h"
#include "tests/simulation/records.h"
#include "upstream/rules/breaker.h"

namespace titip::simulation {

class SimStore final : public storage::ForwardingStore {
 public:
  struct Doors {
    Records& records;
    Findings& findings;
    const storage::Sealer& sealer;
    Control control = Control::none;
    std::function<rules::BreakerState()> breaker;
    std::uint64_t seed = 0;
  };
  SimStore(storage::Store& behind, Doors doors)
      : ForwardingStore(behind), doors_(std::move(doors)), random_(doors_.seed, 7) {}

  void accept(std::vector<storage::NewSubmission> batch, storage::Home& home,
              storage::Done<std::vector<storage::Verdict>> done) override;
  void settle(std::vector<storage::Settlement> batch, storage::Home& home,
              storage::Done<std::vector<storage::Changed>> done) override;
  void transition(std::vector<storage::Transition> batch, storage::Home& home,
                  storage::Done<std::vector<storage::Changed>> done) override;
  void next_due(std::vector<storage::DueQuery> batch, storage::Home& home,
                storage::Done<std::vector<storage::DueBatch>> done) override;
  void lanes(std::string destination, storage::Home& home, storage::Done<std::vector<storage::Lane>> done) override;
  void put_objects(std::vector<storage::PutObject> batch, storage::Home& home,
                   storage::Done<std::vector<storage::Applied>> done) override;
  void subscribe(storage::Home& home, std::function<void(const storage::CommitNotice&)> heard) override;

  Form* arriving = nullptr;             // whose submission the next accept is
  std::optional<storage::Error> busy;   // every call that changes or peeks is answered so, and nothing is done
  std::optional<bool> accept_in_doubt;  // the next accept is answered in_doubt; whether it is done

 private:
  void judge(const storage::Settlement& settlement);

  Doors doors_;
  sampler::Random random_;
  std::set<std::tuple<storage::SubmissionId, std::uint32_t, storage::WallTime>> judged_;
};

}  // namespace titip::simulation
