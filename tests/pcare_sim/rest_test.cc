// P-Care REST call by call, on a clock the test holds: what it says, which numbers it gives, what it counts.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/pcare_sim/lz_string.h"
#include "tests/pcare_sim/rest_service.h"
#include "tests/pcare_sim/sealing.h"

namespace titip::pcare_sim {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// What the service's reference clients would compute (lz-string 1.5.0 and Node's crypto).
TEST(rest_sealing, known_answers) {
  EXPECT_EQ(lz_packed(""), "Q");
  EXPECT_EQ(lz_packed("a"), "IZA");
  EXPECT_EQ(lz_packed("aaaaaaaaaa"), "IY1o");
  EXPECT_EQ(lz_packed(R"({"field":"noUrut","message":"A1"})"),
            "N4IgZglgpgNgJiAXCAdgewKoCcCuAXEAGhAFsoBncgQwHMokQBBARhAF8g");
  EXPECT_EQ(lz_packed("é漢😀é漢😀"), "JeIntLwbgAe6lA");
  EXPECT_EQ(lz_packed(std::string("\0\xc3\xbf\xc4\x80", 5)), "AAf8AIBA");
  EXPECT_EQ(signature_of("1234", "rahasia-uji", "1666000000"), "9bPokLn2NMP77Apqi1hceBBci5wVa3+FAyNaZCMPcPc=");
  EXPECT_EQ(sealed_response("1234", "rahasia-uji", "1666000000", R"({"field":"noUrut","message":"A1"})"),
            "L9U7EUGIz/TeQKPJ9DQbzfxjCybziU+IBrwoa8pWCeUKPawqiA0bvPsqQf20aAxmbxbTKdirtTvzbLDE3YFCPQ==");
  EXPECT_EQ(base64_decoded("QTpCOkM="), "A:B:C");
  EXPECT_EQ(base64_decoded("QTpCOkM"), std::nullopt);
}

TEST(rest_consumers, a_file_that_is_wrong_is_named) {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {{"{}", "/: must be a JSON array of consumers"},
                      {"[1]", "/0: must be an object"},
                      {R"([{"cons_id":1}])", "/0/cons_id: must be a string"},
                      {R"([{"id":"1"}])", "/0/id: is no key of a consumer"},
                      {R"([{"cons_id":"1"}])", "/0/secret: is missing"}};
  for (const auto& row : rows) EXPECT_EQ(parse_consumers(row.text).error(), row.expected);
}

class RestTest : public testing::Test {
 protected:
  RestTest() {
    RestRules rules;
    rules.now = [this] { return now_; };
    service_ = std::make_unique<RestService>(
        std::move(rules), std::vector<Consumer>{{"1234", "rahasia-uji", "kunci", "0114A026", "dokter", "sandi"}});
  }

  Reply call(std::string_view method, const std::string& path, const std::string& body = "") {
    signature_ = signature_of("1234", secret_, timestamp_);
    const auto target = find_rest_target(method, mount_ + path);
    if (!target) return {0, "", ""};
    return service_->answer(*target, {{consumer_, timestamp_, signature_, authorization_, user_key_}, body}, {});
  }
  json said(std::string_view method, const std::string& path, const std::string& body = "") {
    return json::parse(call(method, path, body).body);
  }

  std::string attendance(const std::string& more = "") const {
    return R"({"kdProviderPeserta":"0114A026","noKartu":"0001234567890","tglDaftar":"17-10-2022","kdPoli":"001")" +
           more + "}";
  }
  std::string visit(const std::string& number = "null") const {
    return attendance(R"(,"kdDiag1":"J00","noKunjungan":)" + number);
  }
  json effects() const { return json::parse(service_->ledger().effects_json(0, 100))["effects"]; }

