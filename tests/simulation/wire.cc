#include "tests/simulation/wire.h"

#include "storage/keys.h"

namespace titip::simulation {
namespace {

using storage::SubmissionId;
constexpr std::string_view key_header = "Idempotency-Key";

bool is_write(const client::OutboundRequest& request) {
  return request.method != "GET" && request.target != "/login";
}

// Who is asked after: "/datavaksin/notiket/K-<nik>", "/tiket/nik/<nik>".
std::string person_in(const client::OutboundRequest& request) {
  if (request.method != "GET") return {};
  const auto at = request.target.find_last_of("/-");
  const auto last = request.target.substr(at + 1);
  return last.starts_with("33") ? last : std::string();
}

// In the envelope, and no error of the server's. A question that is told to wait was answered after all: that is
// doubtful, and for the gateway's good.
bool is_answer(const rules::Exchange& exchange, bool write) {
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  const bool told_to_wait = reply != nullptr && reply->http_status == 429 && write;
  return reply != nullptr && reply->http_status < 500 && !told_to_wait && reply->body.starts_with('{');
}

Told told_by(const rules::Exchange& exchange) {
  if (const auto* failure = std::get_if<rules::Failure>(&exchange))
    return rules::certainly_not_sent(*failure) ? Told::not_taken : Told::nothing;
  const auto& reply = std::get<rules::Reply>(exchange);
  if (reply.http_status == 429) return Told::not_taken;
  if (!is_answer(exchange, true)) return Told::nothing;
  if (reply.http_status == 401) return Told::credentials_refused;
  return reply.http_status < 300 ? Told::taken : Told::not_taken;
}

}  // namespace

void Wire::send(client::OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) {
  if (doors_.kv.dead()) return;  // of a process that is gone nothing leaves
  const bool write = is_write(request);
  if (write && doors_.control == Control::new_key_per_attempt && attempts_++ % 2 == 1) {
    for (auto& [name, value] : request.headers)
      if (name == key_header) value = '"' + SubmissionId::make(doors_.clock.wall()).text() + '"';
  }
  std::string person = person_in(request);
  Known* known = nullptr;
  if (write) {
    person = nlohmann::json::parse(request.body).at("nik").get<std::string>();
    known = judge(request);
    open_.emplace(person, request.target);
  }
  auto call = watch_.began(doors_.clock.steady(), write, person);
  auto answer = doors_.national.arrive(request);
  if (request.answer_within && answer.after > *request.answer_within)  // a trial; the server knows nothing of it
    answer = {rules::Failure::response_timeout, *request.answer_within};
  doors_.timers.after(std::max(answer.after, milliseconds(1)),
                      [this, write, known, call = std::move(call), done = std::move(done),
                       exchange = std::move(answer.exchange)]() mutable {
                        if (write) open_.erase(call.who);
                        const bool was_failing = watch_.failing();
                        watch_.ended(doors_.clock.steady(), call, is_answer(exchange, write));
                        doors_.findings.trace("{} of {} {}{}", write ? "write" : "question", call.who,
                                              is_answer(exchange, write) ? "answered" : "not answered",
                                              was_failing == watch_.failing() ? ""
                                              : was_failing                   ? ": the server is back"
                                                                              : ": the server fails everybody");
                        const bool while_failing = watch_.failing() && !is_answer(exchange, write);
                        if (known) doors_.records.answered(*known, told_by(exchange), while_failing);
                        done(std::move(exchange));
                      });
}

// Whose write it is; nobody's: that was found already.
Known* Wire::judge(const client::OutboundRequest& request) {
  const auto body = nlohmann::json::parse(request.body);
  const auto person = body.at("nik").get<std::string>();
  auto& findings = doors_.findings;
  auto* form = doors_.records.with_token(body.value(request.target.starts_with("/vaksin/") ? "noBatch" : "alamat", ""));
  const auto key = tests::header(request, key_header);
  const auto id = key.size() > 2 ? SubmissionId::parse(key.substr(1, key.size() - 2)) : std::nullopt;
  auto* known = id ? doors_.records.find(*id) : nullptr;
  if (form == nullptr || known == nullptr || known->form != form) {
    findings.violated("key", fmt::format("a write does not bear the key of its submission: {} for {}", key,
                                         form ? form->token : "?"));
    return nullptr;
  }
  findings.trace("{} {} sent", form->token, form->nik);
  judge_body(*form, request);
  const auto mark = doors_.kv.get(storage::Family::open, storage::keys::of(*id));
  if (!mark || !*mark) findings.violated("open mark", form->token + " is sent without a mark on stable storage");
  if (open_.contains(person)) findings.violated("one at a time", "two writes of " + person + " are under way");
  if (doors_.national.still_working_on(person, key))
    findings.violated(
        "late", fmt::format("{} is sent while the server may still apply an earlier write of {}", form->token, person));
  doors_.records.sending(*known);
  if (doors_.gated(form->facility)) findings.violated("gate", form->token + " is sent behind a gate");
  if (const auto objection = watch_.objection(doors_.clock.steady()))
    findings.violated("breaker", fmt::format("{} is sent {}", form->token, *objection));
  return known;
}

// What the clinic wrote, to the byte; but for the reason of a late entry, which is put in on the way.
void Wire::judge_body(const Form& form, const client::OutboundRequest& request) {
  if (request.body == form.body) return;
  auto sent = nlohmann::json::parse(request.body);
  sent.erase("alasan");
  if (form.route != "vaksin/simpan" || sent != nlohmann::json::parse(form.body))
    doors_.findings.violated("P2",
                             fmt::format("{} is sent as {}, the clinic wrote {}", form.token, request.body, form.body));
}

}  // namespace titip::simulation
