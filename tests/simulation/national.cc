#include "tests/simulation/national.h"

#include <algorithm>

namespace titip::simulation {
namespace {

using nlohmann::json;
using rules::Failure;
using tests::header;
using tests::national;

constexpr std::string_view by_ticket = "/datavaksin/notiket/";
constexpr std::string_view by_nik = "/tiket/nik/";

}  // namespace

National::National(const tests::FakeClock& clock, Agenda& agenda, Records& records, Findings& findings, Weather weather,
                   Options options, std::uint64_t seed)
    : clock_(clock),
      agenda_(agenda),
      records_(records),
      findings_(findings),
      weather_(std::move(weather)),
      options_(options),
      random_(seed, 3),
      started_(clock.steady()) {}

milliseconds National::since_start() const {
  return std::chrono::duration_cast<milliseconds>(clock_.steady() - started_);
}

milliseconds National::latency() {
  return milliseconds(options_.slow ? random_.between(200, 4'000) : random_.between(15, 250));
}

bool National::still_working_on(const std::string& nik, std::string_view key) const {
  return std::ranges::any_of(late_, [&](const auto& entry) {
    const auto& write = entry.second.write;
    const bool has_no_effect = options_.honours_keys && (write.key == key || keys_seen_.contains(write.key));
    return write.form->nik == nik && !has_no_effect;
  });
}

National::Answer National::arrive(const client::OutboundRequest& request) {
  if (request.method != "GET" && request.target != "/login") {
    ++writes;
    return answer_write(request);
  }
  const auto fate = weather_.at(since_start()).draw(random_);
  if (request.target == "/login") return answer_login(request, fate);
  const bool is_health = !request.target.starts_with(by_ticket) && !request.target.starts_with(by_nik);
  if (!is_health) ++reads;
  const bool answers = fate == Fate::serve || fate == Fate::login_expired || fate == Fate::needs_registration;
  if (!answers) return fail(fate);
  if (!is_health) tell_of_look(request.target);
  return {is_health ? national(200, 200, "OK", R"({"list":[]})") : read(request.target), latency()};
}

// What needs no look at the request.
National::Answer National::fail(Fate fate) {
  switch (fate) {
    case Fate::refuse:
      return {Failure::connect_refused, milliseconds(1)};
    case Fate::lose_reply:
      return {Failure::connection_reset, latency()};
    case Fate::hang:
    case Fate::hang_late_apply:
      return {Failure::response_timeout, gives_up};
    case Fate::html_page:
      return {rules::Reply{200, "text/html", "<html>sedang dalam pemeliharaan</html>", {}}, latency()};
    case Fate::error_applied:
      return {national(502, 502, "Terjadi kesalahan pada server"), latency()};
    case Fate::busy: {
      auto reply = national(429, 429, "Too many requests");
      if (random_.chance(0.5)) reply.retry_after = std::chrono::seconds(random_.between(1, 120));
      return {std::move(reply), latency()};
    }
    case Fate::unavailable:
      return {rules::Reply{503, "text/html", "<html>503</html>", std::chrono::seconds(random_.between(1, 120))},
              latency()};
    default:
      return {rules::Reply{503, "text/html", "<html>503</html>", {}}, latency()};
  }
}

National::Answer National::answer_login(const client::OutboundRequest& request, Fate fate) {
  const bool answers = fate == Fate::serve || fate == Fate::login_expired || fate == Fate::needs_registration;
  if (!answers) return fail(fate);
  const auto body = json::parse(request.body);
  const auto facility = body.at("username").get<std::string>();
  if (locked_out.contains(facility)) return {national(401, 401, "Nama pengguna atau kata sandi salah"), latency()};
  logged_out_.erase(facility);
  return {national(200, 200, "OK", R"({"kdPpk":")" + facility + R"("})"), latency()};
}

National::Answer National::answer_write(const client::OutboundRequest& request) {
  Write write;
  write.body = json::parse(request.body);
  const bool is_dose = request.target.starts_with("/vaksin/");
  write.form = records_.with_token(write.body.value(is_dose ? "noBatch" : "alamat", ""));
  write.key = header(request, "Idempotency-Key");
  if (write.form == nullptr) {
    findings_.violated("P2", "the national server was sent what no clinic wrote: " + request.body);
    return {national(400, 400, "?"), milliseconds(1)};
  }
  auto fate = weather_.at(since_start()).draw(random_);
  const auto& form = *write.form;
  const bool answers = fate == Fate::serve || fate == Fate::login_expired || fate == Fate::needs_registration;
  if (answers && locked_out.contains(form.facility)) return {national(401, 401, "x-kdppk tidak dikenal"), latency()};
  if (fate == Fate::login_expired) logged_out_.insert(form.facility);
  if (answers && logged_out_.contains(form.facility))
    return {national(401, 401, "Sesi login telah berakhir, silakan login kembali"), latency()};
  if (form.hangs) fate = Fate::hang;
  findings_.trace("{} {} at the national server: {}", form.token, form.nik, name(fate));
  // What it did under this key it has done, and says so.
  if (options_.honours_keys && keys_seen_.contains(write.key)) return decide_write(std::move(write), fate);
  if (answers && form.put_off) return {rules::Reply{429, "text/html", "<html>429</html>", {}}, latency()};
  if (answers && form.poison) return {national(412, 412, "PRECONDITION_FAILED"), latency()};
  const bool unregistered = !form.requirements.empty() && !people_.contains(form.nik);
  if ((answers && unregistered) || (fate == Fate::needs_registration && !form.requirements.empty()))
    return {national(424, 424, "Data sasaran belum terdaftar"), latency()};
  if (form.poison || form.put_off || unregistered) return fail(fate);  // whatever it answers, it does not take this
  return decide_write(std::move(write), fate);
}

National::Answer National::decide_write(Write write, Fate fate) {
  const bool is_put = write.form->route.ends_with("ubah") || write.form->route.ends_with("update");
  const auto takes = latency();
  switch (fate) {
    case Fate::serve:
    case Fate::login_expired:
    case Fate::needs_registration:
      apply_in(takes / 2, std::move(write));
      return {is_put ? national(200, 200, "OK") : national(201, 201, "CREATED"), takes};
    case Fate::lose_reply:
      apply_in(takes / 2, std::move(write));
      return {Failure::connection_reset, takes};
    case Fate::error_applied:
      apply_in(takes / 2, std::move(write));
      return {national(502, 502, "Terjadi kesalahan pada server"), takes};
    case Fate::hang_late_apply:
      apply_in(gives_up + milliseconds(random_.below(static_cast<std::uint32_t>(late_apply.count()))),
               std::move(write));
      return {Failure::response_timeout, gives_up};
    case Fate::hang:
      if (random_.chance(0.1)) typed_in_by_hand(write);
      return fail(fate);
    default:
      return fail(fate);
  }
}

void National::apply_in(milliseconds delay, Write write) {
  const auto number = next_late_++;
  const auto at = agenda_.in(std::max(delay, milliseconds(1)), [this, number] {
    const auto write = std::move(late_.at(number).write);
    late_.erase(number);
    apply(write);
  });
  late_.emplace(number, Late{std::move(write), at});
}

// Whoever is gone waits for nothing; what was asked may still be done, but not for ever.
void National::gateway_died() {
  const auto latest = clock_.steady() + late_apply;
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, late] : late_)
    if (late.at.first > latest) numbers.push_back(number);
  for (const auto number : numbers) {
    auto write = std::move(late_.at(number).write);
    agenda_.cancel(late_.at(number).at);
    late_.erase(number);
    apply_in(milliseconds(random_.below(static_cast<std::uint32_t>(late_apply.count()))), std::move(write));
  }
}

void National::apply(const Write& write) {
  if (options_.honours_keys && !keys_seen_.insert(write.key).second) return;
  const auto& body = write.body;
  findings_.trace("{} {} APPLIED", write.form->token, write.form->nik);
  if (write.form->route.starts_with("sasaran")) {
    people_[write.form->nik] = body;
  } else {
    tickets_[body.at("noTiket").get<std::string>()][body.at("dosis").dump()] = body;
  }
  records_.applied(*write.form);
}

// Somebody sees that it is missing and types it into the national application himself, with a batch of his own.
void National::typed_in_by_hand(const Write& write) {
  if (write.form->route != "vaksin/simpan") return;
  auto& doses = tickets_[write.body.at("noTiket").get<std::string>()];
  const auto dose = write.body.at("dosis").dump();
  if (doses.contains(dose)) return;
  findings_.trace("{} {} is typed in by hand, with other values", write.form->token, write.form->nik);
  doses[dose] = write.body;
  doses[dose]["noBatch"] = "typed";
}

// A ticket is "K-" and the number of the person.
void National::tell_of_look(std::string_view target) const {
  const bool doses = target.starts_with(by_ticket);
  records_.looked(std::string(target.substr(doses ? by_ticket.size() + 2 : by_nik.size())), doses);
}

rules::Exchange National::read(std::string_view target) const {
  if (target.starts_with(by_nik)) {
    const auto found = people_.find(target.substr(by_nik.size()));
    if (found == people_.end()) return national(404, 404, "Data tidak ditemukan di dukcapil");
    return national(200, 200, "OK", found->second.dump());
  }
  const auto found = tickets_.find(target.substr(by_ticket.size()));
  if (found == tickets_.end()) return national(404, 404, "Data tidak ditemukan");
  auto list = json::array();
  for (const auto& [dose, entry] : found->second) list.push_back(entry);
  return national(200, 200, "OK", json{{"list", list}}.dump());
}

}  // namespace titip::simulation
