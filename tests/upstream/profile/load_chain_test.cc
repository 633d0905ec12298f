// What the loader makes of numbers, requirements, cached reads and the conventions of a service, and what it refuses:
// every row spoils one good profile by a JSON patch.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "upstream/profile/profile.h"

namespace titip::profile {
namespace {

using nlohmann::json;

// A registration, the visit that needs it, a drug of the visit, and ways to take each back.
const json& good() {
  static const json document = json::parse(R"({
    "name": "small", "version": 1, "mount": "/small",
    "scheme": {"kind": "bpjs_signature", "encrypted_replies": "by_user_key"},
    "envelope": {"response_pointer": "/response", "code_pointer": "/metaData/code", "message_pointer": "/metaData/message"},
    "health_read": "/ping", "utc_offset": "+07:00", "date_format": "dd-MM-yyyy", "path_case": "ignore",
    "references": [{"name": "noUrut", "provisional": "T0{3}"},
                   {"name": "noKunjungan", "provisional": "{facility}{MMyy}T{6}"}],
    "routes": [
      {"id": "register", "method": "POST", "path": "/register", "action": "queue",
       "required": ["/card", "/date", "/room"], "ordering_key": ["/card"], "business_date": "/date",
       "provides": ["/card", "/date", "/room"],
       "yields": [{"reference": "noUrut", "in_reply": ["/response"], "in_entry": "/noUrut", "scope": ["/date", "/room"]}],
       "after_unknown": "probe",
       "probe": {"read": "/register/{/date}", "entries": "/response/list",
                 "identify": [{"in_entry": "/person/card|/card", "in_body": "/card"}], "compare": ["/room"],
                 "empty_statuses": [204]},
       "acknowledgement": {"http_status": 201, "code": 201, "message": "CREATED",
                           "response": {"field": "noUrut", "message": "{reference:noUrut}"}}},
      {"id": "visit", "method": "POST", "path": "/visit", "action": "queue",
       "required": ["/card", "/date", "/room"], "ordering_key": ["/card"], "business_date": "/date",
       "requires": [{"route": "register", "identity": ["/card", "/date", "/room"]}],
       "yields": [{"reference": "noKunjungan", "in_reply": ["/response"]}],
       "after_unknown": "park",
       "acknowledgement": {"http_status": 201, "code": 201, "message": "CREATED",
                           "response": [{"field": "noKunjungan", "message": "{reference:noKunjungan}"}]}},
      {"id": "drug", "method": "POST", "path": "/drug", "action": "queue",
       "required": ["/noKunjungan"], "ordering_key": ["/noKunjungan"], "ordering_from": "noKunjungan",
       "quotes": [{"reference": "noKunjungan", "at": "/noKunjungan"}], "after_unknown": "park",
       "acknowledgement": {"http_status": 201, "code": 201, "message": "CREATED", "response": null}},
      {"id": "undo-register", "method": "DELETE", "path": "/register/{card}/{date}/{no}/{room}", "action": "queue",
       "ordering_key": ["{card}"], "after_unknown": "repeat",
       "quotes": [{"reference": "noUrut", "at": "{no}", "scope": ["{date}", "{room}"]}],
       "takes_back": {"reference": "noUrut"},
       "acknowledgement": {"http_status": 200, "code": 200, "message": "OK", "response": null}},
      {"id": "undo-today", "method": "DELETE", "path": "/today/{card}/{date}/{room}", "action": "queue",
       "ordering_key": ["{card}"], "after_unknown": "repeat",
       "takes_back": {"route": "register", "identity": ["{card}", "{date}", "{room}"]},
       "acknowledgement": {"http_status": 200, "code": 200, "message": "OK", "response": null}},
      {"id": "one", "method": "GET", "path": "/register/{no}/on/{date}", "action": "proxy",
       "quotes": [{"reference": "noUrut", "at": "{no}", "scope": ["{date}"]}]},
      {"id": "day", "method": "GET", "path": "/day/{date}", "action": "cache",
       "cache": {"fresh_s": 0, "stale_s": 900, "personal": true},
       "completes": {"route": "register", "list": "/response/list", "count": "/response/count",
                     "where": [{"queued": "/date", "read": "{date}"}],
                     "entry": {"noUrut": "{reference:noUrut}", "card": "{/card}"}}},
      {"id": "rooms", "method": "GET", "path": "/rooms", "action": "cache",
       "cache": {"fresh_s": 60, "stale_s": 86400, "shared": true}}
    ],
    "rules": [{"id": "ok", "code": [200, 201], "outcome": "delivered", "served": true},
              {"id": "else", "outcome": "unknown", "served": false}]})");
  return document;
}

TEST(LoadChain, EveryKeyIsRead) {
  const auto loaded = load_profile(good().dump());
  ASSERT_TRUE(loaded.has_value()) << loaded.error().pointer << ": " << loaded.error().sentence;
  EXPECT_EQ(loaded->scheme.kind, SchemeKind::bpjs_signature);
  EXPECT_EQ(loaded->scheme.encrypted_replies, EncryptedReplies::by_user_key);
  EXPECT_EQ(loaded->date_format, DateFormat::day_first);
  EXPECT_TRUE(loaded->ignores_path_case);
  ASSERT_EQ(loaded->references.size(), 2U);
  EXPECT_EQ(loaded->references[1].provisional, "{facility}{MMyy}T{6}");

  using Texts = std::vector<std::string>;
  const Route& entry = loaded->routes[0];
  EXPECT_EQ(entry.provides, (Texts{"/card", "/date", "/room"}));
  ASSERT_EQ(entry.yields.size(), 1U);
  EXPECT_EQ(entry.yields[0].in_reply, (Texts{"/response"}));
  EXPECT_EQ(entry.yields[0].in_entry, "/noUrut");
  EXPECT_EQ(entry.yields[0].scope, (Texts{"/date", "/room"}));
  EXPECT_EQ(entry.probe->identify[0].in_entry, "/person/card|/card");
  EXPECT_EQ(entry.probe->empty_statuses, (std::vector<int>{204}));

  ASSERT_EQ(loaded->routes[1].requirements.size(), 1U);
  EXPECT_EQ(loaded->routes[1].requirements[0].route, "register");
  EXPECT_EQ(loaded->routes[1].requirements[0].identity, (Texts{"/card", "/date", "/room"}));
  EXPECT_EQ(loaded->routes[2].ordering_from, "noKunjungan");
  EXPECT_EQ(loaded->routes[2].quotes[0].at, "/noKunjungan");
  EXPECT_EQ(loaded->routes[3].takes_back->reference, "noUrut");
  EXPECT_FALSE(loaded->routes[3].takes_back->requirement);
  EXPECT_EQ(loaded->routes[3].quotes[0].scope, (Texts{"{date}", "{room}"}));
  ASSERT_TRUE(loaded->routes[4].takes_back->requirement);
  EXPECT_EQ(loaded->routes[4].takes_back->requirement->identity, (Texts{"{card}", "{date}", "{room}"}));
  EXPECT_EQ(loaded->routes[5].quotes[0].scope, (Texts{"{date}"}));
  ASSERT_TRUE(loaded->routes[6].completion);
  EXPECT_TRUE(loaded->routes[6].cache->personal);
  EXPECT_EQ(loaded->routes[6].completion->route, "register");
  EXPECT_EQ(loaded->routes[6].completion->list, "/response/list");
  EXPECT_EQ(loaded->routes[6].completion->count, "/response/count");
  EXPECT_EQ(loaded->routes[6].completion->where[0].in_entry, "/date");
  EXPECT_EQ(loaded->routes[6].completion->where[0].in_body, "{date}");
  EXPECT_EQ(loaded->routes[6].completion->entry_template, R"({"card":"{/card}","noUrut":"{reference:noUrut}"})");
  EXPECT_EQ(loaded->routes[7].action, Action::cache);
  EXPECT_EQ(loaded->routes[7].cache->fresh, std::chrono::seconds(60));
  EXPECT_EQ(loaded->routes[7].cache->stale, std::chrono::hours(24));
  EXPECT_TRUE(loaded->routes[7].cache->shared);

  // A PUT tells the number that it was sent.
  json telling = good();
  telling["routes"][2]["acknowledgement"]["response"] = {{"message", "{reference:noKunjungan}"}};
  telling["routes"][0]["probe"]["among_others"] = true;
  telling["routes"][0]["probe"]["identify"] = json::array();
  const auto told = load_profile(telling.dump());
  ASSERT_TRUE(told.has_value()) << told.error().pointer << ": " << told.error().sentence;
  EXPECT_TRUE(told->routes[0].probe->among_others);

  json plain = good();
  for (const char* key : {"date_format", "path_case"}) plain.erase(key);
  plain["scheme"]["encrypted_replies"] = "never";
  plain["routes"][7]["cache"].erase("shared");
  const auto defaults = load_profile(plain.dump());
  ASSERT_TRUE(defaults.has_value());
  EXPECT_EQ(defaults->date_format, DateFormat::year_first);
  EXPECT_FALSE(defaults->ignores_path_case);
  EXPECT_EQ(defaults->scheme.encrypted_replies, EncryptedReplies::never);
  EXPECT_FALSE(defaults->routes[7].cache->shared);
}

// What the store would abort for is refused where it is written.
TEST(LoadChain, ARouteHasAsManyKeysAsARecordMayHave) {
  const auto with = [](std::size_t quotes, std::size_t yields) {
    json document = good();
    json& visit = document["routes"][1];  // it requires one
    json names = json::array();
    for (std::size_t i = 0; i < yields; ++i) {
      const auto name = "no" + std::to_string(i);
      document["references"].push_back({{"name", name}, {"provisional", "T0{3}"}});
      names.push_back({{"reference", name}, {"in_reply", {"/response"}}});
    }
    document["routes"][0]["yields"].insert(document["routes"][0]["yields"].end(), names.begin(), names.end());
    visit["quotes"] = json::array();
    for (std::size_t i = 0; i < quotes; ++i)
      visit["quotes"].push_back(
          {{"reference", "noUrut"}, {"at", "/no" + std::to_string(i)}, {"scope", {"/date", "/room"}}});
    return load_profile(document.dump());
  };
  const auto most = with(63, 31);
  EXPECT_TRUE(most) << most.error().pointer << ": " << most.error().sentence;
  const auto too_many_quotes = with(64, 0);
  ASSERT_FALSE(too_many_quotes);
  EXPECT_EQ(too_many_quotes.error().pointer, "/routes/1");
  EXPECT_TRUE(too_many_quotes.error().sentence.contains("65 entries")) << too_many_quotes.error().sentence;
  EXPECT_TRUE(too_many_quotes.error().sentence.contains("64 things at most")) << too_many_quotes.error().sentence;
  const auto too_many_yields = with(0, 32);
  ASSERT_FALSE(too_many_yields);
  EXPECT_EQ(too_many_yields.error().pointer, "/routes/0/yields");
  EXPECT_TRUE(too_many_yields.error().sentence.contains("32 numbers at most")) << too_many_yields.error().sentence;
}

struct Row {
  const char* name;
  const char* patch;
  const char* pointer;
  const char* words;  // part of the sentence
};

const Row rows[] = {
    // The service's conventions
    {"encryption not told", R"([{"op":"remove","path":"/scheme/encrypted_replies"}])", "/scheme", "encrypted_replies"},
    {"encryption unknown", R"([{"op":"replace","path":"/scheme/encrypted_replies","value":"sometimes"}])",
     "/scheme/encrypted_replies", "\"by_user_key\", \"always\", \"never\""},
    {"a secret in a profile", R"([{"op":"add","path":"/scheme/consumer_secret","value":"x"}])",
     "/scheme/consumer_secret", "unknown key"},
    {"date format", R"([{"op":"replace","path":"/date_format","value":"dd/MM/yyyy"}])", "/date_format", "dd-MM-yyyy"},
    {"path case", R"([{"op":"replace","path":"/path_case","value":"any"}])", "/path_case", "\"exact\", \"ignore\""},
    {"paths that differ by case alone", R"([{"op":"replace","path":"/routes/2/path","value":"/Visit"}])",
     "/routes/2/path", "make them differ"},

    // References
    {"no name", R"([{"op":"remove","path":"/references/0/name"}])", "/references/0", "\"name\" is missing"},
    {"a name with a dash", R"([{"op":"replace","path":"/references/0/name","value":"no-urut"}])", "/references/0/name",
     "letters and digits"},
    {"one name twice", R"([{"op":"replace","path":"/references/0/name","value":"noKunjungan"}])", "/references/1/name",
     "another reference"},
    {"yielded by nobody", R"([{"op":"add","path":"/references/-","value":{"name":"noSurat","provisional":"T{6}"}}])",
     "/references/2/name", "no route yields \"noSurat\""},
    {"too few digits", R"([{"op":"replace","path":"/references/0/provisional","value":"T0{2}"}])",
     "/references/0/provisional", "3 to 18"},
    {"too many digits", R"([{"op":"replace","path":"/references/0/provisional","value":"T{10}{9}"}])",
     "/references/0/provisional", "3 to 18"},
    {"no mark", R"([{"op":"replace","path":"/references/0/provisional","value":"{facility}{MMyy}{6}"}])",
     "/references/0/provisional", "mark"},
    {"an unknown piece", R"([{"op":"replace","path":"/references/0/provisional","value":"T{date}{3}"}])",
     "/references/0/provisional", "{facility}, {MMyy}"},
    {"a slash", R"([{"op":"replace","path":"/references/0/provisional","value":"T/{3}"}])", "/references/0/provisional",
     "letters, digits"},
    {"open braces", R"([{"op":"replace","path":"/references/0/provisional","value":"T{3"}])",
     "/references/0/provisional", "template"},

    // What is yielded
    {"yields what is no reference",
     R"([{"op":"add","path":"/routes/1/yields/-","value":{"reference":"noVisit","in_reply":["/response"]}}])",
     "/routes/1/yields/1/reference", "\"references\" has no \"noVisit\""},
    {"yields one number twice", R"([{"op":"copy","from":"/routes/1/yields/0","path":"/routes/1/yields/-"}])",
     "/routes/1/yields/1/reference", "twice"},
    {"found nowhere", R"([{"op":"replace","path":"/routes/1/yields/0/in_reply","value":[]}])",
     "/routes/1/yields/0/in_reply", "never be found"},
    {"in_reply is no pointer", R"([{"op":"replace","path":"/routes/1/yields/0/in_reply/0","value":"response"}])",
     "/routes/1/yields/0/in_reply/0", "JSON pointer"},
    {"read back without a probe", R"([{"op":"add","path":"/routes/1/yields/0/in_entry","value":"/no"}])",
     "/routes/1/yields/0/in_entry", "no probe"},
    {"a scope that may be empty", R"([{"op":"add","path":"/routes/1/yields/0/scope","value":["/note"]}])",
     "/routes/1/yields/0/scope/0", "required"},
    {"a month without a date", R"([{"op":"remove","path":"/routes/1/business_date"}])", "/routes/1/yields/0/reference",
     "business_date"},
    {"two scopes of one number",
     R"([{"op":"add","path":"/routes/1/yields/-","value":{"reference":"noUrut","in_reply":["/r"],"scope":["/date"]}}])",
     "/routes/1/yields/1", "one number has one scope"},

    // What is quoted
    {"quotes what nobody yields", R"([{"op":"replace","path":"/routes/5/quotes/0/reference","value":"noSurat"}])",
     "/routes/5/quotes/0/reference", "no route yields"},
    {"quoted at alternatives", R"([{"op":"replace","path":"/routes/2/quotes/0/at","value":"/noKunjungan|/no"}])",
     "/routes/2/quotes/0/at", "one place"},
    {"quoted as the facility", R"([{"op":"replace","path":"/routes/2/quotes/0/at","value":"facility"}])",
     "/routes/2/quotes/0/at", "one place"},
    {"quoted in a segment that is not there", R"([{"op":"replace","path":"/routes/3/quotes/0/at","value":"{noUrut}"}])",
     "/routes/3/quotes/0/at", "no such segment"},
    {"two numbers in one place", R"([{"op":"copy","from":"/routes/3/quotes/0","path":"/routes/3/quotes/-"}])",
     "/routes/3/quotes/1/at", "one place holds one number"},
    {"a quote's scope too short", R"([{"op":"remove","path":"/routes/3/quotes/0/scope/1"}])", "/routes/3/quotes/0",
     "has 1 sources"},
    {"a read's scope too long",
     R"([{"op":"replace","path":"/routes/5/quotes/0/scope","value":["{date}","{no}","{date}"]}])", "/routes/5/quotes/0",
     "has 3 sources"},
    {"quotes on a refused route", R"([{"op":"replace","path":"/routes/5/action","value":"refuse"}])",
     "/routes/5/quotes", "remove it"},
    {"ordered by what is not quoted", R"([{"op":"replace","path":"/routes/2/ordering_from","value":"noUrut"}])",
     "/routes/2/ordering_from", "does not quote"},

    // What is required and taken back
    {"requires an unknown route", R"([{"op":"replace","path":"/routes/1/requires/0/route","value":"admission"}])",
     "/routes/1/requires/0/route", "no queued route"},
    {"requires a read", R"([{"op":"replace","path":"/routes/1/requires/0/route","value":"rooms"}])",
     "/routes/1/requires/0/route", "no queued route"},
    {"requires what provides nothing", R"([{"op":"remove","path":"/routes/0/provides"}])",
     "/routes/1/requires/0/identity", "has 0"},
    {"identity too short", R"([{"op":"remove","path":"/routes/1/requires/0/identity/2"}])",
     "/routes/1/requires/0/identity", "has 2 sources"},
    {"identity empty", R"([{"op":"replace","path":"/routes/1/requires/0/identity","value":[]}])",
     "/routes/1/requires/0/identity", "empty"},
    {"identity uncertain", R"([{"op":"replace","path":"/routes/1/requires/0/identity/2","value":"/note"}])",
     "/routes/1/requires/0/identity/2", "required"},
    {"provides nothing", R"([{"op":"replace","path":"/routes/0/provides","value":[]}])", "/routes/0/provides", "empty"},
    {"requires itself",
     R"([{"op":"add","path":"/routes/0/requires","value":[{"route":"register","identity":["/card","/date","/room"]}]}])",
     "/routes/0", "break the circle"},
    {"requires in a circle",
     R"([{"op":"add","path":"/routes/1/provides","value":["/card"]},
         {"op":"add","path":"/routes/0/requires","value":[{"route":"visit","identity":["/card"]}]}])",
     "/routes/0", "break the circle"},
    {"quotes what waits for it",
     R"([{"op":"add","path":"/routes/0/quotes","value":[{"reference":"noKunjungan","at":"/noKunjungan"}]}])",
     "/routes/0", "break the circle"},
    {"a POST takes back", R"([{"op":"add","path":"/routes/2/takes_back","value":{"reference":"noKunjungan"}}])",
     "/routes/2/takes_back", "only a DELETE"},
    {"takes back what is not quoted",
     R"([{"op":"replace","path":"/routes/3/takes_back/reference","value":"noKunjungan"}])",
     "/routes/3/takes_back/reference", "does not quote"},
    {"takes back twice", R"([{"op":"add","path":"/routes/3/takes_back/route","value":"register"}])",
     "/routes/3/takes_back", "says twice"},
    {"takes back nothing", R"([{"op":"replace","path":"/routes/3/takes_back","value":{}}])", "/routes/3/takes_back",
     "\"route\" is missing"},
    {"takes back by too little", R"([{"op":"remove","path":"/routes/4/takes_back/identity/0"}])",
     "/routes/4/takes_back/identity", "has 2 sources"},
    {"chained keys on a read", R"([{"op":"add","path":"/routes/5/provides","value":["{no}"]}])", "/routes/5/provides",
     "\"action\": \"queue\""},

