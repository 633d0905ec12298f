#include "tests/storage/support.h"

#include <unistd.h>

#include <fstream>

namespace titip::storage {

void TestHome::post(std::move_only_function<void()> work) {
  ++posts_;
  {
    const std::scoped_lock lock(mutex_);
    work_.push_back(std::move(work));
  }
  wake_.notify_all();
}

bool TestHome::run() {
  std::deque<std::move_only_function<void()>> work;
  {
    const std::scoped_lock lock(mutex_);
    work.swap(work_);
  }
  for (auto& each : work) each();
  return !work.empty();
}

bool TestHome::wait(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, longest, [&] { return !work_.empty(); });
}

Directory::Directory() {
  std::string name = (std::filesystem::temp_directory_path() / "titip-storage-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = name;
}

Directory::~Directory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

Digest digest(std::string_view text) {
  Digest made{};
  std::uint64_t mixed = 0xcbf29ce484222325ULL;
  for (const char c : text) mixed = (mixed ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
  for (auto& byte : made) {
    mixed = mixed * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<std::uint8_t>(mixed >> 56U);
  }
  return made;
}

SubmissionId id_of(std::uint64_t number) {
  SubmissionId id;
  const Digest spread = digest("id " + std::to_string(number));
  std::copy_n(spread.begin(), id.bytes.size(), id.bytes.begin());
  for (unsigned i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8U * i));
  return id;
}

NewSubmission submission(std::uint64_t number, std::string_view person, std::string_view facility) {
  NewSubmission made;
  Submission& s = made.submission;
  s.id = id_of(number);
  s.destination = "pcare";
  s.facility = facility;
  s.route = "vaccination";
  s.profile_version = 1;
  s.channel = "mount";
  s.receipt = "RECEIPT-" + std::to_string(number);
  s.ordering_key = digest(person);
  s.fingerprint = digest("body " + std::to_string(number));
  s.accepted_at = at(noon_ms - 1'000'000 + static_cast<std::int64_t>(number));
  s.wrapped_key = "wrapped " + std::to_string(number);
  made.payload.bytes = "sealed payload " + std::to_string(number);
  return made;
}

Settlement settlement(const Submission& record, Event event, std::uint32_t version_step) {
  Settlement made;
  made.id = record.id;
  made.expected_version = record.version + version_step;
  made.event = event;
  made.counts_as_attempt = true;
  made.attempt.ended_at = at(noon_ms + 250);
  made.attempt.rule = "rule of " + std::string(name(event));
  made.attempt.http_status = 200;
  return made;
}

Transition transition_of(const Submission& record, Event event) {
  return {.id = record.id,
          .expected_state = record.state,
          .expected_version = record.version,
          .event = event,
          .hold_reason = HoldReason::none,
          .due_at = {},
          .resolved = {}};
}

Result<std::vector<Verdict>> Caller::accept(std::vector<NewSubmission> batch) {
  return ask<std::vector<Verdict>>(home, pump_,
                                   [&](auto done) { store_.accept(std::move(batch), home, std::move(done)); });
}

Verdict Caller::accept(NewSubmission one) {
  std::vector<NewSubmission> batch;
  batch.push_back(std::move(one));
  auto verdicts = accept(std::move(batch));
  EXPECT_TRUE(verdicts.has_value()) << name(verdicts.error());
  return verdicts ? verdicts->at(0) : Verdict{};
}

// What a test does not say otherwise is done under the lease of this opening.
template <class T>
void Caller::under_our_lease(std::vector<T>& batch) const {
  for (T& each : batch) {
    if (each.epoch == 0) each.epoch = store_.health().epoch;
  }
}

Result<std::vector<Changed>> Caller::open_attempts(std::vector<OpenAttempt> batch) {
  under_our_lease(batch);
  return ask<std::vector<Changed>>(home, pump_,
                                   [&](auto done) { store_.open_attempts(std::move(batch), home, std::move(done)); });
}

Changed Caller::open_attempt(const Submission& record, WallTime opened_at) {
  OpenAttempt open{record.id, record.version, {}, 0};
  open.attempt.opened_at = opened_at;
  const auto changed = open_attempts({open});
  EXPECT_TRUE(changed.has_value());
  return changed ? changed->at(0) : Changed{};
}

Result<std::vector<Changed>> Caller::read_back(std::vector<ReadBack> batch) {
  under_our_lease(batch);
  return ask<std::vector<Changed>>(home, pump_,
                                   [&](auto done) { store_.read_back(std::move(batch), home, std::move(done)); });
}

Changed Caller::read_back(ReadBack one) {
  const auto changed = read_back(std::vector<ReadBack>{std::move(one)});
  EXPECT_TRUE(changed.has_value());
  return changed ? changed->at(0) : Changed{};
}

Result<std::vector<Changed>> Caller::settle(std::vector<Settlement> batch) {
  under_our_lease(batch);
  return ask<std::vector<Changed>>(home, pump_,
                                   [&](auto done) { store_.settle(std::move(batch), home, std::move(done)); });
}

Changed Caller::settle(Settlement one) {
  const auto changed = settle(std::vector<Settlement>{std::move(one)});
  EXPECT_TRUE(changed.has_value());
  return changed ? changed->at(0) : Changed{};
}

Result<std::vector<Changed>> Caller::transition(std::vector<Transition> batch) {
  return ask<std::vector<Changed>>(home, pump_,
                                   [&](auto done) { store_.transition(std::move(batch), home, std::move(done)); });
}

Changed Caller::transition(Transition one) {
  const auto changed = transition(std::vector<Transition>{one});
  EXPECT_TRUE(changed.has_value());
  return changed ? changed->at(0) : Changed{};
}

std::vector<Lane> Caller::lanes(std::string destination) {
  auto lanes =
      ask<std::vector<Lane>>(home, pump_, [&](auto done) { store_.lanes(destination, home, std::move(done)); });
  EXPECT_TRUE(lanes.has_value());
  return lanes.value_or(std::vector<Lane>{});
}

DueBatch Caller::due(std::string facility, DueClass due_class, WallTime now, std::size_t limit) {
  DueQuery query;
  query.lane = {"pcare", std::move(facility)};
  query.due_class = due_class;
  query.now = now;
  query.limit = limit;
  auto batches =
      ask<std::vector<DueBatch>>(home, pump_, [&](auto done) { store_.next_due({query}, home, std::move(done)); });
  EXPECT_TRUE(batches.has_value());
  return batches ? std::move(batches->at(0)) : DueBatch{};
}

Result<std::vector<std::optional<Loaded>>> Caller::load(std::vector<LoadRequest> batch) {
  return ask<std::vector<std::optional<Loaded>>>(
      home, pump_, [&](auto done) { store_.load(std::move(batch), home, std::move(done)); });
}

Loaded Caller::load(const SubmissionId& id) {
  auto loaded = load({LoadRequest{id, true, true, true}});
  EXPECT_TRUE(loaded.has_value() && loaded->at(0).has_value());
  return loaded && loaded->at(0) ? std::move(*loaded->at(0)) : Loaded{};
}

Result<std::vector<Applied>> Caller::put_objects(std::vector<PutObject> batch) {
  return ask<std::vector<Applied>>(home, pump_,
                                   [&](auto done) { store_.put_objects(std::move(batch), home, std::move(done)); });
}

Result<std::optional<Object>> Caller::get_object(std::string kind, std::string object_name) {
  return ask<std::optional<Object>>(home, pump_,
                                    [&](auto done) { store_.get_object(kind, object_name, home, std::move(done)); });
}

Result<std::vector<std::pair<std::string, Object>>> Caller::list_objects(std::string kind) {
  return ask<std::vector<std::pair<std::string, Object>>>(
      home, pump_, [&](auto done) { store_.list_objects(kind, "", 1000, home, std::move(done)); });
}

Changed Caller::finish(const Submission& record, Event event) {
  const Changed opened = open_attempt(record);
  EXPECT_EQ(opened.applied, Applied::yes);
  return settle(settlement(record, event, 1));
}

}  // namespace titip::storage
