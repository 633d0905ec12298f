// Fills a store that nobody serves with rejected records, as many as a long outage of the rules would leave, and looks
// at them afterwards:
//
//   titip_rejected_records fill DATA_DIRECTORY RECORDS        record n is of facility n % 100, of the day n % 10 days
//                                                             ago, and decided by rule n % 3; of each thousandth the
//                                                             content is erased, so that nobody can send it again
//   titip_rejected_records check DATA_DIRECTORY               how many were sent again once, never and twice
//
// The store was made by a gateway, with its key file in it.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "storage/open.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/veil.h"
#include "storage/waiting_home.h"

namespace {

using namespace titip::storage;

constexpr std::size_t facilities = 100;
constexpr std::size_t days = 10;
constexpr std::size_t rules = 3;
constexpr std::size_t erased_each = 1'000;
constexpr std::size_t batch = 500;

WallTime wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "titip_rejected_records: {}\n", why);
  std::exit(1);
}

template <class T>
T sure(Result<T> result, const char* what) {
  if (!result) give_up(fmt::format("the store did not {}", what));
  return *std::move(result);
}

class Filling {
 public:
  Filling(Store& store, const Sealer& sealer) : store_(store), sealer_(sealer), now_(wall_now()) {}

  void some(std::size_t from, std::size_t to) {
    std::vector<NewSubmission> made;
    for (std::size_t number = from; number < to; ++number) made.push_back(one(number));
    const auto verdicts = sure(
        home_.ask<std::vector<Verdict>>([&](auto done) { store_.accept(made, home_, std::move(done)); }), "accept");
    const auto epoch = store_.health().epoch;
    std::vector<OpenAttempt> opened;
    std::vector<Settlement> settled;
    std::vector<SubmissionId> to_erase;
    for (std::size_t at = 0; at < verdicts.size(); ++at) {
      const auto& record = verdicts[at].submission;
      if (verdicts[at].kind != VerdictKind::accepted) give_up("a record is in the store already");
      opened.push_back({record.id, record.version, {}, epoch});
      settled.push_back(rejection(record, from + at, epoch));
      if ((from + at) % erased_each == 0) to_erase.push_back(record.id);
    }
    sure(home_.ask<std::vector<Changed>>([&](auto done) { store_.open_attempts(opened, home_, std::move(done)); }),
         "open");
    for (const auto& each :
         sure(home_.ask<std::vector<Changed>>([&](auto done) { store_.settle(settled, home_, std::move(done)); }),
              "settle"))
      if (each.applied != Applied::yes || each.state != State::rejected) give_up("a record was not rejected");
    if (to_erase.empty()) return;
    sure(home_.ask<std::vector<Erased>>([&](auto done) { store_.erase(to_erase, home_, std::move(done)); }), "erase");
  }

 private:
  NewSubmission one(std::size_t number) const {
    NewSubmission made;
    auto& record = made.submission;
    const auto name = fmt::format("{:012}", number);
    record.accepted_at = now_ - std::chrono::days(number % days) - std::chrono::minutes(1);
    record.id = SubmissionId::make(record.accepted_at);
    record.destination = "pcare-vaksin";
    record.facility = fmt::format("P{:04}", 1 + number % facilities);
    record.route = "vaksin/simpan";
    record.channel = "simpan";
    record.receipt = veil(sealer_, receipt_domain, record.id).text();
    record.ordering_key = sealer_.keyed_hash("ordering", {name});
    record.natural_key = sealer_.keyed_hash("natural", {name});
    record.fingerprint = sealer_.keyed_hash("fingerprint", {name});
    record.person = sealer_.keyed_hash("person", {name});
    auto key = sealer_.new_data_key(record.id);
    record.wrapped_key = std::move(key.wrapped);
    const auto body = fmt::format(R"({{"nik":"9900{}","catatan":"{:x>700}"}})", name, "");
    made.payload = sealer_.seal(key.key, record.id, "payload",
                                encode(Payload{"POST", "/vaksin/simpan", "application/json", body, ""}));
    return made;
  }
  static Settlement rejection(const Submission& record, std::size_t number, std::uint64_t epoch) {
    Settlement settlement;
    settlement.epoch = epoch;
    settlement.id = record.id;
    settlement.expected_version = record.version + 1;
    settlement.event = Event::rejected;
    settlement.counts_as_attempt = true;
    settlement.attempt.ended_at = record.accepted_at + std::chrono::seconds(5);
    settlement.attempt.outcome = Outcome::rejected;
    settlement.attempt.http_status = 412;
    settlement.attempt.rule = fmt::format("rule-{}", number % rules);
    return settlement;
  }

  Store& store_;
  const Sealer& sealer_;
  const WallTime now_;
  WaitingHome home_;
};

// How often each rejected record was sent again, by what the repetitions say of themselves.
int check(Store& store) {
  std::map<SubmissionId, std::size_t> repeated;
  std::size_t rejected = 0, content_erased = 0, lost = 0, twice = 0;
  std::vector<std::pair<SubmissionId, bool>> old;
  ScanQuery query;
  query.limit = 1'000;
  WaitingHome home;
  while (true) {
    const auto page = sure(home.ask<ScanPage>([&](auto done) { store.scan(query, home, std::move(done)); }), "scan");
    for (const auto& record : page.items) {
      if (record.replaces) ++repeated[*record.replaces];
      if (record.state == State::rejected) old.emplace_back(record.id, record.content_erased);
    }
    if (!page.next) break;
    query.after = page.next;
  }
  for (const auto& [id, is_erased] : old) {
    const auto found = repeated.find(id);
    const auto times = found == repeated.end() ? 0 : found->second;
    ++rejected;
    content_erased += is_erased ? 1 : 0;
    if (times == 0 && !is_erased) ++lost;
    if (times > 1 || (times > 0 && is_erased)) ++twice;
  }
  fmt::print("rejected={} erased={} repeated={} lost={} twice={}\n", rejected, content_erased, repeated.size(), lost,
             twice);
  return 0;
}

int run(const std::vector<std::string>& words) {
  const bool fills = words.size() == 3 && words[0] == "fill";
  if (!fills && !(words.size() == 2 && words[0] == "check"))
    give_up("usage: titip_rejected_records fill DATA_DIRECTORY RECORDS | check DATA_DIRECTORY");
  std::size_t records = 0;
  if (fills) std::from_chars(words[2].data(), words[2].data() + words[2].size(), records);
  if (fills && records == 0) give_up("RECORDS must be a number above 0");
  const std::filesystem::path directory = words[1];
  const auto sealer = Sealer::open(directory / "titip.key", false);
  if (!sealer) give_up(sealer.error());
  StoreOptions options;
  options.directory = directory / "store";
  options.now = wall_now;
  options.on_fatal = [](const std::string& why) { give_up(why); };
  auto store = open_rocks_store(std::move(options));
  if (!store) give_up("the store does not open");
  int status = 0;
  if (fills) {
    Filling filling(**store, *sealer);
    for (std::size_t from = 0; from < records; from += batch) filling.some(from, std::min(records, from + batch));
    fmt::print("filled={}\n", records);
  } else {
    status = check(**store);
  }
  (*store)->close();
  return status;
}

}  // namespace

int main(int count, char** words) {
  return run(std::vector<std::string>(words + 1, words + count));
}
