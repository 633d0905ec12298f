#include "gateway/reads/custody_reads.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "storage/payload.h"
#include "storage/reference_keys.h"
#include "upstream/profile/chains.h"
#include "upstream/profile/envelope.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/numbers.h"
#include "upstream/profile/source.h"

namespace titip::reads {
namespace {

using storage::State;

const profile::ReferenceKind& kind_of(const profile::Profile& profile, std::string_view name) {
  return *std::ranges::find(profile.references, name, &profile::ReferenceKind::name);
}

// What a number is unique within, as those say who are given it.
std::size_t scope_size(const profile::Profile& profile, std::string_view reference) {
  for (const auto& route : profile.routes)
    for (const auto& yield : route.yields)
      if (yield.reference == reference) return yield.scope.size();
  return 0;
}

// How the origin of a number stands, for whoever gave the number away.
words::Text sentence_of(State state) {
  switch (state) {
    case State::held:
    case State::expired:
    case State::rejected:
      return words::text(
          "The national server has not taken this, and it needs attention; look at the list of what does.");
    case State::cancelled:
      return words::text("This was cancelled before it was sent.");
    case State::delivered:
      return words::text("The national server has taken this; its number is not known yet. Do not enter it again.");
    default:
      return words::text("This is kept safe and waits to be sent to the national server. Do not enter it again.");
  }
}

}  // namespace

ReadAnswer CustodyReads::waiting(const std::string& reference, const std::string& number, State origin) const {
  const nlohmann::json response{{reference, number}, {"status", storage::name(origin)}};
  return own_answer(doors_.profile, 200, sentence_of(origin),
                    response.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

ReadAnswer CustodyReads::never_given() const {
  return own_answer(doors_.profile, 404, words::text("This provisional number was never given to your facility."));
}

ReadAnswer CustodyReads::unreadable() const {
  return own_answer(doors_.profile, 503, words::text("Titip cannot read this now; try again in a moment."));
}

std::optional<std::string> CustodyReads::open(const storage::Reference& reference) const {
  const auto key = doors_.sealer.unwrap(reference.origin, reference.origin_wrapped_key);
  return key ? doors_.sealer.open(*key, reference.origin, "reference", reference.value) : std::nullopt;
}

void CustodyReads::put_in_numbers(const profile::Route& route, const std::string& facility, Looked read,
                                  std::move_only_function<void(Looked)> done) {
  const nlohmann::json no_body = nlohmann::json::object();
  const auto chain = profile::read_chain(doors_.profile.date_format, route, {&no_body, &read.parameters, facility});
  if (!chain || chain->quotes.empty()) return done(std::move(read));
  auto quotes = chain->quotes;
  std::vector<storage::Digest> keys;
  for (const auto& quote : quotes)
    keys.push_back(storage::reference_key(doors_.sealer, {doors_.destination, facility}, quote.reference, quote.scope,
                                          quote.number));
  doors_.store.references(std::move(keys), doors_.home,
                          [this, &route, facility, quotes = std::move(quotes), read = std::move(read),
                           done = std::move(done)](const auto& found) mutable {
                            for (std::size_t i = 0; i < quotes.size() && !read.answer; ++i) {
                              const auto& quote = quotes[i];
                              if (!found) {
                                read.answer = unreadable();
                              } else if (const auto& reference = (*found)[i]; !reference) {
                                const auto& kind = kind_of(doors_.profile, quote.reference);
                                // A read that does not say all the number is unique within cannot tell which it is.
                                const bool is_ours = profile::is_provisional(kind, facility, quote.number);
                                if (is_ours && quote.scope.size() < scope_size(doors_.profile, quote.reference))
                                  read.answer = waiting(quote.reference, quote.number, State::queued);
                                else if (is_ours)
                                  read.answer = never_given();
                              } else if (reference->value.empty()) {
                                read.answer = waiting(quote.reference, quote.number, reference->origin_state);
                              } else {
                                const auto number = open(*reference);
                                const auto source = profile::parse_source(quote.at);
                                auto target =
                                    number ? profile::with_parameter(route.path, read.target, source->name, *number)
                                           : std::nullopt;
                                if (!target) {
                                  read.answer = unreadable();
                                } else {
                                  read.target = std::move(*target);
                                  read.parameters.insert_or_assign(std::string(source->name), *number);
                                }
                              }
                            }
                            done(std::move(read));
                          });
}

void CustodyReads::queued(std::string facility, const profile::Route& route,
                          std::move_only_function<void(std::vector<QueuedRequest>)> done) {
  std::vector<storage::DueQuery> queries(2);
  for (auto& query : queries) {
    query.lane = {doors_.destination, std::move(facility)};
    facility = query.lane.facility;
    query.now = doors_.clock.wall() + std::chrono::years(1);  // whenever it is due
    query.limit = most_queued;
  }
  queries[1].due_class = storage::DueClass::probe;
  doors_.store.next_due(std::move(queries), doors_.home,
                        [this, &route, done = std::move(done)](const auto& batches) mutable {
                          std::vector<QueuedRequest> all;
                          if (!batches) return done(std::move(all));  // the list is what the server says, then
                          for (const auto& batch : *batches) {
                            for (const auto& due : batch.items) {
                              if (due.submission.route != route.id) continue;
                              if (auto each = open(due)) all.push_back(std::move(*each));
                            }
                          }
                          done(std::move(all));
                        });
}

std::optional<QueuedRequest> CustodyReads::open(const storage::Due& due) const {
  const auto& id = due.submission.id;
  const auto key = doors_.sealer.unwrap(id, due.submission.wrapped_key);
  const auto plain = key ? doors_.sealer.open(*key, id, "payload", due.payload) : std::nullopt;
  const auto payload = plain ? storage::decode_payload(*plain) : std::nullopt;
  if (!payload) return std::nullopt;
  auto match = profile::match(doors_.profile, payload->method,
                              std::string_view(payload->target).substr(0, payload->target.find('?')));
  return QueuedRequest{
      payload->body, std::move(match.parameters), {payload->provisional.begin(), payload->provisional.end()}};
}

}  // namespace titip::reads
