#include "storage/key_rotation.h"

#include <algorithm>
#include <thread>

#include "metrics/words/said.h"
#include "storage/key_file.h"
#include "storage/key_ids.h"
#include "storage/sealed_kinds.h"

namespace titip::storage {
namespace {

using Step = RotationProgress::Step;

// A record that changes just then is seen by the next pass; more passes than this mean that somebody still uses the old
// key.
constexpr unsigned most_passes = 20;

class Rotation {
 public:
  Rotation(const std::filesystem::path& key_file, Sealer& sealer, Store& store, WaitingHome& home,
           const RotationOptions& options)
      : key_file_(key_file), sealer_(sealer), store_(store), home_(home), options_(options) {}

  std::expected<RotationReport, words::Said> run();

 private:
  using Done = std::expected<void, words::Said>;

  bool told(Step step) {
    progress_.step = step;
    progress_.rewrapped = report_.rewrapped;
    stopped_ = options_.told && !options_.told(progress_);
    return !stopped_;
  }
  std::unexpected<words::Said> failed(words::Text doing, Error error) const;

  Done make_key();
  std::expected<std::uint32_t, words::Said> highest_id(const KeyFile& file);
  Done become_quiet();
  Done pass();
  void set_of();
  Done pass_over_records();
  Done rewrap(const std::vector<Submission>& page);
  Done pass_over_objects(std::string_view kind);
  Done reseal(std::string_view kind, const std::vector<std::pair<std::string, Object>>& page);
  Done drop_old_keys();

