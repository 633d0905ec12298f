// What the service says and writes down, call by call, on a clock the test holds.
#include "tests/pcare_sim/service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/pcare_sim/forms_for_tests.h"
#include "tests/sampler/day.h"

namespace titip::pcare_sim {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string today = "2021-08-16";

class ServiceTest : public testing::Test {
 protected:
  void open(ServiceRules rules = {}, std::vector<Facility> facilities = {}) {
    rules.now = [this] { return now_; };
    service_ = std::make_unique<Service>(std::move(rules), std::move(facilities));
  }

  Reply call(std::string_view method, const std::string& path, const std::string& body = "",
             const std::string& key = "", const std::string& facility = test_facility()) {
    return service_->answer(find_target(method, path), {facility, key, body}, {});
  }

  const Ledger& ledger() const { return service_->ledger(); }

  WallTime now_{std::chrono::sys_days{2021y / 8 / 16} + 3h};  // 10:00 in Jakarta
  std::unique_ptr<Service> service_;
};

json message_of(const Reply& reply) {
  return json::parse(reply.body)["metaData"]["message"];
}

TEST_F(ServiceTest, a_person_and_a_dose_are_taken_and_can_be_read_back) {
  open();
  const Reply person = call("POST", "sasaran/simpan", registration(1));
  EXPECT_EQ(person.status, 201);
  const auto who = sampler::make_person(1, 1);
  EXPECT_EQ(person.body,
            R"({"response":{"noTiket":")" + who.ticket + R"("},"metaData":{"message":"CREATED","code":201}})");
  const std::string body = dose(1, today);
  EXPECT_EQ(call("POST", "vaksin/simpan", body).status, 201);
  const Reply doses = call("GET", "datavaksin/notiket/" + who.ticket);
  EXPECT_EQ(doses.status, 200);
  EXPECT_EQ(json::parse(doses.body)["response"]["list"], json::array({json::parse(body)}));
  EXPECT_EQ(json::parse(call("GET", "datavaksin/tanggal/" + today).body)["response"]["count"], 1);
  const json seen = json::parse(call("GET", "tiket/nik/" + who.nik).body)["response"];
  EXPECT_EQ(seen["nama"], who.name);
  EXPECT_EQ(seen["noTiket"], who.ticket);
  EXPECT_EQ(seen["alamat"], who.address);
  EXPECT_EQ(seen["isEdit"], 1);
}

TEST_F(ServiceTest, nothing_there_is_said_in_the_real_words) {
  open();
  const Reply doses = call("GET", "datavaksin/notiket/Z-00000000");
  EXPECT_EQ(doses.status, 200);
  EXPECT_EQ(doses.body, R"({"response":null,"metaData":{"message":"Data tidak ditemukan","code":204}})");
  EXPECT_EQ(call("GET", "datavaksin/tanggal/" + today).body, doses.body);
  const Reply person = call("GET", "tiket/nik/9901010101900001");
  EXPECT_EQ(person.status, 404);
  EXPECT_EQ(json::parse(person.body)["metaData"]["code"], 404);
  EXPECT_EQ(message_of(person), "Data tidak ditemukan di dukcapil");
  const Reply missing = call("GET", "tidak/ada");
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(missing.body.find("XHTML"), std::string::npos);
  EXPECT_EQ(call("DELETE", "vaksin/simpan").status, 405);
}

TEST_F(ServiceTest, facilities_do_not_see_each_other) {
  open();
  call("POST", "sasaran/simpan", registration(1));
  call("POST", "vaksin/simpan", dose(1, today));
  const auto who = sampler::make_person(1, 1);
  EXPECT_EQ(call("GET", "tiket/nik/" + who.nik, "", "", "0905R002").status, 404);
  EXPECT_EQ(message_of(call("GET", "datavaksin/notiket/" + who.ticket, "", "", "0905R002")), "Data tidak ditemukan");
}

TEST_F(ServiceTest, tickets_are_searched_by_nik_or_ticket_and_day) {
  open();
  call("POST", "sasaran/simpan", registration(1));
  const auto who = sampler::make_person(1, 1);
  EXPECT_EQ(call("GET", "tiket/jenis/1/nopencarian/" + who.nik + "/tanggal/" + today).status, 200);
  EXPECT_EQ(
      json::parse(call("GET", "tiket/jenis/2/nopencarian/" + who.ticket + "/tanggal/" + today).body)["response"]["nik"],
      who.nik);
  EXPECT_EQ(message_of(call("GET", "tiket/jenis/1/nopencarian/" + who.nik + "/tanggal/2021-08-15")),
            "Data tidak ditemukan");
  EXPECT_EQ(call("GET", "tiket/jenis/7/nopencarian/1/tanggal/2021-02-30").status, 412);
}

TEST_F(ServiceTest, wrong_forms_are_refused_in_the_real_words_and_leave_no_trace) {
  open();
  call("POST", "sasaran/simpan", registration(1));
  const auto who = sampler::make_person(1, 1);
  const std::string name_and_nik = who.name + " (" + who.nik + ")";
  const std::string good = dose(1, today);
  struct Row {
    const char* name;
    const char* method;
    const char* path;
    std::string body;
    int status;
    std::string expected;  // in the reply
  };
  const Row rows[] = {
      {"unknown vaccine", "POST", "vaksin/simpan", dose(1, today, 1, "99"), 500,
       R"({"response":null,"metaData":{"message":"Tidak sesuai dengan referensi sistem: jenisVaksin 99 untuk )" +
           name_and_nik + R"(","code":500}})"},
      {"no vaccine", "POST", "vaksin/simpan", dose(1, today, 1, ""), 500, "Tidak sesuai dengan referensi sistem"},
      {"impossible date", "POST", "vaksin/simpan", dose(1, "2021-02-30"), 412,
       R"({"response":[{"field":"tglVaksin","message":"tglVaksin 2021-02-30 tidak valid untuk )" + name_and_nik +
           R"("}],"metaData":{"message":"PRECONDITION_FAILED","code":412}})"},
      {"yesterday without reason", "POST", "vaksin/simpan", dose(1, "2021-08-15"), 412, R"([{"field":"alasan",)"},
      {"tomorrow", "POST", "vaksin/simpan", dose(1, "2021-08-17"), 412, "melebihi hari ini"},
      {"not registered", "POST", "vaksin/simpan", dose(2, today), 412,
       "belum terdaftar sebagai sasaran pada faskes 0905R001"},
      {"another facility's form", "POST", "vaksin/simpan", replaced(good, "0905R001", "0905R009"), 412,
       "kdPpk 0905R009 tidak sesuai"},
      {"short ticket", "POST", "vaksin/simpan", replaced(good, who.ticket, "A-1"), 412, R"("field":"noTiket")"},
      {"bad nik", "POST", "vaksin/simpan", replaced(good, who.nik, "12x4"), 412, R"("field":"nik")"},
      {"no dose number", "POST", "vaksin/simpan", replaced(good, "\"dosis\":1", "\"dosis\":null"), 412,
       R"("field":"dosis")"},
      {"no screening", "POST", "vaksin/simpan", replaced(good, "lanjut", ""), 412, R"("field":"skrining.hasil")"},
      {"change of nothing", "PUT", "vaksin/ubah", good, 412, "belum di-entri"},
      {"change of nobody", "PUT", "sasaran/update", registration(2), 412, "belum terdaftar pada faskes"},
      {"birth date", "POST", "sasaran/simpan",
       replaced(registration(2), sampler::make_person(1, 2).birth_date, "1990-13-01"), 412, R"("field":"tglLahir")"},
      {"no name", "POST", "sasaran/simpan", replaced(registration(2), sampler::make_person(1, 2).name, ""), 412,
       R"("field":"nama")"},
      {"no JSON", "POST", "sasaran/simpan", "{\"nik\":", 400, "Format JSON tidak valid"},
      {"no object", "POST", "sasaran/simpan", "[]", 400, "Format JSON tidak valid"},
      {"too deep", "POST", "sasaran/simpan", "{\"a\":" + std::string(100'000, '['), 400, "terlalu dalam"},
  };
  const auto before = ledger().effect_count();
  for (const auto& row : rows) {
    const Reply reply = call(row.method, row.path, row.body);
    EXPECT_EQ(reply.status, row.status) << row.name << ": " << reply.body;
    EXPECT_NE(reply.body.find(row.expected), std::string::npos) << row.name << ": " << reply.body;
    EXPECT_TRUE(json::accept(reply.body)) << row.name;
  }
  EXPECT_EQ(ledger().effect_count(), before);
  EXPECT_EQ(service_->totals().rejected, std::size(rows));
}

TEST_F(ServiceTest, another_day_is_taken_with_a_reason) {
  open();
  call("POST", "sasaran/simpan", registration(1));
  const std::string late = replaced(dose(1, "2021-08-15"), R"("alasan":"")", R"("alasan":"1")");
  EXPECT_EQ(call("POST", "vaksin/simpan", late).status, 201);
  EXPECT_EQ(json::parse(call("GET", "datavaksin/tanggal/2021-08-15").body)["response"]["list"][0]["alasan"], "1");
}

TEST_F(ServiceTest, postponed_may_be_changed_until_midnight_of_the_server) {
  open();
  for (const std::uint32_t person : {1U, 2U, 3U}) {
    call("POST", "sasaran/simpan", registration(person));
    EXPECT_EQ(call("POST", "vaksin/simpan", dose(person, today, 1, "", person == 3 ? "tidak" : "tunda")).status, 201);
  }
  now_ = WallTime{std::chrono::sys_days{2021y / 8 / 16} + 16h + 59min + 59s};  // 23:59:59 in Jakarta
  const Reply in_time = call("PUT", "vaksin/ubah", dose(1, today));
  EXPECT_EQ(in_time.status, 200);
  EXPECT_EQ(message_of(in_time), "OK");
  now_ += 1s;
  const Reply too_late = call("PUT", "vaksin/ubah", dose(2, today));
  EXPECT_EQ(too_late.status, 412);
  EXPECT_NE(too_late.body.find("Data tunda hanya dapat diubah sampai 23:59 pada hari yang sama"), std::string::npos);
  EXPECT_EQ(call("PUT", "vaksin/ubah", dose(1, today, 1, "2")).status, 200) << "it is no longer postponed";
  EXPECT_EQ(call("PUT", "vaksin/ubah", dose(3, today)).status, 200) << "it never was";
}

TEST_F(ServiceTest, the_same_again_is_applied_again) {
  open();
  call("POST", "sasaran/simpan", registration(1));
  const std::string first = dose(1, today, 1, "1");
  const std::string second = dose(1, today, 1, "2");
  for (const auto& body : {first, first, second}) EXPECT_EQ(call("POST", "vaksin/simpan", body, "key-1").status, 201);
  const Entry& entry = ledger().entry(1);
  EXPECT_EQ(entry.count, 3U);
  EXPECT_EQ(json::parse(entry.values)["jenisVaksin"], "2") << "the last one applied";
  EXPECT_EQ(service_->totals().effects, 4U);
  EXPECT_EQ(service_->totals().entries, 2U);
  EXPECT_EQ(service_->totals().repeated_effects, 1U);
  EXPECT_EQ(ledger().effect(2).idempotency_key, "key-1") << "recorded, not honoured";
  EXPECT_EQ(service_->totals().replayed, 0U);
}

TEST_F(ServiceTest, other_doses_and_days_are_other_entries) {
  open();
  call("POST", "sasaran/simpan", registration(1));
  call("POST", "vaksin/simpan", dose(1, today, 1));
  call("POST", "vaksin/simpan", dose(1, today, 2));
  call("POST", "vaksin/simpan", replaced(dose(1, "2021-08-15"), R"("alasan":"")", R"("alasan":"2")"));
  EXPECT_EQ(ledger().entry_count(), 4U);
  const auto who = sampler::make_person(1, 1);
  EXPECT_EQ(json::parse(call("GET", "datavaksin/notiket/" + who.ticket).body)["response"]["count"], 3);
}

TEST_F(ServiceTest, honoured_keys_have_one_effect) {
  open({.honour_idempotency_key = true});
  call("POST", "sasaran/simpan", registration(1), "key-1");
  const Reply first = call("POST", "vaksin/simpan", dose(1, today), "key-2");
  const Reply again = call("POST", "vaksin/simpan", dose(1, today), "key-2");
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(ledger().effect_count(), 2U);
  EXPECT_EQ(service_->totals().replayed, 1U);
  EXPECT_EQ(call("POST", "vaksin/simpan", dose(1, today)).status, 201) << "without a key it is applied again";
  EXPECT_EQ(call("POST", "sasaran/simpan", registration(1), "key-2", "0905R002").status, 201)
      << "another facility's key is another key";
  EXPECT_EQ(ledger().effect_count(), 4U);
  EXPECT_EQ(call("POST", "vaksin/simpan", dose(2, today), "key-3").status, 412);
  call("POST", "sasaran/simpan", registration(2));
  EXPECT_EQ(call("POST", "vaksin/simpan", dose(2, today), "key-3").status, 201) << "a refusal does not use the key up";
}

TEST_F(ServiceTest, duplicates_are_refused_by_switch) {
  open({.refuse_duplicates = true});
  EXPECT_EQ(call("POST", "sasaran/simpan", registration(1)).status, 201);
  EXPECT_NE(call("POST", "sasaran/simpan", registration(1)).body.find("Peserta sudah di-entri"), std::string::npos);
  EXPECT_EQ(call("POST", "vaksin/simpan", dose(1, today)).status, 201);
  const Reply duplicate = call("POST", "vaksin/simpan", dose(1, today));
  EXPECT_EQ(duplicate.status, 428);
  EXPECT_EQ(message_of(duplicate).get<std::string>().substr(0, 22), "Peserta sudah di-entri");
  EXPECT_EQ(call("POST", "vaksin/simpan", dose(1, today, 1, "2")).status, 201) << "other values are a correction";
  EXPECT_EQ(service_->totals().duplicates_refused, 2U);
}

TEST_F(ServiceTest, benchmarks_need_not_register) {
  open({.accept_unregistered = true});
  EXPECT_EQ(call("POST", "vaksin/simpan", dose(1, today)).status, 201);
}

TEST_F(ServiceTest, a_full_ledger_takes_no_more) {
  open({.max_effects = 1});
  EXPECT_EQ(call("POST", "sasaran/simpan", registration(1)).status, 201);
  EXPECT_EQ(call("POST", "sasaran/simpan", registration(2)).status, 503);
  EXPECT_EQ(ledger().effect_count(), 1U);
}

TEST_F(ServiceTest, known_facilities_log_in_first) {
  open({}, {{"0905R001", "desk", "uji"}});
  const std::string expired = "Sesi login telah berakhir, silakan login kembali";
  EXPECT_EQ(call("GET", "referensi/alasan").status, 401);
  EXPECT_EQ(message_of(call("GET", "referensi/alasan")), expired);
  EXPECT_EQ(call("POST", "login", R"({"username":"desk","password":"salah"})").status, 401);
  EXPECT_EQ(message_of(call("POST", "login", R"({"username":"desk","password":"salah"})")),
            "Username atau password salah");
  EXPECT_EQ(call("POST", "login", R"({"username":"lain","password":"uji"})").status, 401);
  EXPECT_EQ(call("POST", "login", "[]").status, 400);
  const Reply in = call("POST", "login", R"({"username":"desk","password":"uji"})", "", "");
  EXPECT_EQ(in.status, 200);
  EXPECT_EQ(json::parse(in.body)["response"]["kdPpk"], "0905R001");
  EXPECT_EQ(call("GET", "referensi/alasan").status, 200);
  EXPECT_EQ(call("GET", "referensi/alasan", "", "", "0905R002").status, 401);
  const Reply out = service_->expire_log_in("0905R001");
  EXPECT_EQ(out.status, 401);
  EXPECT_EQ(message_of(out), expired);
  EXPECT_EQ(message_of(call("POST", "sasaran/simpan", registration(1))), expired);
  call("POST", "login", R"({"username":"desk","password":"uji"})");
  EXPECT_EQ(call("POST", "sasaran/simpan", registration(1)).status, 201);
}

TEST_F(ServiceTest, without_facilities_any_wellformed_code_is_welcome) {
  open();
  EXPECT_EQ(call("GET", "referensi/jenisvaksin", "", "", "X9").status, 200);
  EXPECT_EQ(call("GET", "referensi/jenisvaksin", "", "", "").status, 401);
  EXPECT_EQ(call("GET", "referensi/jenisvaksin", "", "", "a b").status, 401);
  service_->expire_log_in("X9");
  EXPECT_EQ(call("GET", "referensi/jenisvaksin", "", "", "X9").status, 401);
  call("POST", "login", R"({"username":"siapa","password":"saja"})");
  EXPECT_EQ(call("GET", "referensi/jenisvaksin", "", "", "X9").status, 200);
}

TEST_F(ServiceTest, reference_tables_are_there) {
  open();
  for (const char* table : {"kategorisasaran", "jenisvaksin", "keluhan", "alasan"}) {
    const json reply = json::parse(call("GET", std::string("referensi/") + table).body);
    EXPECT_EQ(reply["metaData"]["code"], 200);
    EXPECT_EQ(reply["response"]["list"].size(), reply["response"]["count"]) << table;
    EXPECT_FALSE(reply["response"]["list"].empty()) << table;
  }
  EXPECT_EQ(call("GET", "referensi/dokter").status, 404);
}

TEST_F(ServiceTest, a_changed_ticket_is_found_under_the_new_one_only) {
  open();
  call("POST", "sasaran/simpan", registration(1));
  call("POST", "vaksin/simpan", dose(1, today));
  const auto who = sampler::make_person(1, 1);
  EXPECT_EQ(call("PUT", "vaksin/ubah", replaced(dose(1, today), who.ticket, "B-12345678")).status, 200);
  EXPECT_EQ(message_of(call("GET", "datavaksin/notiket/" + who.ticket)), "Data tidak ditemukan");
  EXPECT_EQ(json::parse(call("GET", "datavaksin/notiket/B-12345678").body)["response"]["count"], 1);
  EXPECT_EQ(call("PUT", "vaksin/ubah", dose(1, today)).status, 200);
  EXPECT_EQ(json::parse(call("GET", "datavaksin/notiket/" + who.ticket).body)["response"]["count"], 1);
}

TEST_F(ServiceTest, lists_of_a_day_can_be_paged) {
  open({.accept_unregistered = true});
  for (std::uint32_t person = 0; person < 25; ++person) call("POST", "vaksin/simpan", dose(person, today));
  const json page = json::parse(call("GET", "datavaksin/tanggal/" + today + "?start=20&limit=10").body)["response"];
  EXPECT_EQ(page["count"], 25);
  EXPECT_EQ(page["list"].size(), 5U);
  EXPECT_EQ(page["list"][0]["nik"], sampler::make_person(1, 20).nik);
}

TEST_F(ServiceTest, a_sampled_day_ends_as_the_sampler_says) {
  open();
  sampler::DayPlan plan;
  plan.people = 300;
  plan.business_date = today;
  const auto day = sampler::make_day(plan).value();
  for (const auto& visit : day.calls) {
    const Reply reply = call(visit.method, visit.path.substr(1), visit.body, "", visit.facility);
    const int expected = visit.kind == sampler::CallKind::unknown_vaccine   ? 500
                         : visit.kind == sampler::CallKind::impossible_date ? 412
                         : visit.method == "PUT"                            ? 200
                                                                            : 201;
    EXPECT_EQ(reply.status, expected) << visit.body << "\n" << reply.body;
    EXPECT_EQ(visit.ends_rejected, expected >= 400);
    if (!visit.corrected_after_rejection) continue;
    EXPECT_EQ(call(visit.method, visit.path.substr(1), visit.corrected_body, "", visit.facility).status, 201);
  }
  EXPECT_EQ(service_->totals().rejected, 3U);
  EXPECT_EQ(service_->totals().entries, 300U + 300U - 2U) << "all registered; all but two of the rejected got a dose";
  EXPECT_EQ(service_->totals().effects, service_->totals().entries + 15U) << "and fifteen were postponed first";
}

TEST_F(ServiceTest, reset_forgets_everything) {
  open({.honour_idempotency_key = true}, {{"0905R001", "desk", "uji"}});
  call("POST", "login", R"({"username":"desk","password":"uji"})");
  call("POST", "sasaran/simpan", registration(1), "key-1");
  service_->reset();
  EXPECT_EQ(ledger().effect_count(), 0U);
  EXPECT_EQ(call("POST", "sasaran/simpan", registration(1), "key-1").status, 401);
  call("POST", "login", R"({"username":"desk","password":"uji"})");
  EXPECT_EQ(call("POST", "sasaran/simpan", registration(1), "key-1").status, 201);
  EXPECT_EQ(ledger().effect_count(), 1U);
}

TEST_F(ServiceTest, the_effect_log_has_a_line_of_json_for_each) {
  open();
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  service_->log_effects_to(file);
  call("POST", "sasaran/simpan", replaced(registration(1), ",", ",\r\n"), "key-1");
  call("POST", "vaksin/simpan", dose(1, today));
  call("POST", "vaksin/simpan", dose(1, "2021-02-30"));
  std::rewind(file);
  std::string text(8192, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  ASSERT_EQ(std::ranges::count(text, '\n'), 2) << text;
  const json first = json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first["seq"], 1);
  EXPECT_EQ(first["kind"], "person");
  EXPECT_EQ(first["route"], "sasaran/simpan");
  EXPECT_EQ(first["idempotency_key"], "key-1");
  EXPECT_EQ(first["values"]["nik"], sampler::make_person(1, 1).nik);
  EXPECT_EQ(first["time"], "2021-08-16T10:00:00.000+07:00");
  EXPECT_EQ(json::parse(text.substr(text.find('\n')))["dosis"], "1");
}

}  // namespace
}  // namespace titip::pcare_sim
