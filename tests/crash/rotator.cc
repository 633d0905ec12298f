// The process that rotates.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "storage/key_file.h"
#include "storage/key_rotation.h"
#include "storage/open.h"
#include "storage/sealing.h"
#include "tests/crash/rotation.h"
#include "tests/crash/witness.h"

namespace titip::crash {
namespace {

constexpr int exit_cannot = 3;

void say(const std::string& line) {
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
}

class Rotator {
 public:
  Rotator(const RotatorOrders& orders, storage::Store& store, storage::Sealer& sealer)
      : intents_(orders.seed), next_(orders.first), store_(store), sealer_(sealer), teller_(STDOUT_FILENO) {}

  // One submission, sealed as intake seals it. False: the store takes nothing any more.
  bool accept_one() {
    const Try said{next_++, 1};
    storage::NewSubmission made = intents_.submission(said);
    made.submission.natural_key.reset();
    made.idempotency_key = sealer_.keyed_hash("crash.key", {std::to_string(said.number)});
    const storage::NewDataKey key = sealer_.new_data_key(made.submission.id);
    made.submission.wrapped_key = key.wrapped;
    made.payload = sealer_.seal(key.key, made.submission.id, "payload", made.payload.bytes);
    teller_.saw(AcceptAsked{said});
    const auto verdicts =
        home_.ask<std::vector<storage::Verdict>>([&](auto done) { store_.accept({made}, home_, std::move(done)); });
    if (!verdicts) return false;
    const storage::Submission& taken = verdicts->front().submission;
    teller_.saw(AcceptAnswered{said, Answer::ok, verdicts->front().kind, taken.id, taken.position});
    return true;
  }

  bool rotate(const std::filesystem::path& key_file) {
    storage::RotationOptions options;
    options.page = 25;
    options.grace = std::chrono::milliseconds(5);
    // As a gateway does at its start; a rotation a person asks for would make one more key each time.
    const auto keys = storage::read_key_file(key_file);
    options.only_finish = keys && keys->wrapping.size() > 1;
    options.told = [this](const storage::RotationProgress& progress) {
      say(fmt::format("step {}\n", name(progress.step)));
      return accept_one();
    };
    const auto report = storage::rotate_keys(key_file, sealer_, store_, home_, options);
    if (!report) say("error " + report.error().english() + "\n");
    if (report && !report->finished) say("error " + report->why_not.english() + "\n");
    return report && report->finished;
  }

 private:
  const Intents intents_;
  std::uint64_t next_;
  storage::Store& store_;
  storage::Sealer& sealer_;
  storage::WaitingHome home_;
  Teller teller_;
};

}  // namespace

int run_rotator(const RotatorOrders& orders) {
  const std::filesystem::path key_file = orders.directory.parent_path() / "titip.keys";
  auto sealer = storage::Sealer::open(key_file, orders.first == 1);
  if (!sealer) {
    say("error " + sealer.error() + "\n");
    return exit_cannot;
  }
  storage::StoreOptions options;
  options.directory = orders.directory;
  options.free_space_floor_bytes = 0;
  options.ballast_bytes = 0;
  options.now = [] { return storage::WallTime(std::chrono::milliseconds(morning_ms)); };
  options.on_fatal = [](const std::string&) { ::_exit(exit_cannot); };
  auto store = storage::open_rocks_store(std::move(options));
  if (!store) {
    say("error " + store.error() + "\n");
    return exit_cannot;
  }
  Rotator rotator(orders, **store, *sealer);
  for (std::uint64_t i = 0; i < orders.records; ++i) {
    if (!rotator.accept_one()) return exit_cannot;
  }
  say("ready\n");
  const bool finished = rotator.rotate(key_file);
  (*store)->close();
  if (finished) say("finished\n");
  return finished ? 0 : exit_cannot;
}

}  // namespace titip::crash
