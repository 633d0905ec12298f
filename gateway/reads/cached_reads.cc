#include "gateway/reads/cached_reads.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "upstream/profile/envelope.h"
#include "upstream/profile/json_text.h"
#include "upstream/rules/classify.h"

namespace titip::reads {
namespace {

std::string hex(const storage::Digest& digest) {
  std::string text;
  for (const auto byte : digest) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

// Only an answer that says it has the thing: errors and "no data" are asked for again, and so is what could not be
// opened.
bool is_worth_keeping(const profile::Profile& profile, const rules::Reply& reply) {
  const auto document = profile::parse_json(reply.body);
  const auto envelope = document ? profile::envelope_in(profile.envelope, *document) : std::nullopt;
  if (reply.http_status != 200 || !envelope || envelope->code != 200) return false;
  const auto* response = profile::resolve(*document, profile.envelope.response_pointer);
  return response != nullptr && response->is_structured();
}

// Reference data is everybody's, other things a facility's; what is about a person only theirs whom the server let see
// it.
std::string readers_of(const profile::CacheRule& rule, const ReadCall& call) {
  if (rule.shared) return {};
  return rule.personal ? call.facility + '\n' + call.credentials.authorization : call.facility;
}

}  // namespace

void CachedReads::read(const profile::Route& route, std::string place, ReadCall call, Done done) {
  const auto key = hex(doors_.sealer.keyed_hash("read", {doors_.destination, readers_of(*route.cache, call), place}));
  if (const auto* kept = recall(key)) return found(route, key, std::move(call), std::move(done), kept);
  if (route.cache->personal) return ask(route, key, std::move(call), std::move(done));
  look(route, key, std::move(call), std::move(done));
}

void CachedReads::look(const profile::Route& route, const std::string& key, ReadCall call, Done done) {
  doors_.store.get_object(
      std::string(kept_read_kind), key, doors_.home,
      [this, &route, key, call = std::move(call), done = std::move(done)](const auto& object) mutable {
        const auto plain = object && *object
                               ? doors_.sealer.open_object(kept_read_kind, key, storage::Sealed{(*object)->bytes})
                               : std::nullopt;
        auto kept = plain ? decode_kept_read(*plain) : std::nullopt;
        if (kept) remember(key, std::move(*kept));
        found(route, key, std::move(call), std::move(done), recall(key));
      });
}

void CachedReads::found(const profile::Route& route, const std::string& key, ReadCall call, Done done,
                        const KeptRead* kept) {
  if (kept != nullptr && use_of(*kept, *route.cache, doors_.clock.wall()) == Use::fresh) {
    doors_.upstream.probes.answered("fresh");
    return done(given(*kept, "fresh"));
  }
  ask(route, key, std::move(call), std::move(done));
}

void CachedReads::ask(const profile::Route& route, const std::string& key, ReadCall call, Done done) {
  const auto [under_way, is_first] = asked_.try_emplace(key);
  under_way->second.push_back({call, std::move(done)});
  if (!is_first) return;
  send_on(doors_.upstream, std::move(call),
          [this, &route, key](const rules::Exchange& exchange) { answered(route, key, exchange); });
}

void CachedReads::answered(const profile::Route& route, const std::string& key, const rules::Exchange& exchange) {
  const auto& profile = doors_.upstream.profile;
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  const auto verdict = rules::judge_read(profile, exchange);
  const bool refused = verdict == rules::ReadVerdict::refused;
  const bool served = refused || verdict == rules::ReadVerdict::served;
  const bool worth_keeping = served && !refused && is_worth_keeping(profile, *reply);
  if (worth_keeping) keep(route, key, *reply);
  // What is known of no person is still good for whoever is not let in.
  const bool passes_on = served && !(refused && !route.cache->personal);
  const auto* kept = passes_on ? nullptr : recall(key);
  const bool stale = kept != nullptr && use_of(*kept, *route.cache, doors_.clock.wall()) != Use::none;
  ReadAnswer answer;
  if (stale) {
    answer = given(*kept, "stale");
  } else if (refused) {
    answer = not_let_in(profile, reply->http_status);
  } else if (served) {
    answer = {reply->http_status, reply->content_type, reply->body, {}};
  } else {
    answer = unavailable(profile, doors_.upstream.upstream.health(), doors_.upstream.utc_offset);
  }
  auto askers = std::move(asked_.extract(key).mapped());
  for (auto& [call, done] : askers) {
    // A fault may be the asker's own (a password): the others ask for themselves.
    if (served && !stale && !worth_keeping && &done != &askers.front().done) {
      pass_through(doors_.upstream, std::move(call), std::move(done));
      continue;
    }
    doors_.upstream.probes.answered(stale ? "stale" : served ? "upstream" : "unavailable");
    done(answer);
  }
}

void CachedReads::keep(const profile::Route& route, const std::string& key, const rules::Reply& reply) {
  if (reply.body.size() > options_.longest_answer) return;
  KeptRead read{doors_.clock.wall(), route.cache->fresh + route.cache->stale, reply.http_status, reply.content_type,
                reply.body};
  // A disk that is nearly full is for submissions.
  if (!route.cache->personal && doors_.store.takes_accepts()) {
    auto sealed = doors_.sealer.seal_object(kept_read_kind, key, encode(read));
    if (!options_.on_disk || options_.on_disk->take(sealed.bytes.size()))
      doors_.store.put_objects({{std::string(kept_read_kind), key, std::nullopt, std::move(sealed.bytes)}}, doors_.home,
                               [](const auto&) {});
  }
  remember(key, std::move(read));
}

void CachedReads::remember(const std::string& key, KeptRead read) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    bytes_ -= known->second->read.body.size();
    entries_.erase(known->second);
    by_key_.erase(known);
  }
  bytes_ += read.body.size();
  entries_.push_front({key, std::move(read)});
  by_key_.emplace(key, entries_.begin());
  while (bytes_ > options_.memory_bytes && entries_.size() > 1) {
    bytes_ -= entries_.back().read.body.size();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

const KeptRead* CachedReads::recall(const std::string& key) {
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return nullptr;
  if (doors_.clock.wall() - known->second->read.read_at >= known->second->read.lasts) {
    bytes_ -= known->second->read.body.size();
    entries_.erase(known->second);
    by_key_.erase(known);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, known->second);
  return &known->second->read;
}

// RFC 9111: Age, and what the old Warning header said, which people still look for.
ReadAnswer CachedReads::given(const KeptRead& read, std::string_view source) const {
  const auto age = std::chrono::floor<std::chrono::seconds>(doors_.clock.wall() - read.read_at);
  ReadAnswer answer{read.http_status, read.content_type, read.body, {{"Age", std::to_string(age.count())}}};
  if (source == "stale") answer.headers.emplace_back("Warning", "110 titip \"Response is Stale\"");
  return answer;
}

}  // namespace titip::reads