  WallTime now_{1'666'000'060s};
  std::string mount_ = "/pcare-rest-v3.0/";
  std::string consumer_ = "1234";
  std::string secret_ = "rahasia-uji";
  std::string timestamp_ = "1666000000";
  std::string signature_;
  std::string authorization_ = "Basic ZG9rdGVyOnNhbmRpOjA5NQ==";  // dokter:sandi:095
  std::string user_key_;
  std::unique_ptr<RestService> service_;
};

TEST_F(RestTest, only_consumers_with_the_right_signature_and_log_in_come_in) {
  const auto refused = [&](const char* message) {
    const Reply reply = call("GET", "dokter/0/10");
    EXPECT_EQ(reply.status, 401) << message;
    EXPECT_EQ(json::parse(reply.body)["metaData"], json({{"code", 401}, {"message", message}}));
  };
  EXPECT_EQ(call("GET", "dokter/0/10").status, 200);
  consumer_ = "9999";
  refused("Consumer 9999 tidak terdaftar");
  consumer_ = "1234";
  secret_ = "salah";
  refused("Signature tidak sesuai");
  secret_ = "rahasia-uji";
  timestamp_ = "1665999700";
  refused("Timestamp kedaluwarsa");
  timestamp_ = "1666000361";
  refused("Timestamp kedaluwarsa");
  timestamp_ = "1666000360";
  EXPECT_EQ(call("GET", "dokter/0/10").status, 200);
  user_key_ = "lain";
  refused("user_key tidak valid");
  user_key_.clear();
  authorization_ = "Basic ZG9rdGVyOnNhbGFoOjA5NQ==";  // another password
  refused("Username atau password salah");
  EXPECT_EQ(service_->totals().unauthorized, 6U);
}

TEST_F(RestTest, replies_are_encrypted_to_those_who_send_a_user_key_since_2022) {
  user_key_ = "kunci";
  EXPECT_EQ(said("POST", "pendaftaran", attendance())["response"], json({{"field", "noUrut"}, {"message", "A1"}}));
  service_->reset();
  mount_ = "/pcare-rest/";
  EXPECT_EQ(said("POST", "pendaftaran", attendance())["response"],
            "L9U7EUGIz/TeQKPJ9DQbzfxjCybziU+IBrwoa8pWCeUKPawqiA0bvPsqQf20aAxmbxbTKdirtTvzbLDE3YFCPQ==");
  const json refused = said("POST", "kunjungan/v1", R"({"noKartu":"0001234567891"})");
  EXPECT_EQ(refused["response"][0]["message"], "Belum melakukan pendaftaran pada poli tersebut")
      << "plain in this era too";
  user_key_.clear();
  service_->reset();
  EXPECT_EQ(said("POST", "pendaftaran", attendance())["response"]["message"], "A1");
}

TEST_F(RestTest, a_day_from_registration_to_a_drug_and_back) {
  const Reply registered = call("POST", "pendaftaran/", attendance());
  EXPECT_EQ(registered.status, 201);
  EXPECT_EQ(json::parse(registered.body), json::parse(R"({"response":{"field":"noUrut","message":"A1"},
                                                          "metaData":{"message":"CREATED","code":201}})"));
  EXPECT_EQ(said("POST", "Kunjungan/V1", visit())["response"],
            json::parse(R"([{"field":"noKunjungan","message":"0114A0261022Y000001"}])"));
  const std::string quoting = R"({"noKunjungan":"0114A0261022Y000001","kdObat":"DP0001","keterangan":"a"})";
  const std::string drug = said("POST", "obat/kunjungan", quoting)["response"][0]["message"];
  EXPECT_EQ(call("POST", "tindakan", quoting).status, 201);
  EXPECT_EQ(call("POST", "mcu", quoting).status, 201);
  EXPECT_EQ(call("PUT", "kunjungan/v1", visit(R"("0114A0261022Y000001")")).status, 200);
  EXPECT_EQ(said("GET", "obat/kunjungan/0114A0261022Y000001")["response"]["list"][0]["kdObatSK"], drug);
  EXPECT_EQ(said("GET", "kunjungan/peserta/0001234567890")["response"]["list"][0]["noKunjungan"],
            "0114A0261022Y000001");
  EXPECT_EQ(said("GET", "pendaftaran/tglDaftar/17-10-2022/0/10")["response"]["list"][0]["noUrut"], "A1");
  EXPECT_EQ(call("DELETE", "obat/" + drug + "/kunjungan/0114A0261022Y000001").status, 200);
  EXPECT_EQ(call("DELETE", "kunjungan/0114A0261022Y000001").status, 200);
  EXPECT_EQ(call("DELETE", "pendaftaran/peserta/0001234567890/tglDaftar/17-10-2022/noUrut/A1/kdPoli/001").status, 200);
  const Reply nobody = call("GET", "pendaftaran/tglDaftar/17-10-2022/0/10");
  EXPECT_EQ(nobody.status, 204);
  EXPECT_EQ(nobody.body, "");
  EXPECT_EQ(said("POST", "pendaftaran", attendance())["response"]["message"], "A2") << "no number is given twice";
  ASSERT_EQ(effects().size(), 10U);
  const json third = effects()[2];
  EXPECT_EQ(third["quoted"], json::parse(R"([["noKunjungan","0114A0261022Y000001"]])"));
  EXPECT_EQ(third["given"], json({"kdObatSK", drug}));
  EXPECT_EQ(third["of"]["noKartu"], "0001234567890");
  EXPECT_EQ(third["body"], quoting);
  EXPECT_EQ(service_->totals().dangling_references, 0U);
  EXPECT_EQ(service_->totals().effects, 10U);
}

TEST_F(RestTest, a_second_registration_is_refused_in_three_places) {
  call("POST", "pendaftaran", attendance());
  const std::string words = "Peserta sudah di-entri di poli yang sama pada hari yang sama";
  EXPECT_EQ(said("POST", "pendaftaran", attendance())["metaData"], json({{"code", 401}, {"message", words}}));
  EXPECT_EQ(said("POST", "pendaftaran", attendance())["metaData"], json({{"code", 428}, {"message", words + "."}}));
  EXPECT_EQ(said("POST", "pendaftaran", attendance())["response"][0]["message"], words);
  EXPECT_EQ(service_->totals().duplicates_refused, 3U);
  EXPECT_EQ(service_->totals().effects, 1U);
}

TEST_F(RestTest, what_depends_on_nothing_is_refused_and_numbers_never_given_are_counted) {
  const json blocked = said("POST", "kunjungan", visit());
  EXPECT_EQ(blocked["metaData"]["code"], 412);
  EXPECT_EQ(blocked["response"][0]["message"], "Belum melakukan pendaftaran pada poli tersebut");
  EXPECT_EQ(service_->totals().dangling_references, 0U);
  call("POST", "pendaftaran", attendance());
  call("POST", "kunjungan", visit());
  const char* never_given = R"({"noKunjungan":"0114A0261022T000001"})";
  EXPECT_EQ(call("POST", "obat/kunjungan", never_given).status, 412);
  EXPECT_EQ(call("POST", "tindakan", never_given).status, 412);
  EXPECT_EQ(call("PUT", "MCU", never_given).status, 412);
  EXPECT_EQ(call("PUT", "kunjungan", visit(R"("0114A0261022Y000002")")).status, 412);
  EXPECT_EQ(call("DELETE", "kunjungan/0114A0261022T000001").status, 412);
  EXPECT_EQ(call("DELETE", "pendaftaran/peserta/0001234567890/tglDaftar/17-10-2022/noUrut/T1/kdPoli/001").status, 412);
  EXPECT_EQ(service_->totals().dangling_references, 6U);
  EXPECT_EQ(service_->totals().effects, 2U);
  EXPECT_EQ(call("POST", "pendaftaran", R"({"noKartu":"9991234567890"})").status, 412);
  EXPECT_EQ(call("POST", "pendaftaran", "[[").status, 400);
  EXPECT_EQ(
      said("POST", "pendaftaran", R"({"noKartu":"0001234567892","tglDaftar":"17-10-2022","kdPoli":"9"})")["metaData"],
      json({{"code", 500}, {"message", "kdPoli: Tidak sesuai dengan referensi sistem"}}));
  EXPECT_EQ(
      said("POST", "pendaftaran", R"({"noKartu":"0001234567892","tglDaftar":"18-10-2022"})")["response"][0]["field"],
      "tglDaftar");
}

TEST_F(RestTest, queues_of_the_clinics_app) {
  mount_ = "/antreanfktp/";
  const char* place = R"({"nomorkartu":"0001234567890","tanggalperiksa":"2022-10-17","kodepoli":"001"})";
  EXPECT_EQ(said("POST", "antrean/panggil", place)["metadata"]["code"], 412);
  EXPECT_EQ(said("POST", "antrean/add", place),
            json::parse(R"({"response":null,"metadata":{"message":"Ok","code":200}})"));
  EXPECT_EQ(said("POST", "antrean/add", place)["metadata"]["code"], 208);
  EXPECT_EQ(said("POST", "antrean/panggil", place)["metadata"]["code"], 200);
  EXPECT_EQ(said("POST", "antrean/batal", place)["metadata"]["code"], 200);
  EXPECT_EQ(said("GET", "ref/poli/tanggal/2022-10-17")["metadata"]["code"], 200);
  EXPECT_EQ(service_->totals().effects, 3U);
}

TEST_F(RestTest, paths) {
  EXPECT_EQ(call("GET", "DIAGNOSA/demam/0/10").status, 204);
  EXPECT_EQ(said("GET", "diagnosa/fever/0/10")["response"]["count"], 1);
  EXPECT_EQ(said("GET", "peserta/noka/0001234567890")["response"]["noKartu"], "0001234567890");
  EXPECT_EQ(said("GET", "peserta/nik/9901010123456789")["response"]["noKartu"], "0000123456789");
  EXPECT_EQ(call("GET", "spesialis/khusus").status, 200);
  EXPECT_EQ(call("PUT", "pendaftaran", "{}").status, 405);
  EXPECT_EQ(call("GET", "tidak/ada").status, 404);
  mount_ = "/pcare-rest-dev/";
  EXPECT_EQ(call("GET", "dokter/0/10").status, 0);
}

}  // namespace
}  // namespace titip::pcare_sim
