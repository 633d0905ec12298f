#include "gateway/facility_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "gateway/csv.h"

namespace titip::gateway {
namespace {

using Fields = std::vector<std::string>;
constexpr std::chrono::minutes wib{7 * 60};

TEST(Csv, as_the_standard_has_it) {
  const auto rows = read_csv(
      "\xef\xbb\xbf"
      "a,b\r\n\"x, y\",\"said \"\"no\"\"\"\r\n\n\"two\nlines\",\nlast,");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].fields, (Fields{"a", "b"}));
  EXPECT_EQ(rows[1].fields, (Fields{"x, y", "said \"no\""}));
  EXPECT_EQ(rows[2].fields, (Fields{"two\nlines", ""}));
  EXPECT_EQ(rows[3].fields, (Fields{"last", ""}));
  std::vector<std::size_t> lines;
  for (const auto& row : rows) {
    lines.push_back(row.line);
    EXPECT_EQ(row.fault, "");
  }
  EXPECT_EQ(lines, (std::vector<std::size_t>{1, 2, 4, 6}));
  EXPECT_TRUE(read_csv("").empty());
  EXPECT_TRUE(read_csv("\r\n\n").empty());
  EXPECT_EQ(read_csv("a\rb")[0].fields, (Fields{"a\rb"})) << "a carriage return alone ends no line";
}

TEST(Csv, what_is_broken_is_said_and_the_next_line_is_read) {
  const auto rows = read_csv("a\"b,c\n\"a\"b,c\ngood,one\n\"never,closed\n1,2\n");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_NE(rows[0].fault.find("a quote inside a field"), std::string::npos);
  EXPECT_NE(rows[1].fault.find("closing quote"), std::string::npos);
  EXPECT_EQ(rows[1].fields.size(), 2U);
  EXPECT_EQ(rows[2].fault, "");
  EXPECT_NE(rows[3].fault.find("never closed"), std::string::npos);
  EXPECT_EQ(rows[3].line, 4U);
}

TEST(FacilityFile, every_column_is_read_in_any_order) {
  const auto file = read_facility_file(
      "secret,code,name,consumer_id,utc_offset,late_entry_reason,username,password,encrypted,signature_age\n"
      "\"ra,has\"\"ia\",0905R002,\"Klinik, Uji\",23456,+09:00,02,meja-1,kata sandi,no,300\n"
      "s,P0002,Klinik,1,,,,,,\n"
      "s,P0003,Klinik,2,WITA,,,,profile,\n"
      ",P0004,Tanpa REST,,-03:30,,,,yes,\n",
      wib);
  for (const auto& fault : file.faults) ADD_FAILURE() << fault.line << ": " << fault.sentence;
  ASSERT_EQ(file.lines.size(), 4U);
  const auto& one = file.lines[0].facility;
  EXPECT_EQ(file.lines[0].line, 2U);
  EXPECT_EQ(one.code, "0905R002");
  EXPECT_EQ(one.name, "Klinik, Uji");
  EXPECT_EQ(one.consumer_id, "23456");
  EXPECT_EQ(one.consumer_secret, "ra,has\"ia");
  EXPECT_EQ(one.utc_offset, std::chrono::hours(9));
  EXPECT_EQ(one.late_entry_reason, "02");
  EXPECT_EQ(one.username, "meja-1");
  EXPECT_EQ(one.password, "kata sandi");
  EXPECT_EQ(one.encrypted_replies, false);
  EXPECT_EQ(one.signature_age, std::chrono::seconds(300));
  const auto& bare = file.lines[1].facility;
  EXPECT_EQ(bare.utc_offset, wib);
  EXPECT_EQ(bare.encrypted_replies, std::nullopt);
  EXPECT_EQ(bare.signature_age, std::nullopt);
  EXPECT_EQ(file.lines[2].facility.utc_offset, std::chrono::hours(8));
  EXPECT_EQ(file.lines[3].facility.utc_offset, -std::chrono::minutes(210));
  EXPECT_EQ(file.lines[3].facility.encrypted_replies, true);
}

TEST(FacilityFile, callbacks_are_read) {
  const std::string secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string first = "code,name,consumer_id,secret,callback_url,callback_secret,callback_delivered\n";
  const auto file =
      read_facility_file(first + "P0001,Klinik,1,s,https://klinik.example/x," + secret +
                             ",yes\nP0002,Klinik,2,s,https://klinik.example/y," + secret + ",\nP0003,Klinik,3,s,,,\n",
                         wib);
  for (const auto& fault : file.faults) ADD_FAILURE() << fault.line << ": " << fault.sentence;
  ASSERT_EQ(file.lines.size(), 3U);
  EXPECT_EQ(file.lines[0].facility.callback_url, "https://klinik.example/x");
  EXPECT_EQ(file.lines[0].facility.callback_secret, secret);
  EXPECT_TRUE(file.lines[0].facility.callback_delivered);
  EXPECT_FALSE(file.lines[1].facility.callback_delivered);
  EXPECT_EQ(file.lines[2].facility.callback_url, "");
  for (const auto& [line, says] :
       {std::pair("https://a.example,,", "go together"), std::pair("https://a.example,whsec_AAAA,", "24 to 64 bytes"),
        std::pair("http://a.example,whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,", "https://"),
        std::pair(",,yes", "no callback"), std::pair(",,perhaps", "yes or no")}) {
    const auto bad = read_facility_file(first + "P0001,Klinik,1,s," + line + "\n", wib);
    ASSERT_EQ(bad.faults.size(), 1U) << line;
    EXPECT_NE(bad.faults[0].sentence.find(says), std::string::npos) << line << ": " << bad.faults[0].sentence;
    EXPECT_EQ(bad.faults[0].sentence.find("AAAA"), std::string::npos) << "no secret is said";
  }
}

