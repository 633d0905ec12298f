#include "tests/gateway/delivery/national_server.h"

#include "tests/gateway/fakes.h"

namespace titip::tests {
namespace {

using nlohmann::json;
using rules::Exchange;
using rules::Failure;

constexpr std::string_view by_ticket = "/datavaksin/notiket/";

// What the mood says whatever the request is; nothing: it depends.
std::optional<Exchange> in_every_case(Mood mood) {
  switch (mood) {
    case Mood::refuse:
      return Failure::connect_refused;
    case Mood::error_page:
      return rules::Reply{503, "text/html", "<html>503</html>", {}};
    case Mood::swallow:
      return Failure::response_timeout;
    case Mood::busy: {
      auto reply = national(429, 429, "Too many requests");
      reply.retry_after = std::chrono::seconds(30);
      return reply;
    }
    case Mood::busy_without_wait:
      return national(429, 429, "Too many requests");
    default:
      return std::nullopt;
  }
}

}  // namespace

Mood NationalServer::take(std::deque<Mood>& next) const {
  if (next.empty()) return mood;
  const auto taken = next.front();
  next.pop_front();
  return taken;
}

std::optional<Exchange> NationalServer::operator()(const client::OutboundRequest& request) {
  if (request.target == "/login") return log_in(request);
  if (request.method != "GET") return write(request);
  if (request.target.starts_with(by_ticket)) return read_back(request);
  if (auto always = in_every_case(mood)) return always;
  if (mood == Mood::silence) return std::nullopt;
  return national(200, 200, "OK", R"({"list":[]})");
}

Exchange NationalServer::log_in(const client::OutboundRequest& request) {
  ++logins;
  if (auto always = in_every_case(mood)) return *std::move(always);
  const auto body = json::parse(request.body);
  if (body.at("password") != password) return national(401, 401, "Nama pengguna atau kata sandi salah");
  logged_in = !forgets_logins;
  return national(200, 200, "OK", R"({"kdPpk":")" + body.at("username").get<std::string>() + R"("})");
}

std::optional<Exchange> NationalServer::write(const client::OutboundRequest& request) {
  const auto now = take(next_writes);
  if (auto always = in_every_case(now)) return always;
  if (now == Mood::silence) return std::nullopt;
  if (now == Mood::credentials_refused) return national(401, 401, "x-kdppk tidak dikenal");
  if (now == Mood::login_expired) logged_in = false;
  if (!logged_in) return national(401, 401, "Sesi login telah berakhir, silakan login kembali");
  if (now == Mood::reject) return national(412, 412, "PRECONDITION_FAILED");
  apply(request);
  if (now == Mood::lose_reply) return Failure::connection_reset;
  return request.method == "PUT" ? national(200, 200, "OK") : national(201, 201, "CREATED");
}

void NationalServer::apply(const client::OutboundRequest& request) {
  effects_.push_back(json::parse(request.body));
}

std::optional<Exchange> NationalServer::read_back(const client::OutboundRequest& request) {
  const auto now = take(next_reads);
  if (auto always = in_every_case(now)) return always;
  if (now == Mood::silence) return std::nullopt;
  const auto ticket = request.target.substr(by_ticket.size());
  json latest = json::object();  // one entry for each dose, with its last values
  for (const auto& effect : effects_)
    if (effect.at("noTiket") == ticket)
      latest[effect.at("nik").get<std::string>() + effect.at("dosis").dump()] = effect;
  auto list = json::array();
  for (const auto& [key, entry] : latest.items()) list.push_back(entry);
  if (list.empty()) return national(404, 404, "Data tidak ditemukan");
  return national(200, 200, "OK", json{{"list", list}}.dump());
}

std::vector<std::string> NationalServer::effects_of(std::string_view nik) const {
  std::vector<std::string> batches;
  for (const auto& effect : effects_)
    if (effect.at("nik") == nik) batches.push_back(effect.value("noBatch", ""));
  return batches;
}

}  // namespace titip::tests
