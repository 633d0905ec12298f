// Nothing personal lies readable in the data directory: not in the write-ahead log, a table, a blob, RocksDB's LOG, a
// manifest, the note, a file name, the key file or what lies beside it; not after accepting, settling, failing, logging
// in, rotating, reindexing and erasing. Synthetic canaries.
#include <algorithm>
#include <fstream>

#include "storage/erasure_list.h"
#include "storage/kept_login.h"
#include "storage/key_file.h"
#include "storage/reindex.h"
#include "storage/rocks_kv.h"
#include "tests/storage/canaries.h"
#include "tests/storage/custody.h"

namespace titip::storage {
namespace {

const std::string nik = "9901011501907777";
const std::string person_name = "Kenari Rahasia";
const std::string phone = "000111222333";
const std::string ticket = "A-KENARI77";
const std::string user = "petugas.kenari";
const std::string password = "sandi-kenari-77";
const std::string idempotency_key = "kunjungan-kenari-77";
const std::string national_number = "NOMOR-KENARI-4711";

std::vector<std::string> canaries() {
  return {nik, person_name, phone, ticket, user, password, idempotency_key, national_number};
}

class Canaries : public ::testing::Test {
 protected:
  void TearDown() override { close(); }
  void open() {
    StoreOptions options;
    options.directory = directory.path() / "data" / "store";
    options.now = [] { return at(noon_ms); };
    options.free_space_floor_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    sealer = std::make_unique<Sealer>(Sealer::open(key_file, !std::filesystem::exists(key_file)).value());
    store = open_rocks_store(options).value();
    caller = std::make_unique<Caller>(*store);
  }
  void close() {
    if (store) store->close();
    caller.reset();
    store.reset();
  }
  // What was written since goes from the log into tables and blobs.
  void reopen() {
    close();
    auto kv = open_rocks_kv(directory.path() / "data" / "store");
    ASSERT_TRUE(kv) << kv.error();
    ASSERT_TRUE((*kv)->reclaim());
    (*kv)->close();
    open();
  }

  // All that intake knows of a visit; long enough for a blob file.
  NewSubmission visit(int record) {
    NewSubmission made = sealed_submission(*sealer, record, 0);
    Submission& s = made.submission;
    const std::string body =
        fmt::format(R"({{"nik":"{}","nama":"{}","noHp":"{}","noTiket":"{}","dosis":{},"alamat":"{}"}})", nik,
                    person_name, phone, ticket, record, std::string(400, 'x'));
    s.ordering_key = sealer->keyed_hash("ordering", {"pcare", "clinic-1", nik});
    s.natural_key = sealer->keyed_hash("natural", {"pcare", nik, std::to_string(record)});
    s.person = person_hash(*sealer, nik);
    s.references = {sealer->keyed_hash("reference", {ticket, std::to_string(record)})};
    made.idempotency_key = sealer->keyed_hash("idempotency", {"clinic-1", idempotency_key, std::to_string(record)});
    const auto key = sealer->unwrap(s.id, s.wrapped_key).value();
    made.payload =
        sealer->seal(key, s.id, "payload",
                     encode(Payload{"POST", "/peserta/" + nik, "application/json", body, user + ":" + password}));
    return made;
  }
  void settle(int record, Event event) {
    const Submission before = caller->load(id_of_record(record)).submission;
    ASSERT_EQ(caller->open_attempt(before).applied, Applied::yes);
    Settlement settlement = storage::settlement(before, event, 1);
    const auto key = sealer->unwrap(before.id, before.wrapped_key).value();
    settlement.reply = sealer->seal(key, before.id, "reply",
                                    encode(KeptReply{200, "application/json", "Peserta " + person_name + " " + nik}));
    settlement.attempt.note = sealer->seal(key, before.id, "note", person_name + " sudah di-entri, NIK " + nik);
    if (event == Event::delivered) {
      settlement.resolved = {{before.references.at(0), sealer->seal(key, before.id, "reference", national_number),
                              sealer->keyed_hash("reference", {national_number})}};
    }
    ASSERT_EQ(caller->settle(settlement).applied, Applied::yes);
  }
  void log_in() {
    const std::string name = login_object_name(*sealer, "pcare", "clinic-1");
    caller->put_objects({PutObject{std::string(login_kind), name, std::nullopt,
                                   sealer->seal_object(login_kind, name, encode(KeptLogin{user, password})).bytes}});
  }
  void expect_nothing(std::string_view when) {
    for (const auto& each : search.in(directory.path())) {
      ADD_FAILURE() << when << ": " << each.word << " as " << each.how << " in " << each.file;
    }
  }
  void expect_searched(std::initializer_list<std::string_view> kinds) {
    for (const std::string_view kind : kinds) {
      EXPECT_TRUE(std::ranges::any_of(search.kinds_of_files(),
                                      [&](const std::string& each) { return each.find(kind) != std::string::npos; }))
          << "no file of the kind " << kind << " was looked at";
    }
  }