struct Row {
  const char* name;
  std::string line;  // behind "code,name,consumer_id,secret,utc_offset,encrypted,signature_age,username,password"
  const char* says;
};
const Row bad[] = {
    {"too few", "P0002,Klinik,1", "3 fields; the first line names 9"},
    {"no code", ",Klinik,1,s,,,,,", "the code must be"},
    {"a code that is none", "P 2,Klinik,1,s,,,,,", "the code must be"},
    {"no name", "P0002,,1,s,,,,,", "the name is missing"},
    {"a long name", "P0002," + std::string(201, 'n') + ",1,s,,,,,", "the name is longer than 200 bytes"},
    {"a long secret", "P0002,Klinik,1," + std::string(257, 's') + ",,,,,", "the consumer secret is longer than 256"},
    {"a secret of two lines", "P0002,Klinik,1,\"s\ns\",,,,,", "control character"},
    {"no UTF-8", "P0002,Klinik \xff,1,s,,,,,", "the name is not UTF-8"},
    {"an id with a space", "P0002,Klinik,1 1,s,,,,,", "visible ASCII"},
    {"an id without a secret", "P0002,Klinik,1,,,,,,", "go together"},
    {"a secret without an id", "P0002,Klinik,,s,,,,,", "go together"},
    {"a zone that is none", "P0002,Klinik,1,s,+7,,,,", "+07:00"},
    {"a zone too far", "P0002,Klinik,1,s,+15:00,,,,", "+07:00"},
    {"encrypted perhaps", "P0002,Klinik,1,s,,perhaps,,,", "yes, no or profile"},
    {"an age that is none", "P0002,Klinik,1,s,,,5m,,", "whole number of seconds"},
    {"an age of nothing", "P0002,Klinik,1,s,,,0,,", "from 1 to 86400"},
    {"a user without a password", "P0002,Klinik,1,s,,,,u,", "password go together"},
    {"the code of another line", "P0001,Klinik,1,s,,,,,", "the code P0001 stands in line 2 already"},
    {"the consumer of another line", "P0002,Klinik,1000,s,,,,,", "the consumer id 1000 stands in line 2 already"},
    {"a quote", "P0002,Klin\"ik,1,s,,,,,", "quote"},
};

// One fault a line, by its number, with none of the secrets in it; the others are read all the same.
TEST(FacilityFile, every_fault_is_named_by_its_line) {
  std::string csv = "code,name,consumer_id,secret,utc_offset,encrypted,signature_age,username,password\n";
  csv += "P0001,Klinik,1000,s,,,,,\n";
  std::size_t line = 3;
  for (const auto& row : bad) {
    const auto file = read_facility_file(csv + row.line + "\nP0009,Klinik,1009,s,,,,,\n", wib);
    ASSERT_EQ(file.faults.size(), 1U) << row.name;
    EXPECT_EQ(file.faults[0].line, line) << row.name;
    EXPECT_NE(file.faults[0].sentence.find(row.says), std::string::npos) << row.name << ": " << file.faults[0].sentence;
    EXPECT_EQ(file.lines.size(), 2U) << row.name;
  }
  std::string all = csv;
  for (const auto& row : bad) all += row.line + "\n";
  EXPECT_EQ(read_facility_file(all, wib).faults.size(), std::size(bad));
}

TEST(FacilityFile, the_first_line_names_the_columns) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "empty"},
      {"code,name,consumer_id,secret\n", "no facility"},
      {"code,name,consumer_id\nP,K,1\n", "the column secret is missing"},
      {"code,name,consumer_id,secret,colour\n", "column 5 has a name that is not known"},
      {"code,code,name,consumer_id,secret\n", "the column code stands there twice"},
      {"code;name;consumer_id;secret\nP;K;1;s\n", "semicolons"},
      {"P0001,Klinik,1000,rahasia-sekali\n", "column 1 has a name that is not known"},
  };
  for (const auto& [text, says] : rows) {
    const auto file = read_facility_file(text, wib);
    ASSERT_EQ(file.faults.size(), 1U) << text;
    EXPECT_EQ(file.faults[0].line, 1U);
    EXPECT_NE(file.faults[0].sentence.find(says), std::string::npos) << file.faults[0].sentence;
    EXPECT_EQ(file.faults[0].sentence.find("rahasia"), std::string::npos);
    EXPECT_TRUE(file.lines.empty());
  }
}

}  // namespace
}  // namespace titip::gateway
