// Whose a secret's file is: its owner's alone, or a credential of systemd's.
#include "storage/secret_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/gateway/temporary_directory.h"

namespace titip::storage {
namespace {

class SecretFileTest : public testing::Test {
 protected:
  SecretFileTest() {
    std::filesystem::create_directories(directory_ / "credentials");
    std::filesystem::create_directories(directory_ / "credentials-of-others");
    ::setenv("CREDENTIALS_DIRECTORY", (directory_ / "credentials").c_str(), 1);
  }
  ~SecretFileTest() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }

  std::filesystem::path write(const std::string& name, mode_t mode) {
    const auto path = directory_ / name;
    std::ofstream(path) << "a secret";
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  static bool is_taken(const std::filesystem::path& path) {
    const auto read = read_secret_file(path, words::text("the key file"), 100);
    if (read) EXPECT_EQ(read->text, "a secret");
    if (!read) EXPECT_TRUE(read.error().contains("chmod 600")) << read.error();
    return read.has_value();
  }

  tests::TemporaryDirectory temporary_;
  std::filesystem::path directory_ = temporary_.path();
};

TEST_F(SecretFileTest, a_credential_of_systemds_may_have_its_mode) {
  for (const mode_t mode : {0400U, 0440U, 0600U, 0640U}) EXPECT_TRUE(is_taken(write("credentials/key", mode))) << mode;
}

TEST_F(SecretFileTest, what_others_may_read_or_write_is_no_credential) {
  for (const mode_t mode : {0444U, 0404U, 0442U, 0460U, 0420U, 0450U})
    EXPECT_FALSE(is_taken(write("credentials/key", mode))) << mode;
}

TEST_F(SecretFileTest, the_same_mode_elsewhere_is_refused) {
  EXPECT_FALSE(is_taken(write("key", 0440)));
  EXPECT_FALSE(is_taken(write("credentials-of-others/key", 0440)));
  EXPECT_FALSE(is_taken(write("credentials/../key", 0440)));
  EXPECT_TRUE(is_taken(write("key", 0400)));
}

TEST_F(SecretFileTest, a_link_is_what_it_leads_to) {
  write("outside", 0440);
  std::filesystem::create_directory_symlink(directory_, directory_ / "credentials/up");
  EXPECT_FALSE(is_taken(directory_ / "credentials/up/outside"));
  write("credentials/key", 0440);
  std::filesystem::create_directory_symlink(directory_ / "credentials", directory_ / "link");
  EXPECT_TRUE(is_taken(directory_ / "link/key"));
}

TEST_F(SecretFileTest, without_a_directory_of_credentials_there_is_none) {
  const auto key = write("credentials/key", 0440);
  for (const auto* wrong : {"", "/", "credentials", "/nowhere"}) {
    ::setenv("CREDENTIALS_DIRECTORY", wrong, 1);
    EXPECT_FALSE(is_taken(key)) << wrong;
  }
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_FALSE(is_taken(key));
}

// Root's, and this process's own.
TEST_F(SecretFileTest, a_third_users_file_is_no_credential) {
  const auto key = write("credentials/key", 0440);
  if (::chown(key.c_str(), 65'534, 65'534) == 0) {
    EXPECT_FALSE(is_taken(key));
  } else {
    EXPECT_NE(::geteuid(), 0U) << "root may give files away";
  }
}

}  // namespace
}  // namespace titip::storage
