#include "gateway/reads/destination_reads.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "upstream/profile/json_text.h"

namespace titip::reads {
namespace {

// What is read, the same text for the same thing however its path is written.
std::string place_of(const profile::Route& route, const Parameters& parameters) {
  std::string place = route.id;
  for (const auto& [name, value] : parameters) place += fmt::format("/{}:{}", value.size(), value);
  return place;
}

}  // namespace

DestinationReads::DestinationReads(LogInOptions options, CacheOptions cache, LogInDoors doors)
    : upstream_(doors.upstream),
      custody_({doors.upstream.profile, doors.destination, doors.store, doors.home, doors.sealer, doors.clock}),
      cached_(cache, {doors.upstream, doors.destination, doors.store, doors.home, doors.sealer, doors.clock}),
      log_in_(options, std::move(doors)) {}

void DestinationReads::read(const profile::Route& route, Parameters parameters, ReadCall call, Done done) {
  if (route.quotes.empty()) return ask(route, parameters, std::move(call), std::move(done));
  const auto facility = call.facility;
  auto target = call.target;
  custody_.put_in_numbers(route, facility, {std::move(target), std::move(parameters)},
                          [this, &route, call = std::move(call), done = std::move(done)](auto looked) mutable {
                            if (looked.answer) {
                              upstream_.probes.answered("custody");
                              return done(std::move(*looked.answer));
                            }
                            call.target = std::move(looked.target);
                            ask(route, looked.parameters, std::move(call), std::move(done));
                          });
}

void DestinationReads::ask(const profile::Route& route, const Parameters& parameters, ReadCall call, Done done) {
  if (route.completion)
    done = [this, &route, parameters, facility = call.facility, done = std::move(done)](ReadAnswer answer) mutable {
      complete(route, std::move(parameters), std::move(facility), std::move(answer), std::move(done));
    };
  // No service here reads a query: one that changes at every call must not fill the cache.
  if (!route.cache || call.target.contains('?')) return pass_through(upstream_, std::move(call), std::move(done));
  cached_.read(route, place_of(route, parameters), std::move(call), std::move(done));
}

void DestinationReads::complete(const profile::Route& route, Parameters parameters, std::string facility,
                                ReadAnswer answer, Done done) {
  const auto& writes = *profile::find_route(upstream_.profile, route.completion->route);
  custody_.queued(facility, writes,
                  [this, &route, parameters = std::move(parameters), facility, answer = std::move(answer),
                   done = std::move(done)](const auto& queued) mutable {
                    const nlohmann::json no_body = nlohmann::json::object();
                    const profile::RequestView asked{&no_body, &parameters, facility};
                    const auto reply = answer.served ? std::optional<std::string_view>(answer.body) : std::nullopt;
                    const auto in = [&](words::Language language) {
                      return completed_list(upstream_.profile, route, asked, facility, reply, queued, language);
                    };
                    auto made = in(words::Language::id);
                    if (made) {
                      answer.both.reset();
                      if (!reply) answer.both = ReadAnswer::Both{in(words::Language::en).value_or(*made), *made};
                      answer.status = 200;
                      answer.content_type = "application/json";
                      answer.body = std::move(*made);
                      answer.headers.emplace_back("Warning", "199 titip \"Completed with what is queued\"");
                    }
                    done(std::move(answer));
                  });
}

}  // namespace titip::reads
