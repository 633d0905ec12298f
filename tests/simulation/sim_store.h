// The store's door of one life of the gateway: faults that the plan asks for, and those of the controls. It also gives
// submissions their requirements, what they take back and whom they replace, which no profile declares yet. One thread.
#pragma once

#include <functional>

#include "storage/sealing.h"
#include "tests/gateway/faulty_store.h"
#include "tests/sampler/random.h"
#include "tests/simulation/controls.h"
#include "tests/simulation/records.h"

namespace titip::simulation {

class SimStore final : public storage::ForwardingStore {
 public:
  struct Doors {
    Records& records;
    const storage::Sealer& sealer;
    Control control = Control::none;
    std::uint64_t seed = 0;
  };
  SimStore(storage::Store& behind, Doors doors)
      : ForwardingStore(behind), doors_(std::move(doors)), random_(doors_.seed, 7) {}

  void accept(std::vector<storage::NewSubmission> batch, storage::Home& home,
              storage::Done<std::vector<storage::Verdict>> done) override;
  void open_attempts(std::vector<storage::OpenAttempt> batch, storage::Home& home,
                     storage::Done<std::vector<storage::Changed>> done) override;
  void settle(std::vector<storage::Settlement> batch, storage::Home& home,
              storage::Done<std::vector<storage::Changed>> done) override;
  void transition(std::vector<storage::Transition> batch, storage::Home& home,
                  storage::Done<std::vector<storage::Changed>> done) override;
  void read_back(std::vector<storage::ReadBack> batch, storage::Home& home,
                 storage::Done<std::vector<storage::Changed>> done) override;
  void claim(storage::Shards wanted, storage::Home& home, storage::Done<storage::Lease> done) override;
  void next_due(std::vector<storage::DueQuery> batch, storage::Home& home,
                storage::Done<std::vector<storage::DueBatch>> done) override;
  void lanes(std::string destination, storage::Home& home, storage::Done<std::vector<storage::Lane>> done) override;
  void load(std::vector<storage::LoadRequest> batch, storage::Home& home,
            storage::Done<std::vector<std::optional<storage::Loaded>>> done) override;
  void put_objects(std::vector<storage::PutObject> batch, storage::Home& home,
                   storage::Done<std::vector<storage::Applied>> done) override;
  void get_object(std::string kind, std::string object_name, storage::Home& home,
                  storage::Done<std::optional<storage::Object>> done) override;
  void list_objects(std::string kind, std::string after, std::size_t limit, storage::Home& home,
                    storage::Done<std::vector<std::pair<std::string, storage::Object>>> done) override;
  void subscribe(std::string destination, storage::Home& home,
                 std::function<void(const storage::CommitNotice&)> heard) override;

  Form* arriving = nullptr;             // whose submission the next accept is
  std::optional<storage::Error> busy;   // every call is answered so, and nothing is done
  double stumbles = 0;                  // so many of all calls are answered `overloaded`
  std::optional<bool> accept_in_doubt;  // the next accept is answered in_doubt; whether it is done
  bool in_trouble() const { return busy || stumbles > 0; }

 private:
  template <class T>
  bool refuses(storage::Home& home, storage::Done<T>& done);
  void fill_in(storage::NewSubmission& incoming);

  Doors doors_;
  sampler::Random random_;
};

}  // namespace titip::simulation
