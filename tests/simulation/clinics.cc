#include "tests/simulation/clinics.h"

#include <algorithm>
#include <utility>

#include "storage/keys.h"

namespace titip::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
constexpr std::uint32_t minute_ms = 60'000;

}  // namespace

Clinics::Clinics(std::uint64_t seed, std::uint32_t facilities, const tests::FakeClock& clock, Agenda& agenda,
                 Stage& stage, Records& records, Findings& findings)
    : facilities_(facilities),
      clock_(clock),
      agenda_(agenda),
      stage_(stage),
      records_(records),
      findings_(findings),
      random_(seed, 5) {}

void Clinics::open(std::uint32_t forms, milliseconds until) {
  for (std::uint32_t i = 0; i < forms; ++i) {
    const auto span = random_.chance(0.7) ? std::min(until, milliseconds(hours(10))) : until;
    agenda_.in(milliseconds(1 + random_.below(static_cast<std::uint32_t>(span.count()))), [this] { one_form(); });
  }
}

void Clinics::one_form() {
  const auto dice = random_.below(100);
  if (dice < 50 || doses_.empty()) return new_dose();
  if (dice < 62) return correct();
  if (dice < 70) return again();
  if (dice < 72) return reuse_key();
  if (dice < 76) return repeat_ended();
  if (dice < 86) return edit();
  registration();
}

std::string Clinics::next_token() {
  return fmt::format("T{}", ++tokens_);
}

Clinics::Person& Clinics::new_person() {
  const auto number = people_.size();
  people_.push_back({fmt::format("33{:014}", number), fmt::format("F{:03}", number % facilities_)});
  return people_.back();
}

Form& Clinics::dose(std::size_t person, int number, std::string_view route, const std::string& date) {
  Form form;
  form.nik = people_[person].nik;
  form.facility = people_[person].facility;
  form.route = route;
  form.token = next_token();
  form.is_create = route == "vaksin/simpan";
  form.body = fmt::format(R"({{"nik":"{}","noTiket":"K-{}","dosis":{},"tglVaksin":"{}","noBatch":"{}"}})", form.nik,
                          form.nik, number, date, form.token);
  form.poison = random_.chance(0.01);
  form.hangs = random_.chance(0.002);
  form.put_off = random_.chance(0.004);
  // An edit has no natural key: who sends it twice needs a key of his own.
  if (route != "vaksin/simpan" || random_.chance(0.5)) form.key = "key-" + form.token;
  auto& made = records_.add(std::move(form));
  doses_.push_back({&made, person, number, date});
  all_.push_back(&made);
  return made;
}

Form& Clinics::person_form(std::size_t person, std::string_view route) {
  Form form;
  form.nik = people_[person].nik;
  form.facility = people_[person].facility;
  form.route = route;
  form.token = next_token();
  form.is_create = route == "sasaran/simpan";
  form.body = fmt::format(R"({{"nik":"{}","nama":"Orang {}","tglLahir":"1980-01-02","alamat":"{}"}})", form.nik, person,
                          form.token);
  form.poison = random_.chance(0.15);
  if (!form.is_create || random_.chance(0.5)) form.key = "key-" + form.token;
  auto& made = records_.add(std::move(form));
  all_.push_back(&made);
  return made;
}

void Clinics::new_dose() {
  new_person();
  const auto today = clock::local_date(clock_.wall(), hours(7));
  send(dose(people_.size() - 1, 1, "vaksin/simpan", today));
}