    // Cached reads
    {"cached without a rule", R"([{"op":"remove","path":"/routes/7/cache"}])", "/routes/7", "\"cache\" is missing"},
    {"a rule without caching", R"([{"op":"replace","path":"/routes/7/action","value":"proxy"}])", "/routes/7/cache",
     "\"action\": \"cache\""},
    {"a cached POST", R"([{"op":"replace","path":"/routes/7/method","value":"POST"}])", "/routes/7/cache", "GET"},
    {"kept for no time", R"([{"op":"replace","path":"/routes/7/cache","value":{"fresh_s":0,"stale_s":0}}])",
     "/routes/7/cache", "keeps nothing"},
    {"a person's data for everybody", R"([{"op":"add","path":"/routes/6/cache/shared","value":true}])",
     "/routes/6/cache/shared", "every facility's"},
    {"a person's data for long", R"([{"op":"replace","path":"/routes/6/cache/stale_s","value":901}])",
     "/routes/6/cache/personal", "too long"},
    {"completed with nobody's", R"([{"op":"replace","path":"/routes/6/completes/route","value":"rooms"}])",
     "/routes/6/completes/route", "no queued route"},
    {"completed by no source", R"([{"op":"replace","path":"/routes/6/completes/where/0/queued","value":"date"}])",
     "/routes/6/completes/where/0/queued", "no source"},
    {"completed by what it lacks", R"([{"op":"replace","path":"/routes/6/completes/where/0/read","value":"{day}"}])",
     "/routes/6/completes/where/0/read", "day"},
    {"completed with a word", R"([{"op":"replace","path":"/routes/6/completes/entry","value":"x"}])",
     "/routes/6/completes/entry", "object"},
    {"a POST that is completed", R"([{"op":"move","from":"/routes/6/completes","path":"/routes/2/completes"}])",
     "/routes/2/completes", "only a read"},
    {"kept for ever", R"([{"op":"replace","path":"/routes/7/cache/stale_s","value":99999999}])",
     "/routes/7/cache/stale_s", "0 to"},

