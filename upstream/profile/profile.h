// A profile describes one national service as data: mount, scheme, envelope, routes, outcome rules. Adding a service
// means writing a JSON file, not C++ (unless its authentication is new). Plain immutable data after loading; any
// thread.
//
// Two small languages appear in profiles:
//  - a *source* says where a value is found: "/a/b" is a JSON pointer (RFC 6901) into the body, "{name}" a segment of
//  the
//    path, "facility" the facility's code. Several sources in one place, "a|b", mean the first that is not empty.
//  - a *path template* is "/datavaksin/notiket/{noTiket}"; segments in braces match one non-empty segment.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace titip::profile {

// Members have initialisers throughout so that parts can be written down by name alone (tests do).

enum class Action : std::uint8_t {
  queue,   // custody, delivered later
  proxy,   // passed through while the server is up, never stored
  cache,   // a read: kept sealed, answered stale while the server is down
  login,   // passed through while up; checked against a verifier during an outage
  refuse,  // known, and not offered
};

enum class SchemeKind : std::uint8_t { none, facility_login, bpjs_signature };

// Whether the `response` of replies is encrypted (bpjs_signature): since 2022 it is for callers who send a `user_key`.
enum class EncryptedReplies : std::uint8_t { by_user_key, always, never };

// How the service knows a facility and what it accepts as a log-in.
struct Scheme {
  SchemeKind kind = SchemeKind::none;
  EncryptedReplies encrypted_replies = EncryptedReplies::never;  // bpjs_signature; a facility may have its own setting
  // facility_login:
  std::string facility_header{};   // "x-kdppk": names the facility on every call but log-in
  std::string login_path{};        // "/login"
  std::string username_pointer{};  // in the log-in's body
  std::string password_pointer{};
  std::string login_facility_pointer{};  // in the log-in's reply: the facility's code
};

// Where the envelope keeps its parts. Clients and servers spell it differently; rules judge by HTTP status *and* code.
struct Envelope {
  std::string response_pointer{};  // "/response"
  std::string code_pointer{};      // "/metaData/code": a number or a string
  std::string message_pointer{};   // "/metaData/message"
};

enum class AfterUnknown : std::uint8_t { repeat, probe, park };

struct FieldPair {
  std::string in_entry{};  // JSON pointer into one entry of the reply; "a|b": the first that is not empty
  std::string in_body{};   // source in our request
};

// The read gives a long list in pages: in its path "{start}" is how many entries stand before the page, "{limit}" how
// many it may hold.
struct Paging {
  std::string count{};     // JSON pointer in the reply: how many entries the list has, over all pages
  std::uint32_t size = 0;  // of a page
};

// How to find out whether a write landed.
struct Probe {
  std::string read{};                 // path template filled from sources, e.g. "/datavaksin/notiket/{/noTiket}"
  std::string entries{};              // JSON pointer in the reply: an array of entries, or one entry object
  std::optional<Paging> paging{};     // none: one reply holds everything
  std::vector<FieldPair> identify{};  // an entry is about this write if all of these are equal
  std::vector<FieldPair> compare{};   // it *is* this write if all of these are equal too
  // The list holds things like this one that are not this one (the drugs of a visit): an entry that differs in a value
  // which both have is another one, no conflict. Then `identify` may be empty.
  bool among_others = false;
  // A reply that says "nothing there": these envelope codes (with a recognised envelope) mean no entries.
  std::vector<int> empty_codes{};
  std::vector<std::string> empty_texts{};  // or one of these in its message, in any case
  std::vector<int> empty_statuses{};       // these HTTP statuses say so with no body at all: 204
};

enum class OnConflict : std::uint8_t { refuse, queue_behind };

// A field that the server wants when the business date is no longer today.
struct LateEntryRule {
  std::string reason_pointer{};  // body pointer of the reason code; patched only if absent or empty
};

// The server takes it until the end of its business date alone, in the server's time zone: near that it goes first.
// What is still here then is sent all the same, for the server to decide, or held for a person.
enum class WhenMissed : std::uint8_t { send, hold };
struct DeadlineRule {
  WhenMissed when_missed = WhenMissed::send;
};

