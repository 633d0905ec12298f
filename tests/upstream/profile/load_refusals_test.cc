// The loader refuses each kind of wrong profile with its place and a sentence. Every row spoils the shipped profile by
// one JSON patch (RFC 6902), so that the rest of the file is known to be right.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "metrics/words/said.h"
#include "tests/upstream/shipped_profile.h"
#include "upstream/profile/profile.h"

namespace titip::profile {
namespace {

using nlohmann::json;

constexpr std::size_t vaksin_simpan = 11;

struct Row {
  const char* name;
  const char* patch;
  const char* pointer;
  const char* words;  // part of the sentence
};

const Row rows[] = {
    // The top
    {"unknown key", R"([{"op":"add","path":"/heatlh_read","value":"/x"}])", "/heatlh_read", "unknown key"},
    {"missing key", R"([{"op":"remove","path":"/mount"}])", "", "\"mount\" is missing"},
    {"wrong type", R"([{"op":"replace","path":"/name","value":7}])", "/name", "write a string"},
    {"empty text", R"([{"op":"replace","path":"/name","value":""}])", "/name", "empty"},
    {"bad name", R"([{"op":"replace","path":"/name","value":"P Care"}])", "/name", "lower-case"},
    {"version 0", R"([{"op":"replace","path":"/version","value":0}])", "/version", "1 to 1000000"},
    {"version not whole", R"([{"op":"replace","path":"/version","value":1.5}])", "/version", "whole number"},
    {"version beyond 64 bits", R"([{"op":"replace","path":"/version","value":18446744073709551615}])", "/version",
     "out of range"},
    {"mount is ours", R"([{"op":"replace","path":"/mount","value":"/v1/pcare"}])", "/mount", "Titip itself"},
    {"mount without slash", R"([{"op":"replace","path":"/mount","value":"pcare"}])", "/mount", "fixed path"},
    {"mount with trailing slash", R"([{"op":"replace","path":"/mount","value":"/pcare/"}])", "/mount", "fixed path"},
    {"mount climbs", R"([{"op":"replace","path":"/mount","value":"/a/.."}])", "/mount", "fixed path"},
    {"offset", R"([{"op":"replace","path":"/utc_offset","value":"WIB"}])", "/utc_offset", "+07:00"},
    {"offset too far", R"([{"op":"replace","path":"/utc_offset","value":"+14:30"}])", "/utc_offset", "14 hours"},
    {"header with a space", R"([{"op":"replace","path":"/idempotency_header","value":"Idempotency Key"}])",
     "/idempotency_header", "header name"},
    {"health read with braces", R"([{"op":"replace","path":"/health_read","value":"/tiket/{nik}"}])", "/health_read",
     "fixed path"},
    {"routes no array", R"([{"op":"replace","path":"/routes","value":{}}])", "/routes", "an array"},
    {"no routes", R"([{"op":"replace","path":"/routes","value":[]}])", "/routes", "at least one route"},

    // Scheme and envelope
    {"unknown scheme", R"([{"op":"replace","path":"/scheme/kind","value":"basic"}])", "/scheme/kind",
     "use one of \"none\""},
    {"scheme without its header", R"([{"op":"remove","path":"/scheme/facility_header"}])", "/scheme",
     "\"facility_header\" is missing"},
    {"none with parts", R"([{"op":"replace","path":"/scheme/kind","value":"none"}])", "/scheme/facility_header",
     "unknown key"},
    {"pointer without slash", R"([{"op":"replace","path":"/scheme/username_pointer","value":"username"}])",
     "/scheme/username_pointer", "JSON pointer"},
    {"password over user name", R"([{"op":"replace","path":"/scheme/password_pointer","value":"/username/p"}])",
     "/scheme/password_pointer", "user name's place"},
    {"log-in path without a route", R"([{"op":"replace","path":"/scheme/login_path","value":"/masuk"}])",
     "/routes/0/action", "POST /masuk"},
    {"no log-in route", R"([{"op":"replace","path":"/routes/0/action","value":"proxy"}])", "/scheme/login_path",
     "no route serves it"},
    {"log-in without such a scheme", R"([{"op":"replace","path":"/scheme","value":{"kind":"none"}}])",
     "/routes/0/action", "no log-in"},
    {"envelope code inside response", R"([{"op":"replace","path":"/envelope/code_pointer","value":"/response/code"}])",
     "/envelope", "inside another"},
    {"envelope through an array", R"([{"op":"replace","path":"/envelope/code_pointer","value":"/0/code"}])",
     "/envelope/code_pointer", "plain names"},

    // Routes
    {"unknown key in a route", R"([{"op":"add","path":"/routes/1/cached","value":true}])", "/routes/1/cached",
     "unknown key"},
    {"two routes, one id", R"([{"op":"replace","path":"/routes/2/id","value":"tiket/nik"}])", "/routes/2/id",
     "/routes/1"},
    {"overlapping routes", R"([{"op":"replace","path":"/routes/3/path","value":"/tiket/{x}/{y}"}])", "/routes/3/path",
     "\"/tiket/nik/{nik}\""},
    {"the same route twice",
     R"([{"op":"copy","from":"/routes/5","path":"/routes/-"},{"op":"replace","path":"/routes/13/id","value":"x"}])",
     "/routes/13/path", "make them differ"},
    {"lower-case method", R"([{"op":"replace","path":"/routes/1/method","value":"get"}])", "/routes/1/method",
     "GET, POST"},
    {"unknown action", R"([{"op":"replace","path":"/routes/1/action","value":"keep"}])", "/routes/1/action",
     "\"queue\", \"proxy\""},
    {"path with a query", R"([{"op":"replace","path":"/routes/1/path","value":"/tiket?nik={nik}"}])", "/routes/1/path",
     "no query"},
    {"path with an empty segment", R"([{"op":"replace","path":"/routes/1/path","value":"/tiket//nik"}])",
     "/routes/1/path", "not a path"},
    {"path climbs", R"([{"op":"replace","path":"/routes/1/path","value":"/tiket/../nik"}])", "/routes/1/path",
     "not a path"},
    {"braces inside a segment", R"([{"op":"replace","path":"/routes/1/path","value":"/tiket/x{nik}"}])",
     "/routes/1/path", "whole segments"},
    {"one parameter twice", R"([{"op":"replace","path":"/routes/1/path","value":"/{nik}/{nik}"}])", "/routes/1/path",
     "twice"},
    {"queue keys on a proxy", R"([{"op":"add","path":"/routes/1/ordering_key","value":["{nik}"]}])",
     "/routes/1/ordering_key", "\"action\": \"queue\""},
    {"a queued GET", R"([{"op":"replace","path":"/routes/11/method","value":"GET"}])", "/routes/11/action",
     "cannot wait"},
    {"body limit 0", R"([{"op":"add","path":"/routes/11/max_body_bytes","value":0}])", "/routes/11/max_body_bytes",
     "1 to"},

    // Keys
    {"no ordering key", R"([{"op":"remove","path":"/routes/11/ordering_key"}])", "/routes/11",
     "\"ordering_key\" is missing"},
    {"empty ordering key", R"([{"op":"replace","path":"/routes/11/ordering_key","value":[]}])",
     "/routes/11/ordering_key", "one line"},
    {"unknown source", R"([{"op":"replace","path":"/routes/11/ordering_key/0","value":"nik"}])",
     "/routes/11/ordering_key/0", "unknown source \"nik\""},
    {"bad pointer", R"([{"op":"replace","path":"/routes/11/ordering_key/0","value":"/nik~2"}])",
     "/routes/11/ordering_key/0", "unknown source"},
    {"empty alternative", R"([{"op":"replace","path":"/routes/11/ordering_key/0","value":"/nik|"}])",
     "/routes/11/ordering_key/0", "unknown source \"\""},
    {"a segment that the path lacks", R"([{"op":"replace","path":"/routes/11/ordering_key/0","value":"{nik}"}])",
     "/routes/11/ordering_key/0", "no such segment"},
    {"a key that may be empty", R"([{"op":"replace","path":"/routes/11/ordering_key/0","value":"/noHp"}])",
     "/routes/11/ordering_key/0", "add \"/noHp\" to \"required\""},
    {"required is no pointer", R"([{"op":"add","path":"/routes/11/required/-","value":"nama"}])",
     "/routes/11/required/4", "JSON pointer"},
    {"a date that may be empty", R"([{"op":"remove","path":"/routes/11/required/3"}])", "/routes/11/business_date",
     "required"},
    {"natural key on PUT", R"([{"op":"add","path":"/routes/12/natural_key","value":["/nik"]}])",
     "/routes/12/natural_key", "PUT"},
    {"natural key without on_conflict", R"([{"op":"remove","path":"/routes/11/on_conflict"}])", "/routes/11",
     "\"on_conflict\" is missing"},
    {"on_conflict without natural key", R"([{"op":"remove","path":"/routes/11/natural_key"}])",
     "/routes/11/on_conflict", "nothing can conflict"},
    {"unknown on_conflict", R"([{"op":"replace","path":"/routes/11/on_conflict","value":"merge"}])",
     "/routes/11/on_conflict", "\"refuse\", \"queue_behind\""},
    {"late entry without a date",
     R"([{"op":"add","path":"/routes/9/late_entry","value":{"reason_pointer":"/alasan"}}])", "/routes/9/late_entry",
     "business_date"},

    {"deadline without a date", R"([{"op":"add","path":"/routes/9/deadline","value":{"when_missed":"send"}}])",
     "/routes/9/deadline", "business_date"},
    {"deadline that does something else",
     R"([{"op":"add","path":"/routes/11/deadline","value":{"when_missed":"drop"}}])", "/routes/11/deadline/when_missed",
     "\"send\", \"hold\""},

    // After an unknown outcome
    {"no after_unknown", R"([{"op":"remove","path":"/routes/11/after_unknown"}])", "/routes/11",
     "\"after_unknown\" is missing"},
    {"probe missing", R"([{"op":"remove","path":"/routes/11/probe"}])", "/routes/11/after_unknown",
     "'probe' needs a \"probe\" object that says which read finds the record"},
    {"probe superfluous", R"([{"op":"replace","path":"/routes/11/after_unknown","value":"park"}])", "/routes/11/probe",
     "remove it"},
    {"probe of a DELETE", R"([{"op":"replace","path":"/routes/12/method","value":"DELETE"}])",
     "/routes/12/after_unknown", "DELETE"},
    {"probe identifies nothing", R"([{"op":"replace","path":"/routes/11/probe/identify","value":[]}])",
     "/routes/11/probe/identify", "any entry"},
    {"probe compares nothing", R"([{"op":"replace","path":"/routes/11/probe/compare","value":[]}])",
     "/routes/11/probe/compare", "old record"},
    {"probe reads by an uncertain field",
     R"([{"op":"replace","path":"/routes/11/probe/read","value":"/datavaksin/hp/{/noHp}"}])", "/routes/11/probe/read",
     "add \"/noHp\" to \"required\""},
    {"probe reads by an unknown segment",
     R"([{"op":"replace","path":"/routes/11/probe/read","value":"/datavaksin/{noTiket}"}])", "/routes/11/probe/read",
     "no such segment"},
    {"probe read with open braces",
     R"([{"op":"replace","path":"/routes/11/probe/read","value":"/datavaksin/{/noTiket"}])", "/routes/11/probe/read",
     "path template"},
    {"probe read climbs", R"([{"op":"replace","path":"/routes/11/probe/read","value":"/datavaksin/../{/noTiket}"}])",
     "/routes/11/probe/read", "leave out"},
    {"pages without their place",
     R"([{"op":"add","path":"/routes/11/probe/paging","value":{"count":"/response/count","size":100}}])",
     "/routes/11/probe/paging", "write {start}"},
    {"pages without their size in the path",
     R"([{"op":"add","path":"/routes/11/probe/paging","value":{"count":"/response/count","size":100}},
         {"op":"replace","path":"/routes/11/probe/read","value":"/datavaksin/{/noTiket}/{start}"}])",
     "/routes/11/probe/paging", "write {limit}"},
    {"pages of nothing", R"([{"op":"add","path":"/routes/11/probe/paging","value":{"count":"/response/count","size":0}},
         {"op":"replace","path":"/routes/11/probe/read","value":"/datavaksin/{/noTiket}/{start}/{limit}"}])",
     "/routes/11/probe/paging/size", "1 to 1000"},
    {"pages that nobody counts", R"([{"op":"add","path":"/routes/11/probe/paging","value":{"size":100}},
         {"op":"replace","path":"/routes/11/probe/read","value":"/datavaksin/{/noTiket}/{start}/{limit}"}])",
     "/routes/11/probe/paging", "\"count\" is missing"},
    {"a page's place without pages",
     R"([{"op":"replace","path":"/routes/11/probe/read","value":"/datavaksin/{/noTiket}/{start}/{limit}"}])",
     "/routes/11/probe/read", "no such segment"},
    {"entries is no pointer", R"([{"op":"replace","path":"/routes/11/probe/entries","value":"response.list"}])",
     "/routes/11/probe/entries", "JSON pointer"},
    {"identify by an uncertain field", R"([{"op":"replace","path":"/routes/11/probe/identify/0","value":"/noHp"}])",
     "/routes/11/probe/identify/0", "required"},
    {"a pair without its body side",
     R"([{"op":"replace","path":"/routes/11/probe/compare/0","value":{"in_entry":"/nama"}}])",
     "/routes/11/probe/compare/0", "\"in_body\" is missing"},
    {"empty code as text", R"([{"op":"replace","path":"/routes/11/probe/empty_codes/0","value":"204"}])",
     "/routes/11/probe/empty_codes/0", "whole number"},

    // Acknowledgement
    {"no acknowledgement", R"([{"op":"remove","path":"/routes/11/acknowledgement"}])", "/routes/11",
     "\"acknowledgement\" is missing"},
    {"acknowledged with an error", R"([{"op":"replace","path":"/routes/11/acknowledgement/http_status","value":503}])",
     "/routes/11/acknowledgement/http_status", "200 to 299"},
    {"response without a receipt",
     R"([{"op":"replace","path":"/routes/11/acknowledgement/response","value":{"id":"{id}"}}])",
     "/routes/11/acknowledgement/response", "{receipt}"},
    {"unknown placeholder",
     R"([{"op":"replace","path":"/routes/11/acknowledgement/response","value":{"a":"{receipt}","n":["{noTiket}"]}}])",
     "/routes/11/acknowledgement/response", "{noTiket}"},
    {"open placeholder", R"([{"op":"replace","path":"/routes/11/acknowledgement/response","value":{"a":"{receipt"}}])",
     "/routes/11/acknowledgement/response", "braces"},
    {"placeholder as a name",
     R"([{"op":"replace","path":"/routes/11/acknowledgement/response","value":{"{receipt}":1}}])",
     "/routes/11/acknowledgement/response", "only values"},
    {"response is a text", R"([{"op":"replace","path":"/routes/11/acknowledgement/response","value":"{receipt}"}])",
     "/routes/11/acknowledgement/response", "object"},

    // Rules
    {"no rules", R"([{"op":"replace","path":"/rules","value":[]}])", "/rules", "last rule must match everything"},
    {"no catch-all", R"([{"op":"remove","path":"/rules/14"}])", "/rules", "last rule must match everything"},
    {"catch-all in the middle",
     R"([{"op":"add","path":"/rules/3","value":{"id":"x","outcome":"unknown","served":false}}])", "/rules/3",
     "never reached"},
    {"catch-all rejects", R"([{"op":"replace","path":"/rules/14/outcome","value":"rejected"}])", "/rules/14/outcome",
     "service's own words"},
    {"two rules, one id", R"([{"op":"replace","path":"/rules/5/id","value":"accepted"}])", "/rules/5/id",
     "another rule"},
    {"rule for an unknown route", R"([{"op":"replace","path":"/rules/7/routes/0","value":"vaksin/hapus"}])",
     "/rules/7/routes/0", "vaksin/hapus"},
    {"rule for a route that is not queued", R"([{"op":"replace","path":"/rules/7/routes/0","value":"tiket/nik"}])",
     "/rules/7/routes/0", "no queued route"},
    {"rule for no route", R"([{"op":"replace","path":"/rules/7/routes","value":[]}])", "/rules/7/routes",
     "matches nothing"},
    {"status of two digits", R"([{"op":"replace","path":"/rules/1/http_status/0","value":20}])",
     "/rules/1/http_status/0", "three digits"},
    {"status 600", R"([{"op":"replace","path":"/rules/1/http_status/0","value":600}])", "/rules/1/http_status/0",
     "1 to 599"},
    {"unknown outcome", R"([{"op":"replace","path":"/rules/1/outcome","value":"ok"}])", "/rules/1/outcome",
     "\"delivered\""},
    {"served left out", R"([{"op":"remove","path":"/rules/1/served"}])", "/rules/1", "\"served\" is missing"},
    {"delivered by status alone", R"([{"op":"remove","path":"/rules/1/code"}])", "/rules/1/outcome",
     "positive evidence"},
    {"rejected by status alone", R"([{"op":"replace","path":"/rules/2/outcome","value":"rejected"}])",
     "/rules/2/outcome", "own words"},
    {"deferred on no evidence",
     R"([{"op":"add","path":"/rules/0","value":{"id":"x","envelope":false,"outcome":"deferred","served":false}}])",
     "/rules/0/outcome", "sent again"},
    {"a text without an envelope", R"([{"op":"replace","path":"/rules/0/envelope","value":false}])",
     "/rules/0/envelope", "never match"},
    {"a route that nothing can deliver",
     R"([{"op":"add","path":"/rules/0/routes","value":["vaksin/simpan"]},{"op":"add","path":"/rules/1/routes","value":["vaksin/simpan"]}])",
     "/rules", "no rule can deliver \"sasaran/simpan\""},

    // Fixtures
    {"fixture of an unknown rule", R"([{"op":"replace","path":"/fixtures/0/expect_rule","value":"fine"}])",
     "/fixtures/0/expect_rule", "fine"},
    {"fixture of an unknown route", R"([{"op":"replace","path":"/fixtures/0/route","value":"login"}])",
     "/fixtures/0/route", "login"},
    {"fixture of an unknown route beside a known one",
     R"([{"op":"replace","path":"/fixtures/0/route","value":["vaksin/simpan","tiket/nik"]}])", "/fixtures/0/route",
     "tiket/nik"},
    {"fixture of no route", R"([{"op":"replace","path":"/fixtures/0/route","value":[]}])", "/fixtures/0/route",
     "never run"},
    {"fixture of an unknown outcome", R"([{"op":"replace","path":"/fixtures/0/expect_outcome","value":"fine"}])",
     "/fixtures/0/expect_outcome", "\"delivered\""},
    {"fixture that expects no outcome", R"([{"op":"remove","path":"/fixtures/0/expect_outcome"}])", "/fixtures/0",
     "\"expect_outcome\" is missing"},
    {"headers that are a list", R"([{"op":"add","path":"/fixtures/0/headers","value":["Retry-After: 3"]}])",
     "/fixtures/0/headers", "an object"},
    {"a header that is none", R"([{"op":"add","path":"/fixtures/0/headers","value":{"Retry After":"3"}}])",
     "/fixtures/0/headers", "Retry After"},
    {"a header that is a number", R"([{"op":"add","path":"/fixtures/0/headers","value":{"Retry-After":3}}])",
     "/fixtures/0/headers/Retry-After", "write a string"},
    {"two fixtures, one name", R"([{"op":"copy","from":"/fixtures/0","path":"/fixtures/1"}])", "/fixtures/1/name",
     "another fixture"},
    {"fixture without a body", R"([{"op":"remove","path":"/fixtures/0/body"}])", "/fixtures/0", "\"body\" is missing"},
};

