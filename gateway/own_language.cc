#include "gateway/own_language.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

constexpr std::string_view option = "--lang";

// Of CLI11 2.1 (Error.hpp); the longest of those that begin alike first. One that ends in a sentence of a check of ours
// has said it in the right language already.
constexpr std::array complaints{
    words::text("The following arguments were not expected: {}"),
    words::text("The following argument was not expected: {}"),
    words::text("Could not convert: {} = {}"),
    words::text("The value {} is not an allowed value for {}"),
    words::text("{}: too many inputs for a flag"),
    words::text("{}: Should be true/false or a number"),
    words::text("{} is required"),
    words::text("{}: {} required {} missing"),
    words::text("{} requires {}"),
    words::text("{} excludes {}"),
    words::text("{}: {} not in {}"),
    words::text("{}: Value {} not in range {}"),
};

// What stands in the places of a template; nothing: the text is not made by it.
std::optional<std::vector<std::string>> parts_of(std::string_view text, std::string_view made_by) {
  constexpr std::string_view place = "{}";
  auto at = made_by.find(place);
  if (!text.starts_with(made_by.substr(0, at))) return std::nullopt;
  text.remove_prefix(std::min(at, made_by.size()));
  std::vector<std::string> parts;
  while (at != std::string_view::npos) {
    made_by.remove_prefix(at + place.size());
    at = made_by.find(place);
    const auto between = made_by.substr(0, at);
    const auto end = between.empty() ? text.size() : text.find(between);
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + between.size(), text.size()));
  }
  return text.empty() ? std::optional(std::move(parts)) : std::nullopt;
}

// A template's places may be in another order, or numbered: one, two or three of them.
std::string filled(std::string_view made_by, const std::vector<std::string>& parts) {
  const auto at = [&](std::size_t index) {
    return index < parts.size() ? std::string_view(parts[index]) : std::string_view();
  };
  return fmt::format(fmt::runtime(made_by), at(0), at(1), at(2));
}

}  // namespace

std::expected<words::Language, std::string> take_language(std::vector<std::string>& arguments,
                                                          const std::function<const char*(const char*)>& variable) {
  std::optional<std::string> asked;
  const auto end = std::ranges::find(arguments, "--");  // behind it nothing is an option
  auto each = arguments.begin();
  std::vector<std::string> others;
  for (; each != end; ++each) {
    if (each->starts_with(std::string(option) + "=")) {
      asked = each->substr(option.size() + 1);
    } else if (*each == option) {
      asked = std::next(each) == end ? std::string() : *std::next(each);
      if (std::next(each) != end) ++each;
    } else {
      others.push_back(*each);
    }
  }
  others.insert(others.end(), end, arguments.end());
  arguments = std::move(others);
  if (asked) {
    if (const auto language = words::language_named(*asked)) return *language;
    return std::unexpected(fmt::format("--lang takes en or id, not \"{}\" (--lang menerima en atau id)", *asked));
  }
  const char* locale = nullptr;
  for (const auto* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (locale == nullptr || *locale == '\0') locale = variable(name);
  return words::language_of(locale);
}

void dress_in_own_language(CLI::App& program) {
  auto format = std::make_shared<CLI::Formatter>();
  format->label("Usage", words::tell("Usage"));
  format->label("OPTIONS", words::tell("OPTIONS"));
  format->label("SUBCOMMAND", words::tell("SUBCOMMAND"));
  format->label("SUBCOMMANDS", words::tell("SUBCOMMANDS"));
  format->label("Positionals", words::tell("Positionals"));
  format->label("REQUIRED", words::tell("REQUIRED"));
  format->label("Needs", words::tell("Needs"));
  format->label("Excludes", words::tell("Excludes"));
  format->label("TEXT", words::tell("TEXT"));
  program.formatter(format);
  program.group(words::tell("Subcommands"));
  program.option_defaults()->group(words::tell("Options"));
  program.set_help_flag("-h,--help", words::tell("Print this help message and exit"));
  program.failure_message([](const CLI::App* app, const CLI::Error& error) {
    auto text = own_words_of(error.what()) + "\n";
    if (app->get_help_ptr() != nullptr)
      text += words::tell("Run with {} for more information.", app->get_help_ptr()->get_name()) + "\n";
    return text;
  });
}

void dress_helps_in_own_language(CLI::App& program) {
  for (auto* command : program.get_subcommands([](CLI::App*) { return true; })) {
    command->get_option("--help")->group(words::tell("Options"));
    dress_helps_in_own_language(*command);
  }
}

std::string own_words_of(std::string_view complaint) {
  for (const auto& each : complaints)
    if (const auto parts = parts_of(complaint, each.english)) return filled(each.own(), *parts);
  return std::string(complaint);
}

}  // namespace titip::gateway
