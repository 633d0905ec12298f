#include "gateway/own_language.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <map>

#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using words::Language;

// In the process's language until it ends; then it is English again.
class Speaking {
 public:
  explicit Speaking(Language language) { words::speak(language); }
  Speaking(const Speaking&) = delete;
  Speaking& operator=(const Speaking&) = delete;
  ~Speaking() { words::speak(Language::en); }
};

TEST(OwnLanguage, TheOptionStandsAnywhereAndGoesBeforeTheEnvironment) {
  using Variables = std::map<std::string, const char*>;
  const struct {
    std::vector<std::string> arguments;
    Variables variables;
    Language language;
    std::vector<std::string> left;
  } rows[] = {
      {{"status"}, {}, Language::en, {"status"}},
      {{"--lang", "id", "status"}, {}, Language::id, {"status"}},
      {{"status", "--lang", "id"}, {}, Language::id, {"status"}},
      {{"queue", "--lang=id", "ls"}, {}, Language::id, {"queue", "ls"}},
      {{"--lang=id", "--lang", "en"}, {}, Language::en, {}},
      {{"status"}, {{"LANG", "id_ID.UTF-8"}}, Language::id, {"status"}},
      {{"status"}, {{"LANG", "id_ID.UTF-8"}, {"LC_ALL", "C"}}, Language::en, {"status"}},
      {{"status"}, {{"LANG", "C.UTF-8"}, {"LC_MESSAGES", "id_ID"}, {"LC_ALL", ""}}, Language::id, {"status"}},
      {{"--lang", "en"}, {{"LC_ALL", "id_ID.UTF-8"}}, Language::en, {}},
      {{"show", "--", "--lang", "id"}, {}, Language::en, {"show", "--", "--lang", "id"}},
  };
  for (const auto& row : rows) {
    auto arguments = row.arguments;
    const auto taken = take_language(arguments, [&](const char* name) -> const char* {
      const auto found = row.variables.find(name);
      return found == row.variables.end() ? nullptr : found->second;
    });
    ASSERT_TRUE(taken) << taken.error();
    EXPECT_EQ(*taken, row.language) << testing::PrintToString(row.arguments);
    EXPECT_EQ(arguments, row.left);
  }
}

TEST(OwnLanguage, AnotherOneIsRefusedInBoth) {
  for (std::vector<std::string> arguments :
       {std::vector<std::string>{"--lang", "fr", "status"}, {"--lang"}, {"--lang="}, {"--lang", "ID"}}) {
    const auto taken = take_language(arguments, [](const char*) { return nullptr; });
    ASSERT_FALSE(taken);
    EXPECT_TRUE(taken.error().contains("takes en or id")) << taken.error();
    EXPECT_TRUE(taken.error().contains("menerima en atau id")) << taken.error();
  }
}

TEST(OwnLanguage, WhatTheLibrarySaysIsSaidInIt) {
  const struct {
    const char* complaint;
    const char* own;
  } rows[] = {
      {"The following argument was not expected: --foo", "Argumen ini tidak dikenal: --foo"},
      {"The following arguments were not expected: a b", "Argumen berikut tidak dikenal: a b"},
      {"--to is required", "--to wajib diberikan"},
      {"--limit: 1 required TEXT missing", "--limit: 1 TEXT yang wajib tidak ada"},
      {"--until excludes --for", "--until tidak boleh bersama --for"},
      {"Could not convert: --limit = x", "Tidak dapat dibaca: --limit = x"},
      {"something that no version said yet", "something that no version said yet"},
      {"", ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(own_words_of(row.complaint), row.complaint);
    const Speaking indonesian(Language::id);
    EXPECT_EQ(own_words_of(row.complaint), row.own);
  }
}

// The library's own words in its help: a new version of it may bring others.
TEST(OwnLanguage, TheHelpIsInIt) {
  const auto help_in = [](Language language) {
    const Speaking so(language);
    CLI::App program("", "titip");
    dress_in_own_language(program);
    auto* command = program.add_subcommand("act", "");
    std::string place;
    command->add_option("place", place, "")->required();
    dress_helps_in_own_language(program);
    return program.help() + command->help();
  };
  const auto english = help_in(Language::en);
  const auto indonesian = help_in(Language::id);
  const std::pair<const char*, const char*> words[] = {{"Usage:", "Pemakaian:"},
                                                       {"[OPTIONS]", "[OPSI]"},
                                                       {"Options:", "Opsi:"},
                                                       {"Subcommands:", "Perintah:"},
                                                       {"Positionals:", "Argumen:"},
                                                       {"REQUIRED", "WAJIB"},
                                                       {"Print this help message and exit", "Tampilkan bantuan ini"}};
  for (const auto& [en, id] : words) {
    EXPECT_TRUE(english.contains(en)) << en << "\n" << english;
    EXPECT_FALSE(indonesian.contains(en)) << en << "\n" << indonesian;
    EXPECT_TRUE(indonesian.contains(id)) << id << "\n" << indonesian;
  }
}

}  // namespace
}  // namespace titip::gateway