// A person who must be known before the dose is, in whatever order the clinic's programs send them.
void Clinics::registration() {
  const auto person = people_.size();
  const auto nik = new_person().nik;
  const auto today = clock::local_date(clock_.wall(), hours(7));
  auto& first = person_form(person, "sasaran/simpan");
  first.provides = {"person " + nik};
  auto& shot = dose(person, 1, "vaksin/simpan", today);
  shot.requirements = first.provides;
  if (random_.chance(0.4)) {
    auto& update = person_form(person, "sasaran/update");
    update.requirements = first.provides;
    update.provides = {"address " + nik};
    shot.requirements.push_back(update.provides.front());
    send_in(30 * minute_ms, update);
  }
  if (!first.poison && random_.chance(0.3)) {  // under a provisional number, which somebody looks up later
    first.references = {"number " + nik};
    shot.requirements.push_back(first.references.front());
    for (int i = 1; i <= 4; ++i) agenda_.in(minutes(i * 70), [this, &first] { stage_.tell_numbers(first); });
  }
  if (random_.chance(0.3)) {  // the registration arrives while the dose is on its way
    send(shot);
    send_in(300, first);
  } else {
    send_in(20 * minute_ms, first);
    send_in(40 * minute_ms, shot);
  }
  if (random_.chance(0.1)) agenda_.in(minutes(random_.between(1, 60)), [this, person] { take_back(person); });
  if (!first.poison) return;
  agenda_.in(minutes(random_.between(30, 180)), [this, person, nik, first = &first] {  // the clinic mends it
    auto& mended = person_form(person, "sasaran/simpan");
    mended.poison = false;
    mended.provides = {"person " + nik};
    if (random_.chance(0.5)) replace(mended, *first);
    send(mended);
  });
}

// Of one that was sent twice the answer must be the same: so it bears a key.
void Clinics::replace(Form& form, Form& ended) {
  if (std::exchange(ended.replaced, true)) return;
  form.original = &ended;
  form.key = "key-" + form.token;
}

// Somebody looks at a dose that was rejected or has expired, and sends it again, mended.
void Clinics::repeat_ended() {
  for (const auto& of : doses_) {
    const auto& records = of.form->records;
    if (of.form->excused || of.form->replaced || !of.form->acknowledged || records.empty()) continue;
    const auto state = records.back()->standing.state;
    if (state != storage::State::rejected && state != storage::State::expired) continue;
    auto& ended = *of.form;
    auto& form = dose(of.person, of.number, ended.route, of.date);
    form.poison = form.put_off = false;
    form.requirements = ended.requirements;
    replace(form, ended);
    return send(form);
  }
  new_dose();
}

// The registration was a mistake: unless it was sent already, it and what needs it come to nothing. Where it was, what
// takes it back is sent behind it. Nobody takes back what is not answered yet.
void Clinics::take_back(std::size_t person) {
  const auto what = "person " + people_[person].nik;
  std::vector<Form*> meant;
  for (auto* each : all_)
    if (std::ranges::find(each->provides, what) != each->provides.end()) meant.push_back(each);
  if (std::ranges::any_of(meant, &Form::waiting))
    return void(agenda_.in(minutes(5), [this, person] { take_back(person); }));
  for (auto* each : meant) each->taken_back = each->acknowledged;
  auto& form = person_form(person, "sasaran/update");
  form.takes_back = what;
  send(form);
}

void Clinics::correct() {
  const auto of = doses_[random_.below(static_cast<std::uint32_t>(doses_.size()))];
  if (of.form->excused) return;
  auto& form = dose(of.person, of.number, "vaksin/simpan", of.date);
  form.is_create = false;
  form.requirements = of.form->requirements;
  send(form);
}

void Clinics::edit() {
  const auto of = doses_[random_.below(static_cast<std::uint32_t>(doses_.size()))];
  if (of.form->excused) return;
  send(dose(of.person, of.number, "vaksin/ubah", of.date));
}

void Clinics::again() {
  auto& form = *all_[random_.below(static_cast<std::uint32_t>(all_.size()))];
  if (!form.excused && form.acknowledged && !form.taken_back) send(form);
}

