#include "gateway/admin/tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/gateway/fakes.h"
#include "tests/gateway/temporary_directory.h"

namespace titip::admin {
namespace {

using namespace std::chrono_literals;

class TokensTest : public testing::Test {
 protected:
  tests::TemporaryDirectory directory_;
  const std::filesystem::path file_ = token_file(directory_.path());
  const std::vector<Token> two_{{"a", Role::viewer, token_hash("one"), tests::morning, {}},
                                {"b", Role::admin, token_hash("two"), tests::morning, tests::morning + 1h}};
};

TEST_F(TokensTest, are_kept_hashed_in_a_file_for_its_owner_alone) {
  EXPECT_EQ(read_tokens(file_), std::vector<Token>{}) << "no file: nobody";
  ASSERT_TRUE(write_tokens(file_, two_));
  EXPECT_EQ(read_tokens(file_), two_);
  struct stat about{};
  ASSERT_EQ(::stat(file_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  std::ofstream(file_.string() + ".new") << "what a write that was cut short left behind";
  ASSERT_TRUE(write_tokens(file_, {two_[0]}));
  EXPECT_EQ(read_tokens(file_)->size(), 1U);
}

TEST_F(TokensTest, a_file_that_others_may_read_or_that_is_damaged_is_refused) {
  ASSERT_TRUE(write_tokens(file_, two_));
  for (const mode_t mode : {0640U, 0604U, 0620U}) {
    ASSERT_EQ(::chmod(file_.c_str(), mode), 0);
    const auto read = read_tokens(file_);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().english().find("chmod 600"), std::string::npos);
  }
  ASSERT_EQ(::chmod(file_.c_str(), 0600), 0);
  for (const auto* text : {"", "{}", R"({"tokens":[{"name":"a"}]})", R"({"tokens":7})",
                           R"({"tokens":[{"name":"a","role":"king","sha256":"00","made_ms":1}]})"}) {
    std::ofstream(file_, std::ios::trunc) << text;
    EXPECT_FALSE(read_tokens(file_)) << text;
  }
  std::filesystem::remove(file_);
  std::filesystem::create_symlink("/dev/null", file_);
  EXPECT_FALSE(read_tokens(file_));
}

TEST_F(TokensTest, are_found_whole_and_while_they_are_valid) {
  TokenBook book;
  EXPECT_TRUE(book.empty());
  EXPECT_FALSE(book.find("", tests::morning));
  book.replace(two_);
  EXPECT_EQ(book.find("one", tests::morning)->name, "a");
  EXPECT_EQ(book.find("two", tests::morning)->role, Role::admin);
  EXPECT_FALSE(book.find("two", tests::morning + 1h));
  for (const auto* secret : {"", "on", "ones", "One", "three"})
    EXPECT_FALSE(book.find(secret, tests::morning)) << secret;
  EXPECT_FALSE(book.find(two_[0].hash, tests::morning)) << "the hash lets nobody in";
}

TEST_F(TokensTest, are_random_and_hashed_by_sha_256) {
  const auto secret = new_token_secret();
  EXPECT_EQ(secret.size(), 6U + 64U);
  EXPECT_NE(secret, new_token_secret());
  EXPECT_EQ(token_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(TokensTest, a_role_may_what_those_before_it_may) {
  EXPECT_TRUE(may(Role::admin, Role::viewer));
  EXPECT_TRUE(may(Role::operator_, Role::operator_));
  EXPECT_FALSE(may(Role::viewer, Role::operator_));
  EXPECT_EQ(role_named("operator"), Role::operator_);
  EXPECT_FALSE(role_named("root"));
  for (const auto command : {Command::edit, Command::erase, Command::export_person, Command::backup,
                             Command::rotate_keys, Command::facility_add, Command::token_add, Command::token_ls})
    EXPECT_EQ(least_role(command), Role::admin) << name(command);
}

}  // namespace
}  // namespace titip::admin
