// In which language the command line speaks: what decides it, and what the library that reads the command line says of
// itself. Private to the root.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/words/language.h"

namespace CLI {
class App;
}

namespace titip::gateway {

// `--lang id` or `--lang=id`, before or behind a command; it is taken off the arguments, for the tree of commands is
// described in that language and so must be made later. Without it by the environment, as gettext's messages are.
// `variable`: what one says, null: it is not there. The error is a sentence, in English.
std::expected<words::Language, std::string> take_language(std::vector<std::string>& arguments,
                                                          const std::function<const char*(const char*)>& variable);

// Before the first command is added: what is added later takes it over.
void dress_in_own_language(CLI::App& program);

// When all commands are added: the help option of each was made before it could take that over.
void dress_helps_in_own_language(CLI::App& program);

// What is wrong with a command line, as the library says it in English, in this process's language. What is not known
// stays as it is.
std::string own_words_of(std::string_view complaint);

}  // namespace titip::gateway