TEST(LoadProfile, RefusesWithPlaceAndSentence) {
  const json shipped = json::parse(tests::shipped_profile_text(), nullptr, true, true);
  ASSERT_EQ(shipped["routes"][vaksin_simpan]["id"], "vaksin/simpan");
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto loaded = load_profile(shipped.patch(json::parse(row.patch)).dump());
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().pointer, row.pointer) << loaded.error().sentence;
    EXPECT_NE(loaded.error().sentence.find(row.words), std::string::npos) << loaded.error().sentence;
  }
}

TEST(LoadProfile, RefusesInTheLanguageOfTheProcess) {
  const json shipped = json::parse(tests::shipped_profile_text(), nullptr, true, true);
  for (const Row& row : rows) {
    const auto spoilt = shipped.patch(json::parse(row.patch)).dump();
    const auto english = load_profile(spoilt);
    words::speak(words::Language::id);
    const auto indonesian = load_profile(spoilt);
    words::speak(words::Language::en);
    ASSERT_FALSE(indonesian.has_value()) << row.name;
    EXPECT_EQ(indonesian.error().pointer, row.pointer) << row.name;
    EXPECT_NE(indonesian.error().sentence, english.error().sentence) << row.name;
  }
}

}  // namespace
}  // namespace titip::profile
