// What the store does with each record, without a disk below it.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/crc32c.h"
#include "storage/keys.h"
#include "storage/open.h"
#include "storage/payload.h"
#include "storage/records.h"
#include "tests/bench/micro/measured.h"
#include "tests/bench/wire.h"
#include "tests/gateway/fakes.h"

namespace titip::bench {
namespace {

storage::Digest digest_of(std::uint64_t number) {
  storage::Digest digest{};
  // Scattered, as keyed hashes are.
  for (std::size_t i = 0; i < digest.size(); ++i) {
    number = number * 6364136223846793005ULL + 1442695040888963407ULL;
    digest[i] = static_cast<std::uint8_t>(number >> 56U);
  }
  return digest;
}

storage::NewSubmission dose(std::uint64_t number) {
  storage::NewSubmission made;
  auto& s = made.submission;
  s.id = storage::SubmissionId::make(tests::morning);
  s.destination = "pcare-vaksin";
  s.facility = "P0001";
  s.route = "vaksin/simpan";
  s.channel = "mount";
  s.receipt = "7K3M9QXW2T5VBN8RJ4PD6HFCZA";
  s.accepted_at = tests::morning;
  s.ordering_key = digest_of(number * 5);
  s.person = digest_of(number * 5 + 1);
  s.fingerprint = digest_of(number * 5 + 2);
  s.natural_key = digest_of(number * 5 + 3);
  s.wrapped_key = std::string(53, 'k');
  made.idempotency_key = digest_of(number * 5 + 4);
  made.payload.bytes = std::string(900, 's');
  return made;
}

// Accepts go to a store in memory in groups of 64; each repetition is one group.
struct Accepts {
  tests::FakeHome home;
  std::unique_ptr<storage::MemoryStore> store;
  std::uint64_t number = 0;

  Accepts() {
    storage::StoreOptions options;
    options.now = [] { return tests::morning; };
    options.on_fatal = [](const std::string&) {};
    store = storage::open_memory_store(std::move(options), storage::Pumping::by_hand);
  }
  void group() {
    for (int i = 0; i < 64; ++i) {
      std::vector<storage::NewSubmission> one;
      one.push_back(dose(++number));
      store->accept(std::move(one), home, [](const auto& verdicts) { benchmark::DoNotOptimize(verdicts); });
    }
    while (store->pump()) {
    }
    while (home.run()) {
    }
  }
};

}  // namespace

void add_storage_rules() {
  add_rule("crc32c_of_800_bytes",
           [body = std::string(Payload("2026-08-15").of(7))] { benchmark::DoNotOptimize(storage::crc32c(body)); });
  const storage::Record record{dose(1).submission, 900, 1};
  const auto key = std::make_shared<const std::string>(storage::keys::of(record.submission.id));
  add_rule("encode_record", [record, key] {
    benchmark::DoNotOptimize(storage::encode(storage::Place{storage::Family::meta, *key}, record));
  });
  add_rule("decode_record", [bytes = storage::encode(storage::Place{storage::Family::meta, *key}, record), key] {
    benchmark::DoNotOptimize(storage::decode_record({storage::Family::meta, *key}, bytes));
  });
  add_rule("seal_800_bytes", [sealer = std::make_shared<tests::TestSealer>(), id = record.submission.id,
                              body = std::string(Payload("2026-08-15").of(7))] {
    const auto made = (**sealer).new_data_key(id);
    benchmark::DoNotOptimize((**sealer).seal(made.key, id, "payload", body));
  });
  add_rule("accept_64_in_memory", [accepts = std::make_shared<Accepts>()] { accepts->group(); });
}

}  // namespace titip::bench