    // Acknowledgements and probes
    {"told a number that another route yields",
     R"([{"op":"replace","path":"/routes/0/acknowledgement/response/message","value":"{reference:noKunjungan}"}])",
     "/routes/0/acknowledgement/response", "this route yields or quotes"},
    {"told a number that is neither given nor quoted",
     R"([{"op":"replace","path":"/routes/2/acknowledgement/response","value":{"message":"{reference:noUrut}"}}])",
     "/routes/2/acknowledgement/response", "yields or quotes"},
    {"told half a placeholder",
     R"([{"op":"replace","path":"/routes/0/acknowledgement/response/message","value":"{reference:noUrut"}])",
     "/routes/0/acknowledgement/response", "braces"},
    {"told nothing to ask by", R"([{"op":"replace","path":"/routes/0/acknowledgement/response/message","value":"ok"}])",
     "/routes/0/acknowledgement/response", "ask about later"},
    {"nothing to identify by, and not among others",
     R"([{"op":"replace","path":"/routes/0/probe/identify","value":[]}])", "/routes/0/probe/identify", "any entry"},
    {"an alternative that is no pointer",
     R"([{"op":"replace","path":"/routes/0/probe/identify/0/in_entry","value":"/card|"}])",
     "/routes/0/probe/identify/0/in_entry", "JSON pointer"},
    {"an error that says nothing is there",
     R"([{"op":"replace","path":"/routes/0/probe/empty_statuses/0","value":404}])", "/routes/0/probe/empty_statuses/0",
     "200 to 299"},
    {"late entry of a DELETE",
     R"([{"op":"add","path":"/routes/3/business_date","value":"{date}"},
         {"op":"add","path":"/routes/3/late_entry","value":{"reason_pointer":"/why"}}])",
     "/routes/3/late_entry", "no body"},
};

TEST(LoadChain, RefusesWithPlaceAndSentence) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto loaded = load_profile(good().patch(json::parse(row.patch)).dump());
    if (loaded.has_value()) {
      ADD_FAILURE() << "loaded";
      continue;
    }
    EXPECT_EQ(loaded.error().pointer, row.pointer) << loaded.error().sentence;
    EXPECT_NE(loaded.error().sentence.find(row.words), std::string::npos) << loaded.error().sentence;
  }
}

}  // namespace
}  // namespace titip::profile