// A number that the server gives and later requests quote (noUrut, noKunjungan). Until it is known the clinic is given
// a provisional one of the same shape, which no real one can have.
struct ReferenceKind {
  std::string name{};  // "noKunjungan"
  // Letters and digits as they are; "{facility}" the facility's code; "{MMyy}" month and year of the business date; and
  // "{3}" so many random decimal digits: "{facility}{MMyy}T{6}".
  std::string provisional{};
};

// So many requirements and quotes together has a route at most, for each may be a key that its record waits for, which
// the store bounds; and of numbers that it yields half as many, for each has two keys, the provisional and the real
// one.
inline constexpr std::size_t most_keys_of_a_route = 64;

// A route's reply gives a number.
struct Yield {
  std::string reference{};  // a ReferenceKind
  // JSON pointers into the reply (decrypted); the first that holds the number counts. It may be a text, or lie in an
  // object or list of objects {"field": the reference's name, "message": the number}: chains.h.
  std::vector<std::string> in_reply{};
  std::string in_entry{};  // JSON pointer into an entry of the probe's read: how it is read back; "" = it cannot be
  std::vector<std::string> scope{};  // sources: the number is unique within these, and within facility and destination
};

// A request quotes a number, real or provisional.
struct Quote {
  std::string reference{};
  std::string at{};  // a source: a body pointer or a path parameter, no alternatives; absent there: nothing is quoted
  // Sources, as many as its Yield has, in the same order. A read may say fewer: then the number is known for what it
  // is, not for which.
  std::vector<std::string> scope{};
};

// Another route's record must be delivered before this one is sent, if that one is in our custody.
struct Requirement {
  std::string route{};                  // its id
  std::vector<std::string> identity{};  // sources here, in the order of that route's `provides`
};

// A DELETE of something that may still be waiting in our custody.
struct TakesBack {
  std::string reference{};  // it is what this quoted number stands for; "" = by requirement
  std::optional<Requirement> requirement{};
};

// A cached read. Its answers are kept by facility and what is read, sealed.
struct CacheRule {
  std::chrono::seconds fresh{0};  // so long it is answered without asking the server
  std::chrono::seconds stale{0};  // and so long after that, while the server cannot be asked
  bool shared = false;            // reference data: the same for every facility of the destination
  bool personal = false;          // about a person: kept in memory alone, for a short time
};

// A list that the queue would change: the server's answer is completed with what is still queued here.
struct Completion {
  std::string route{};             // whose records: its id
  std::string list{};              // JSON pointer in the reply: the list
  std::string count{};             // JSON pointer in the reply: how many there are in all; "" = it does not say
  std::vector<FieldPair> where{};  // in_entry: a source in the queued request; in_body: what it equals in this read
  // JSON text of an entry; "{/noKartu}" alone in a string is the queued request's value there, "{reference:noUrut}" its
  // provisional number.
  std::string entry_template{};
};

// What the clinic is told when the record is in custody and the national answer is not there yet.
struct Acknowledgement {
  int http_status = 201;
  int code = 201;
  std::string message{};          // envelope message
  std::string response_template;  // JSON text of `response`; "{receipt}", "{id}" and "{reference:noUrut}" of a number
                                  // that the route yields or quotes are filled in inside strings; "" = null
};

struct Route {
  std::string id{};      // "vaksin/simpan"; stable: stored with each record
  std::string method{};  // "POST"
  std::string path{};    // path template below the mount, without trailing slash
  Action action = Action::refuse;
  bool update = false;  // changes something that exists (PUT): found with other values is "not found"
  std::vector<std::string> ordering_key{};  // sources; facility and destination are always part of it
  std::vector<std::string> natural_key{};   // sources; empty: none. Route and business date are always part of it
  std::vector<std::string> required{};      // body pointers that must be there and not empty
  std::string business_date{};              // source; "" = none. Written as Profile::date_format says
  std::vector<std::string> provides{};      // sources: the identity under which other routes require this one's record
  std::vector<Requirement> requirements{};
  std::vector<Yield> yields{};
  std::vector<Quote> quotes{};
  std::string ordering_from{};  // a quoted reference: its origin's ordering key and person are this record's, if known
  std::optional<TakesBack> takes_back{};
  std::optional<CacheRule> cache{};        // iff action is cache
  std::optional<Completion> completion{};  // of reads
  AfterUnknown after_unknown = AfterUnknown::park;
  std::optional<Probe> probe{};  // iff after_unknown is probe
  OnConflict on_conflict = OnConflict::refuse;
  std::optional<LateEntryRule> late_entry{};
  std::optional<DeadlineRule> deadline{};
  Acknowledgement acknowledgement{};
  std::uint32_t max_body_bytes = 256U << 10U;
};