  const std::filesystem::path& key_file_;
  Sealer& sealer_;
  Store& store_;
  WaitingHome& home_;
  const RotationOptions& options_;
  RotationProgress progress_;
  RotationReport report_;
  std::uint64_t found_ = 0;  // in this pass: under an older key, and it can be opened
  bool stopped_ = false;
};

std::unexpected<words::Said> Rotation::failed(words::Text doing, Error error) const {
  if (error == Error::corrupt) {
    return std::unexpected(words::said("{}: a record is damaged; run titip verify, then rotate again", doing));
  }
  const auto why = store_.health().why_not;
  if (why.empty()) {
    return std::unexpected(
        words::said("{}: the store answers \"{}\"; nothing is lost, run the rotation again", doing, name(error)));
  }
  return std::unexpected(words::said("{}: the store answers \"{}\", for {}; nothing is lost, run the rotation again",
                                     doing, name(error), why));
}

std::expected<RotationReport, words::Said> Rotation::run() {
  const auto end = [&](words::Said why) {
    report_.why_not = std::move(why);
    return report_;
  };
  const auto halfway = words::text("stopped on the way; run the rotation again to go on");
  for (const auto step : {&Rotation::make_key, &Rotation::become_quiet}) {
    if (auto done = (this->*step)(); !done) return std::unexpected(std::move(done.error()));
    if (report_.finished) return report_;
    if (stopped_) return end(halfway);
  }
  do {
    if (report_.passes == most_passes) {
      return std::unexpected(words::said(
          "records under an older key keep turning up after {} passes; see whether another process still uses the old "
          "key file, then run the rotation again",
          most_passes));
    }
    if (auto done = pass(); !done) return std::unexpected(std::move(done.error()));
    if (stopped_) return end(halfway);
  } while (found_ != 0);
  if (report_.damaged != 0 && !options_.forget_damaged) {
    return end(words::said(
        "everything readable is under the new key, but {} damaged records may need an older one, which therefore stays "
        "in the key file; run titip verify, and rotate with --forget-damaged to give them up and let it go",
        report_.damaged));
  }
  if (auto dropped = drop_old_keys(); !dropped) return std::unexpected(std::move(dropped.error()));
  report_.finished = true;
  return report_;
}

Rotation::Done Rotation::make_key() {
  auto file = read_key_file(key_file_);
  if (!file) return std::unexpected(words::verbatim(file.error()));
  report_.current_key = file->current_id();
  const bool under_way = file->wrapping.size() > 1;
  if (options_.only_finish && !under_way) {
    report_.finished = true;
    return {};
  }
  if (!under_way || !(options_.only_finish || options_.forget_damaged)) {
    const auto highest = highest_id(*file);
    if (!highest) return std::unexpected(highest.error());
    if (stopped_) return {};
    auto next = with_new_wrapping_key(std::move(*file), *highest);
    if (!next) return std::unexpected(words::verbatim(next.error()));
    // Before the key can wrap anything; a crash in between costs an id, which is nothing.
    if (const auto kept = keep_highest_key_id(store_, home_, next->current_id()); !kept) {
      return failed(words::text("noting the id of the new key"), kept.error());
    }
    if (auto replaced = replace_key_file(key_file_, *next); !replaced)
      return std::unexpected(words::verbatim(replaced.error()));
    report_.began = true;
    report_.current_key = next->current_id();
    if (!told(Step::key_made)) return {};
  }
  if (auto reloaded = sealer_.reload(key_file_); !reloaded) return std::unexpected(words::verbatim(reloaded.error()));
  report_.current_key = sealer_.current_key_id();
  told(Step::key_used);
  return {};
}

std::expected<std::uint32_t, words::Said> Rotation::highest_id(const KeyFile& file) {
  set_of();
  KeyIdsQuestion question;
  question.page = options_.page;
  // A gateway that runs may hold keys that the file in its place has not.
  question.is_known = [&](std::string_view bytes) {
    return file.knows(*Sealer::key_id_of(bytes)) || sealer_.wrapped_by(bytes) != Sealer::WrappedBy::unknown_key;
  };
  question.told = [&](std::uint64_t records) {
    progress_.looked_at = records;
    return told(Step::looked);
  };
  const auto found = key_ids_in_use(store_, home_, question);
  if (!found) return failed(words::text("looking for the keys in use"), found.error());
  if (found->unknown != 0 && !stopped_ && !options_.forget_lost) {
    return std::unexpected(words::said(
        "{} records and log-ins are under wrapping keys that are not in {}: it is older than the store, and nobody can "
        "read them. Look for the newer key file first. To rotate without it add --forget-lost: they stay unreadable "
        "until it turns up",
        found->unknown, key_file_.string()));
  }
  return found->highest;
}

void Rotation::set_of() {
  progress_.of = 0;
  for (const auto& [destination, counts] : store_.counts().destinations) progress_.of += counts.accepted;
}

// Whatever was sealed with the old key before the new one was in use must be in the store before the first pass, or a
// pass could miss it. Sealing and calling the store are one step of a loop; calls of a kind are committed in the order
// in which they came, so an empty one is answered after them.
Rotation::Done Rotation::become_quiet() {
  std::this_thread::sleep_for(options_.grace);
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (true) {
    const auto accepts =
        home_.ask_patiently<std::vector<Verdict>>([&](auto done) { store_.accept({}, home_, std::move(done)); });
    if (accepts) break;
    // Accepts are refused while the disk is low, and those that wait are about to be.
    const bool over = store_.health().disk_low && store_.health().writer_queue == 0;
    if (over) break;
    if (!store_.health().disk_low || std::chrono::steady_clock::now() >= until) {
      return failed(words::text("waiting for what was accepted under the old key"), accepts.error());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const auto objects =
      home_.ask_patiently<std::vector<Applied>>([&](auto done) { store_.put_objects({}, home_, std::move(done)); });
  if (!objects) return failed(words::text("waiting for what was sealed under the old key"), objects.error());
  told(Step::quiet);
  return {};
}

Rotation::Done Rotation::pass() {
  progress_.pass = ++report_.passes;
  progress_.looked_at = 0;
  set_of();
  found_ = report_.damaged = report_.lost = 0;
  if (auto done = pass_over_records(); !done || stopped_) return done;
  for (const SealedKind& each : sealed_kinds) {
    if (auto done = pass_over_objects(each.kind); !done || stopped_) return done;
  }
  told(Step::pass_done);
  return {};
}

Rotation::Done Rotation::pass_over_records() {
  ScanQuery query;
  query.limit = options_.page;
  do {
    const auto page = home_.ask_patiently<ScanPage>([&](auto done) { store_.scan(query, home_, std::move(done)); });
    if (!page) return failed(words::text("looking through the records"), page.error());
    if (auto done = rewrap(page->items); !done) return done;
    // What cannot be read may need any of the keys; its own rewrapping waits until it is mended, or given up.
    report_.damaged += page->damaged;
    progress_.looked_at += page->items.size();
    if (!told(Step::records)) return {};
    query.after = page->next;
  } while (query.after);
  return {};
}

Rotation::Done Rotation::rewrap(const std::vector<Submission>& page) {
  std::vector<Rewrap> batch;
  for (const Submission& record : page) {
    if (sealer_.wrapped_by(record.wrapped_key) == Sealer::WrappedBy::unknown_key) ++report_.lost;
    if (!sealer_.needs_rewrap(record.wrapped_key)) continue;
    if (auto again = sealer_.rewrap(record.id, record.wrapped_key)) {
      batch.push_back({record.id, record.wrapped_key, std::move(*again)});
    } else {
      ++report_.damaged;
    }
  }
  found_ += batch.size();
  if (batch.empty()) return {};
  const auto applied =
      home_.ask_patiently<std::vector<Applied>>([&](auto done) { store_.rewrap(batch, home_, std::move(done)); });
  if (!applied) return failed(words::text("writing rewrapped keys"), applied.error());
  report_.rewrapped += static_cast<std::uint64_t>(std::ranges::count(*applied, Applied::yes));
  return {};
}

Rotation::Done Rotation::pass_over_objects(std::string_view kind) {
  std::string after;
  while (true) {
    using Page = std::vector<std::pair<std::string, Object>>;
    const auto page = home_.ask_patiently<Page>(
        [&](auto done) { store_.list_objects(std::string(kind), after, options_.page, home_, std::move(done)); });
    if (!page) return failed(words::text("looking through the sealed objects"), page.error());
    if (page->empty()) return {};
    if (auto done = reseal(kind, *page); !done) return done;
    if (!told(Step::objects)) return {};
    after = page->back().first;
  }
}

Rotation::Done Rotation::reseal(std::string_view kind, const std::vector<std::pair<std::string, Object>>& page) {
  std::vector<PutObject> batch;
  for (const auto& [name, object] : page) {
    if (object.bytes.empty()) ++report_.damaged;
    if (sealer_.wrapped_by(object.bytes) == Sealer::WrappedBy::unknown_key) ++report_.lost;
    if (!sealer_.needs_rewrap(object.bytes)) continue;
    if (const auto plain = sealer_.open_object(kind, name, Sealed{object.bytes})) {
      batch.push_back({std::string(kind), name, object.version, sealer_.seal_object(kind, name, *plain).bytes});
    } else {
      ++report_.damaged;
    }
  }
  found_ += batch.size();
  if (batch.empty()) return {};
  const auto applied =
      home_.ask_patiently<std::vector<Applied>>([&](auto done) { store_.put_objects(batch, home_, std::move(done)); });
  if (!applied) return failed(words::text("writing resealed objects"), applied.error());
  report_.rewrapped += static_cast<std::uint64_t>(std::ranges::count(*applied, Applied::yes));
  return {};
}

// The running Sealer keeps them: somebody may still hold a record that was read before it was rewrapped.
Rotation::Done Rotation::drop_old_keys() {
  auto file = read_key_file(key_file_);
  if (!file) return std::unexpected(words::verbatim(file.error()));
  if (file->current_id() != report_.current_key) {
    return std::unexpected(
        words::said("the key file was changed by somebody else while the rotation ran; run the rotation again"));
  }
  for (std::size_t i = 1; i < file->wrapping.size(); ++i) report_.dropped.push_back(file->wrapping[i].id);
  file->wrapping.resize(1);
  if (auto replaced = replace_key_file(key_file_, *file); !replaced)
    return std::unexpected(words::verbatim(replaced.error()));
  told(Step::key_dropped);
  return {};
}

}  // namespace

std::string_view name(RotationProgress::Step step) {
  switch (step) {
    case Step::looked:
      return "looked";
    case Step::key_made:
      return "key_made";
    case Step::key_used:
      return "key_used";
    case Step::quiet:
      return "quiet";
    case Step::records:
      return "records";
    case Step::objects:
      return "objects";
    case Step::pass_done:
      return "pass_done";
    case Step::key_dropped:
      return "key_dropped";
  }
  return "?";
}

std::expected<RotationReport, words::Said> rotate_keys(const std::filesystem::path& key_file, Sealer& sealer,
                                                       Store& store, WaitingHome& home,
                                                       const RotationOptions& options) {
  return Rotation(key_file, sealer, store, home, options).run();
}

}  // namespace titip::storage