void Clinics::reuse_key() {
  const auto of = doses_[random_.below(static_cast<std::uint32_t>(doses_.size()))];
  if (of.form->key.empty() || of.form->excused || !of.form->acknowledged) return;
  Form form;
  form.nik = of.form->nik;
  form.facility = of.form->facility;
  form.route = of.form->route;
  form.token = next_token();
  form.key = of.form->key;
  form.misuse = true;
  form.original = of.form;
  form.body = of.form->body;
  form.body.replace(form.body.find(of.form->token + '"'), of.form->token.size(), form.token);
  send(records_.add(std::move(form)));
}

void Clinics::send_in(std::uint32_t most_ms, Form& form) {
  agenda_.in(milliseconds(1 + random_.below(most_ms)), [this, &form] { send(form); });
}

void Clinics::send(Form& form) {
  if (form.excused) return;
  form.waiting = true;
  if (!stage_.alive() || stage_.kv().dead()) return send_again_later(form);
  const auto request = ++requests_;
  waiting_.emplace(request, &form);
  stage_.submit(form, [this, request, &form](const intake::Answer& answer) {
    waiting_.erase(request);
    answered(form, answer);
  });
}

void Clinics::send_again_later(Form& form) {
  agenda_.in(milliseconds(random_.between(20'000, 300'000)), [this, &form] { send(form); });
}

void Clinics::gateway_died() {
  for (const auto& [request, form] : waiting_) send_again_later(*form);
  waiting_.clear();
}

void Clinics::answered(Form& form, const intake::Answer& answer) {
  if (const auto* custody = std::get_if<intake::InCustody>(&answer)) {
    form.waiting = false;
    const auto& id = custody->submission.id;
    const auto lasts = stage_.kv().get(storage::Family::meta, storage::keys::of(id));
    if (!lasts || !*lasts) findings_.violated("P1", form.token + " was acknowledged and is not on stable storage");
    const auto* known = records_.find(id);
    if (known == nullptr || known->form != &form)
      findings_.violated("P4", fmt::format("{} was answered with the receipt of {}", form.token,
                                           known && known->form ? known->form->token : "nobody"));
    form.acknowledged = true;
    findings_.trace("{} {} acknowledged{}", form.token, form.nik, custody->replayed ? " again" : "");
    return;
  }
  const auto* refused = std::get_if<intake::Refused>(&answer);
  findings_.trace("{} {} {}", form.token, form.nik, refused ? fmt::format("refused: {}", refused->type) : "in doubt");
  const bool for_good = refused && refused->status != 503 && refused->status != 507;
  if (!for_good) return send_again_later(form);
  form.waiting = false;
  if (refused->status == 409 && has_lost_its_place(form)) return;
  if (form.misuse && refused->status == 422) return judge_misuse(form, *refused);
  if (!form.excused)
    findings_.violated("P4", fmt::format("{} was refused for good: {}", form.token, refused->title.english()));
}

// What is sent in the place of one that ended is refused where the natural key stands for another by now: for one that
// was accepted since, and is on its way, there, or may be there.
bool Clinics::has_lost_its_place(Form& form) const {
  const bool replaces = form.original != nullptr && !form.misuse && !form.original->records.empty();
  form.refused = replaces && std::ranges::any_of(records_.of_person(form.nik), [&](const Known* other) {
                   const auto state = other->standing.state;
                   return other->form->route == form.route && !other->lost &&
                          other->sequence > form.original->records.back()->sequence &&
                          (!storage::is_terminal(state) || state == storage::State::delivered || other->in_doubt);
                 });
  return form.refused;
}

// It says where the two differ, unless what was there is erased, or the store could not be asked just then.
void Clinics::judge_misuse(const Form& form, const intake::Refused& refused) {
  const bool erased = std::ranges::any_of(form.original->records, [](const auto* known) { return known->erased; });
  if (erased || stage_.store().in_trouble() || stage_.must_stop()) return;
  const bool is_named = refused.errors.size() == 1 && refused.errors.front().pointer == "/noBatch";
  if (!is_named)
    findings_.violated(
        "P7", fmt::format("{} was refused for a used key, and of {} places that differ none is its batch", form.token,
                          refused.errors.size()));
}

}  // namespace titip::simulation
