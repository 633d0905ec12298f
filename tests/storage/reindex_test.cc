// Reindexing over RocksDB, where directories change places: what is found again, every step cut short, and what is
// refused.
#include "storage/reindex.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "storage/erasure_list.h"
#include "storage/index_check.h"
#include "storage/kept_login.h"
#include "storage/key_file.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/rocks_kv.h"
#include "tests/storage/custody.h"
#include "tests/storage/key_files.h"

namespace titip::storage {
namespace {

namespace fs = std::filesystem;
using Step = ReindexProgress::Step;

constexpr int records = 30;

// A gateway's start and stop, as far as storage goes.
class Place {
 public:
  explicit Place(fs::path directory) : store_directory(directory / "store"), key_file(directory / "key") {}
  ~Place() { stop(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::expected<void, std::string> start() {
    lock.emplace(StoreLock::take(store_directory).value());
    if (auto finished = finish_reindex(*lock, key_file); !finished) return std::unexpected(finished.error());
    const bool is_new = !fs::exists(store_directory / "CURRENT");
    auto opened = Sealer::open(key_file, is_new);
    if (!opened) return std::unexpected(opened.error());
    sealer = std::make_unique<Sealer>(std::move(*opened));
    StoreOptions options;
    options.directory = store_directory;
    options.now = [] { return at(noon_ms); };
    options.free_space_floor_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    auto made = open_rocks_store(options);
    if (!made) return std::unexpected(made.error());
    store = std::move(*made);
    caller = std::make_unique<Caller>(*store);
    return check_index_keys(*store, *sealer, home);
  }
  void stop() {
    if (store) store->close();
    caller.reset();
    store.reset();
    sealer.reset();
    lock.reset();
  }
  std::expected<ReindexReport, std::string> reindex(const ReindexOptions& options = {}) {
    const auto held = StoreLock::take(store_directory);
    if (!held) return std::unexpected(held.error());
    return storage::reindex(*held, key_file, options);
  }

  const fs::path store_directory;
  const fs::path key_file;
  std::optional<StoreLock> lock;
  WaitingHome home;
  std::unique_ptr<Sealer> sealer;
  std::unique_ptr<Store> store;
  std::unique_ptr<Caller> caller;
};

Digest requirement_key(const Sealer& sealer, int number) {
  return sealer.keyed_hash("requirement", {std::to_string(number)});
}

// Some of everything that names a digest: lines, natural chains, requirements with those who wait, references, due
// entries of every class, persons, a log-in, a quarantined entry.
void fill(Place& place) {
  const Sealer& sealer = *place.sealer;
  for (int i = 0; i < records; ++i) {
    NewSubmission made = sealed_submission(sealer, i, i % 7);
    if (i == 0) made.submission.provides = {requirement_key(sealer, 1)};
    if (i == 1) made.submission.references = {requirement_key(sealer, 2)};
    if (i == 2) made.submission.requirements = {requirement_key(sealer, 1)};
    if (i == 3) made.submission.requirements = {requirement_key(sealer, 2)};
    if (i == 4) made.submission.deadline = at(noon_ms + 60'000);
    if (i == 4) made.takes_back = requirement_key(sealer, 3);
    ASSERT_EQ(place.caller->accept(std::move(made)).kind, VerdictKind::accepted) << i;
  }
  const auto now_of = [&](int i) { return place.caller->load(id_of_record(i)).submission; };
  ASSERT_EQ(now_of(2).state, State::blocked);
  place.caller->finish(now_of(5), Event::delivered);
  place.caller->finish(now_of(6), Event::went_unknown);
  const std::string login = login_object_name(sealer, "pcare", "clinic-1");
  place.caller->put_objects({PutObject{std::string(login_kind), login, std::nullopt,
                                       sealer.seal_object(login_kind, login, "kata sandi uji").bytes},
                             PutObject{"gate", "pcare", std::nullopt, "not sealed"}});
  ASSERT_TRUE(append_erasure(erasure_list_path(place.key_file), {at(noon_ms), 1, person_hash(sealer, "x")}));
}

bool is_sound(Place& place, std::string_view when) {
  const auto report =
      place.home.ask<VerifyReport>([&](auto done) { place.store->verify({}, place.home, std::move(done)); });
  for (const auto& problem : report.value().problems) {
    ADD_FAILURE() << when << ": " << problem.kind << " " << problem.times << " "
                  << (problem.examples.empty() ? "" : problem.examples.front());
  }
  return report->sound();
}

// Whatever the chain is now: everything opens, is found by its keys, and is recognised when it comes again.
void expect_custody(Place& place, std::string_view when) {
  const Sealer& sealer = *place.sealer;
  for (int i = 0; i < records; ++i) {
    EXPECT_EQ(opened_body(sealer, place.caller->load(id_of_record(i))), body_of_record(i % 7, i)) << when << ": " << i;
  }
  EXPECT_EQ(place.caller->load(id_of_record(4)).submission.takes_back, requirement_key(sealer, 3)) << when;
  for (int i = 0; i < records; i += 5) {
    const Verdict verdict = place.caller->accept(sent_again(sealer, i, i % 7));
    EXPECT_EQ(verdict.kind, VerdictKind::replayed) << when << ": " << i;
    EXPECT_EQ(verdict.submission.id, id_of_record(i)) << when;
  }
  NewSubmission without_key = sent_again(sealer, 7, 0);
  without_key.idempotency_key.reset();
  EXPECT_EQ(place.caller->accept(std::move(without_key)).submission.id, id_of_record(7)) << when << ": by natural key";
  const auto of_person = place.home.ask<std::vector<Submission>>([&](auto done) {
    place.store->find({Find::By::person, person_hash(sealer, number_of_person(3)), 0, 100}, place.home,
                      std::move(done));
  });
  ASSERT_TRUE(of_person.has_value()) << when;
  EXPECT_EQ(of_person->size(), 4U) << when << ": records 3, 10, 17 and 24";
  const std::string login = login_object_name(sealer, "pcare", "clinic-1");
  const auto object = place.caller->get_object(std::string(login_kind), login).value();
  ASSERT_TRUE(object.has_value()) << when;
  EXPECT_EQ(sealer.open_object(login_kind, login, Sealed{object->bytes}), "kata sandi uji") << when;
  const auto erasures = read_erasures(erasure_list_path(place.key_file)).value();
  ASSERT_EQ(erasures.size(), 1U) << when;
  EXPECT_EQ(sealer.moved_on(erasures[0].person, erasures[0].links), person_hash(sealer, "x")) << when;
  EXPECT_TRUE(is_sound(place, when));
}

// Reads every value and says which digests of the chain's first key still stand in keys of the store.
std::size_t digests_of_first_link(const fs::path& store, const Sealer& sealer) {
  const auto kv = open_rocks_kv(store).value();
  std::set<std::string> old;
  for (int person = 0; person < 7; ++person) {
    const std::string number = number_of_person(person);
    old.insert(keys::of(sealer.keyed_hash_through(1, "person", {number})));
    old.insert(keys::of(sealer.keyed_hash_through(1, "ordering", {"pcare", "clinic-1", number})));
  }
  std::size_t found = 0;
  for (std::size_t i = 0; i < family_count; ++i) {
    EXPECT_TRUE(kv->scan(static_cast<Family>(i), {}, {}, [&](std::string_view key, std::string_view value) {
      for (const std::string& digest : old) found += key.find(digest) != key.npos || value.find(digest) != value.npos;
      return true;
    }));
  }
  kv->close();
  return found;
}

class Reindexing : public ::testing::Test {
 protected:
  Directory directory;
};

TEST_F(Reindexing, EverythingIsFoundUnderTheNewChain) {
  Place place(directory.path());
  ASSERT_TRUE(place.start());
  fill(place);
  expect_custody(place, "before");
  const Digest before = place.sealer->keyed_hash("d", {"x"});
  place.stop();
  const auto report = place.reindex();
  ASSERT_TRUE(report.has_value()) << report.error();
  EXPECT_TRUE(report->finished);
  EXPECT_EQ(report->records, static_cast<std::uint64_t>(records));
  EXPECT_EQ(report->damaged, 0U);
  EXPECT_EQ(report->links_before, 1U);
  EXPECT_EQ(report->links, 2U);
  const auto started = place.start();
  ASSERT_TRUE(started.has_value()) << started.error();
  EXPECT_NE(place.sealer->keyed_hash("d", {"x"}), before);
  expect_custody(place, "after");
  EXPECT_EQ(read_erasures(erasure_list_path(place.key_file)).value()[0].links, 2U);

  // The lines still hold, and who waited for a requirement still gets it.
  const auto now_of = [&](int i) { return place.caller->load(id_of_record(i)).submission; };
  place.caller->finish(now_of(0), Event::delivered);
  EXPECT_EQ(now_of(2).state, State::queued);
  EXPECT_EQ(now_of(3).state, State::blocked);
  place.stop();
  {
    const Sealer sealer = Sealer::open(place.key_file, false).value();
    EXPECT_EQ(digests_of_first_link(place.store_directory, sealer), 0U);
  }
  for (const auto& entry : fs::directory_iterator(directory.path())) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(name == "store" || name == "store.lock" || name == "key" || name == "key.erased") << name;
  }
}

TEST_F(Reindexing, TheSearchForOldDigestsFindsThem) {
  Place place(directory.path());
  ASSERT_TRUE(place.start());
  fill(place);
  place.stop();
  const Sealer sealer = Sealer::open(place.key_file, false).value();
  EXPECT_GT(digests_of_first_link(place.store_directory, sealer), 60U) << "the control of the test before";
}

TEST_F(Reindexing, StoppedAfterAnyStepTheNextStartFindsAPairThatBelongsTogether) {
  Place original(directory.path() / "original");
  ASSERT_TRUE(original.start());
  fill(original);
  original.stop();
  std::set<Step> stopped_after;
  bool whole = false;
  for (int stop = 1; !whole; ++stop) {
    ASSERT_LT(stop, 100);
    const auto copy = directory.path() / std::to_string(stop);
    fs::copy(directory.path() / "original", copy, fs::copy_options::recursive);
    Place place(copy);
    ReindexOptions options;
    options.batch_entries = 300;
    int step = 0;
    Step last = Step::begun;
    options.told = [&](const ReindexProgress& progress) {
      last = progress.step;
      return ++step < stop;
    };
    const auto report = place.reindex(options);
    ASSERT_TRUE(report.has_value()) << report.error();
    whole = step < stop;
    const std::string when = whole ? "whole" : std::string("stopped after ") + std::string(name(last));
    if (!whole) stopped_after.insert(last);
    const auto started = place.start();
    ASSERT_TRUE(started.has_value()) << when << ": " << started.error();
    const bool decided = whole || last >= Step::decided;
    EXPECT_EQ(place.sealer->index_links(), decided ? 2U : 1U) << when;
    expect_custody(place, when);
    for (const auto& entry : fs::directory_iterator(copy)) {
      const std::string name = entry.path().filename();
      EXPECT_TRUE(name == "store" || name == "store.lock" || name == "key" || name == "key.erased")
          << when << ": " << name;
    }
    place.stop();
    if (!whole) {
      const auto again = place.reindex();
      ASSERT_TRUE(again.has_value()) << when << ": " << again.error();
      EXPECT_TRUE(again->finished) << when;
      ASSERT_TRUE(place.start()) << when;
      EXPECT_EQ(place.sealer->index_links(), decided ? 3U : 2U) << when;
      expect_custody(place, when + ", then again");
    }
    place.stop();
    fs::remove_all(copy);
  }
  EXPECT_EQ(stopped_after,
            (std::set{Step::begun, Step::copying, Step::copied, Step::decided, Step::old_aside, Step::new_in_place,
                      Step::key_replaced, Step::list_moved, Step::old_removed, Step::journal_removed}));
}

TEST_F(Reindexing, AStoreFromBeforeIsNotServedUntilItIsBroughtUp) {
  Place place(directory.path() / "place");
  ASSERT_TRUE(place.start());
  fill(place);
  place.stop();
  fs::copy(place.store_directory, directory.path() / "backup", fs::copy_options::recursive);
  const std::string older_key_file = read_file(place.key_file);
  ASSERT_TRUE(place.reindex().value().finished);

  // The backup comes back under the present key file.
  fs::remove_all(place.store_directory);
  fs::copy(directory.path() / "backup", place.store_directory, fs::copy_options::recursive);
  const auto refused = place.start();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("keys reindex"), std::string::npos) << refused.error();
  place.stop();
  ReindexOptions catch_up;
  catch_up.add_key = false;
  const auto report = place.reindex(catch_up);
  ASSERT_TRUE(report.has_value()) << report.error();
  EXPECT_EQ(report->links_before, 1U);
  EXPECT_EQ(report->links, 2U);
  const auto started = place.start();
  ASSERT_TRUE(started.has_value()) << started.error();
  expect_custody(place, "brought up");
  place.stop();
  const auto nothing = place.reindex(catch_up);
  ASSERT_FALSE(nothing.has_value());
  EXPECT_NE(nothing.error().find("nothing to reindex"), std::string::npos) << nothing.error();
  ASSERT_TRUE(place.start()) << "and that harmed nothing";
  expect_custody(place, "still");
  place.stop();

  // The other way round: the new store under the older key file.
  write_file(place.key_file, older_key_file);
  const auto older = place.start();
  ASSERT_FALSE(older.has_value());
  EXPECT_NE(older.error().find("older"), std::string::npos) << older.error();
}

TEST_F(Reindexing, AStrangersKeyFileIsRefused) {
  Place place(directory.path() / "place");
  ASSERT_TRUE(place.start());
  fill(place);
  place.stop();
  fs::remove(place.key_file);
  ASSERT_TRUE(make_key_file(place.key_file));
  const auto started = place.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_NE(started.error().find("not the one of this store"), std::string::npos) << started.error();
  place.stop();
  const auto reindexed = place.reindex();
  ASSERT_FALSE(reindexed.has_value());
  EXPECT_NE(reindexed.error().find("not the one of this store"), std::string::npos) << reindexed.error();
  EXPECT_EQ(read_key_file(place.key_file).value().index.size(), 1U) << "left as it was";
}

TEST_F(Reindexing, SpaceIsLookedAtFirst) {
  Place place(directory.path());
  ASSERT_TRUE(place.start());
  fill(place);
  place.stop();
  ReindexOptions options;
  options.free_bytes = [](const fs::path&) { return std::optional<std::uint64_t>(1U << 20U); };
  const auto refused = place.reindex(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("free some space"), std::string::npos) << refused.error();
  EXPECT_FALSE(fs::exists(directory.path() / "store.reindex"));
  ASSERT_TRUE(place.start());
  expect_custody(place, "after the refusal");
}

TEST_F(Reindexing, OneProcessAtATime) {
  Place place(directory.path());
  ASSERT_TRUE(place.start());
  const auto refused = place.reindex();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("stop it first"), std::string::npos) << refused.error();
}

TEST_F(Reindexing, DamagedEntriesAreCarriedOverAsDamaged) {
  Place place(directory.path());
  ASSERT_TRUE(place.start());
  fill(place);
  const Digest natural = place.caller->load(id_of_record(8)).submission.natural_key.value();
  place.stop();
  {
    const auto kv = open_rocks_kv(place.store_directory).value();
    ASSERT_TRUE(kv->commit({{Family::meta, keys::of(id_of_record(9)), "rot"},
                            {Family::natural, keys::of(natural), "rot"},
                            {Family::quarantine, keys::quarantine(Family::natural, keys::of(natural)), "rot"}}));
    kv->close();
  }
  const auto report = place.reindex();
  ASSERT_TRUE(report.has_value()) << report.error();
  EXPECT_GE(report->damaged, 2U);
  EXPECT_TRUE(report->finished);
  const auto started = place.start();
  ASSERT_TRUE(started.has_value()) << started.error();
  EXPECT_EQ(place.caller->load({LoadRequest{id_of_record(9)}}).error(), Error::corrupt) << "not made good by copying";
  EXPECT_EQ(opened_body(*place.sealer, place.caller->load(id_of_record(8))), body_of_record(1, 8));
}

TEST_F(Reindexing, ADamagedJournalIsNotGuessedAt) {
  Place place(directory.path());
  ASSERT_TRUE(place.start());
  fill(place);
  place.stop();
  write_file(directory.path() / "store.reindex", "titip-reindex 1\nphase decided\ncrc32c 00000000\n");
  const auto refused = place.start();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("restore both from one backup"), std::string::npos) << refused.error();
}

}  // namespace
}  // namespace titip::storage