  Directory directory;
  const std::filesystem::path key_file = directory.path() / "data" / "key";
  CanarySearch search{canaries()};
  std::unique_ptr<Sealer> sealer;
  std::unique_ptr<Store> store;
  std::unique_ptr<Caller> caller;
  WaitingHome home;
};

TEST_F(Canaries, NothingReadableLiesInTheDataDirectory) {
  open();
  for (int i = 0; i < 6; ++i) ASSERT_EQ(caller->accept(visit(i)).kind, VerdictKind::accepted) << i;
  log_in();
  expect_nothing("accepted");
  settle(0, Event::delivered);
  settle(1, Event::rejected);
  settle(2, Event::went_unknown);
  expect_nothing("settled");
  reopen();
  expect_nothing("opened again");
  expect_searched({".log", ".sst", ".blob", "MANIFEST-", "LOG", "CURRENT", "OPTIONS-", "key"});
  EXPECT_GT(search.bytes(), 5'000U);

  RotationOptions rotation;
  rotation.grace = std::chrono::milliseconds(0);
  ASSERT_TRUE(rotate_keys(key_file, *sealer, *store, home, rotation).value().finished);
  expect_nothing("rotated");
  std::size_t exported = 0;
  ASSERT_TRUE(export_person(*store, *sealer, home, person_hash(*sealer, nik), [&](const ExportedRecord& each) {
                exported += each.payload && each.payload->body.find(nik) != std::string::npos ? 1 : 0;
                return true;
              }).has_value());
  EXPECT_EQ(exported, 6U) << "the canaries are in custody indeed";
  expect_nothing("exported");
  close();
  {
    const auto lock = StoreLock::take(directory.path() / "data" / "store").value();
    ReindexOptions halfway;
    halfway.told = [](const ReindexProgress& progress) { return progress.step != ReindexProgress::Step::old_aside; };
    ASSERT_TRUE(reindex(lock, key_file, halfway).has_value());
    expect_nothing("halfway through a reindex, both stores there");
    ASSERT_TRUE(finish_reindex(lock, key_file).value());
  }
  open();
  expect_nothing("reindexed");
  ASSERT_TRUE(erase_person(*store, *sealer, home, erasure_list_path(key_file), person_hash(*sealer, nik), at(noon_ms),
                           "petugas-1"));
  reopen();
  expect_nothing("erased");
  expect_searched({".erased"});
}

TEST_F(Canaries, TheSearchFindsEachOfThemInEveryDress) {
  open();
  std::filesystem::create_directories(directory.path() / "plants");
  std::size_t plants = 0;
  for (const auto& pattern : search.patterns()) {
    const auto planted = directory.path() / "plants" / std::to_string(plants++);
    std::ofstream(planted, std::ios::binary) << "in the midst of " << pattern.bytes << "!";
  }
  const auto found = search.in(directory.path() / "plants");
  for (const std::string& word : canaries()) {
    const auto times = std::ranges::count(found, word, &CanarySearch::Found::word);
    EXPECT_GE(times, 16) << word;
  }
  // Independent of how the search makes its patterns: `printf … | base64` and `xxd -p` of a text that has one inside.
  const auto other = directory.path() / "plants" / "other";
  for (const std::string_view text :
       {"eCJub0hwIjoiMDAwMTExMjIyMzMzIn0=", "7b226e6f4870223a22303030313131323232333333227d"}) {
    std::filesystem::remove_all(directory.path() / "plants");
    std::filesystem::create_directories(directory.path() / "plants");
    std::ofstream(other, std::ios::binary) << text;
    EXPECT_FALSE(search.in(directory.path() / "plants").empty()) << text;
  }
}

// What a gateway that forgets to seal, or that hashes without a key, would leave behind.
TEST_F(Canaries, AForgottenSealIsFound) {
  open();
  NewSubmission forgotten = visit(0);
  forgotten.payload.bytes = "{\"nik\":\"" + nik + "\"}" + std::string(300, ' ');
  caller->accept(std::move(forgotten));
  EXPECT_FALSE(search.in(directory.path()).empty()) << "in the write-ahead log";
  reopen();
  EXPECT_FALSE(search.in(directory.path()).empty()) << "in a table or a blob";
}

TEST_F(Canaries, ABareHashIsFound) {
  open();
  NewSubmission hashed = visit(0);
  const auto sha256 = std::ranges::find_if(search.patterns(),
                                           [](const auto& each) { return each.word == nik && each.how == "sha256"; });
  Digest digest{};
  std::ranges::copy(sha256->bytes, digest.begin());
  hashed.submission.person = digest;
  caller->accept(std::move(hashed));
  EXPECT_FALSE(search.in(directory.path()).empty());
}

}  // namespace
}  // namespace titip::storage
