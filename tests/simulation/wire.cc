#include "tests/simulation/wire.h"

#include "storage/keys.h"

namespace titip::simulation {
namespace {

using storage::SubmissionId;
constexpr std::string_view key_header = "Idempotency-Key";

bool is_write(const client::OutboundRequest& request) {
  return request.method != "GET" && request.target != "/login";
}

}  // namespace

void Wire::send(client::OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) {
  if (doors_.kv.dead()) return;  // of a process that is gone nothing leaves
  const bool write = is_write(request);
  if (write && doors_.control == Control::new_key_per_attempt && attempts_++ % 2 == 1) {
    for (auto& [name, value] : request.headers)
      if (name == key_header) value = '"' + SubmissionId::make(doors_.clock.wall()).text() + '"';
  }
  std::string person;
  if (write) {
    const auto body = nlohmann::json::parse(request.body);
    person = body.at("nik").get<std::string>();
    judge(request);
    open_.emplace(person, request.target);
    ++records_in_flight_;
  }
  auto answer = doors_.national.arrive(request);
  doors_.timers.after(std::max(answer.after, milliseconds(1)),
                      [this, write, person, done = std::move(done), exchange = std::move(answer.exchange)]() mutable {
                        if (write) {
                          open_.erase(person);
                          --records_in_flight_;
                        }
                        done(std::move(exchange));
                      });
}

void Wire::judge(const client::OutboundRequest& request) {
  const auto body = nlohmann::json::parse(request.body);
  const auto person = body.at("nik").get<std::string>();
  auto& findings = doors_.findings;
  auto* form = doors_.records.with_token(body.value(request.target.starts_with("/vaksin/") ? "noBatch" : "alamat", ""));
  const auto key = tests::header(request, key_header);
  const auto id = key.size() > 2 ? SubmissionId::parse(key.substr(1, key.size() - 2)) : std::nullopt;
  const auto* known = id ? doors_.records.find(*id) : nullptr;
  if (form == nullptr || known == nullptr || known->form != form)
    return findings.violated(
        "P5", fmt::format("a write does not bear the key of its submission: {} for {}", key, form ? form->token : "?"));
  findings.trace("{} {} sent", form->token, form->nik);
  const auto mark = doors_.kv.get(storage::Family::open, storage::keys::of(*id));
  if (!mark || !*mark) findings.violated("open mark", form->token + " is sent without a mark on stable storage");
  if (open_.contains(person)) findings.violated("one at a time", "two writes of " + person + " are under way");
  if (doors_.national.still_working_on(person, key))
    findings.violated(
        "P5", fmt::format("{} is sent while the server may still apply an earlier write of {}", form->token, person));
  doors_.records.sending(*known);
  if (doors_.gated(form->facility)) findings.violated("gate", form->token + " is sent behind a gate");
  // The breaker knows of this call already.
  if (doors_.breaker() == rules::BreakerState::open)
    findings.violated("breaker", form->token + " is sent while it is open");
  if (doors_.breaker() == rules::BreakerState::half_open && records_in_flight_ > 0)
    findings.violated("breaker", form->token + " is sent while half-open beside another");
}

}  // namespace titip::simulation