enum class RuleOutcome : std::uint8_t {
  delivered,
  duplicate,  // an earlier attempt, or an earlier record with the same key, is there already
  deferred,
  rejected,
  unknown,
  blocked,
  credentials_refused,
  login_expired
};

// Matches when every condition that is given holds. Rules are tried in order; the first match decides.
struct OutcomeRule {
  std::string id{};
  std::vector<int> http_status{};  // empty: any. 5 means 5xx, 2 means 2xx, …; three digits mean that status
  std::vector<int> code{};         // envelope code; empty: any, an absent envelope included
  std::string text{};  // case-insensitive substring of the message and of the response's own messages; "" = any
  std::optional<bool> envelope{};     // whether an envelope was recognised
  std::vector<std::string> routes{};  // route ids; empty: all
  RuleOutcome outcome = RuleOutcome::unknown;
  bool served = true;  // the verdict on the destination: false counts against it in the breaker
};

// A reply of the service, written down, and what has to come of it. `titip profile test` and the unit tests run them.
struct Fixture {
  std::string name{};
  std::vector<std::string> routes{};  // run once for each
  int http_status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::string expect_rule{};
  RuleOutcome expect_outcome = RuleOutcome::unknown;
  std::optional<std::chrono::seconds> expect_wait{};  // how long the reply asks to be left alone
};

// How the service writes dates.
enum class DateFormat : std::uint8_t { year_first, day_first };  // 2026-11-22, 22-11-2026

struct Profile {
  std::string name{};  // also the destination's name unless the config says otherwise
  std::uint32_t version = 1;
  std::string mount{};  // "/pcare-vaksin": path prefix on our side; the config may say another
  Scheme scheme{};
  Envelope envelope{};
  std::string health_read{};                        // path of a cheap read for half-open
  std::chrono::minutes utc_offset{0};               // the server's time zone: Indonesia has no summer time
  DateFormat date_format = DateFormat::year_first;  // in requests; our own dates are always year first
  bool ignores_path_case = false;                   // literal segments of routes match in any case
  std::vector<ReferenceKind> references{};
  std::string idempotency_header{};      // "Idempotency-Key"; carries the submission id on every attempt
  bool honours_idempotency_key = false;  // then a repeat needs no late-apply wait
  std::vector<Route> routes{};
  std::vector<OutcomeRule> rules{};
  std::vector<Fixture> fixtures{};
};

struct ProfileError {
  std::string pointer{};   // where in the file
  std::string sentence{};  // what is wrong and what to do
};

// Unknown keys are errors. Everything is checked here, so that the rest of the house may rely on it: pointers parse,
// templates name known sources, a probe stands where after_unknown says so, ids are unique, rules end in a catch-all,
// and every source of an ordering key, natural key, business date or probe has a value in a request that passes
// `required`. The format: upstream/profiles/README.md.
std::expected<Profile, ProfileError> load_profile(std::string_view json_text);

struct RouteMatch {
  const Route* route = nullptr;                                  // null: no such path, or not with this method
  std::map<std::string, std::string, std::less<>> parameters{};  // decoded path segments
  std::vector<std::string> allowed_methods{};                    // of the path, for 405; empty: the path is unknown
};
// `path` below the mount, without query. A trailing slash is ignored.
RouteMatch match(const Profile& profile, std::string_view method, std::string_view path);

const Route* find_route(const Profile& profile, std::string_view route_id);

}  // namespace titip::profile
