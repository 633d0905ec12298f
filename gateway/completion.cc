#include "gateway/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <string_view>
#include <vector>

#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// "--dry-run", "-h"; not those that are told by their place.
std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const auto* option : app.get_options()) {
    for (const auto& each : option->get_lnames()) flags.push_back("--" + each);
    for (const auto& each : option->get_snames()) flags.push_back("-" + each);
  }
  return flags;
}

using Visit = std::function<void(const CLI::App&, const std::string& words)>;  // "titip facility add"
void each_command(const CLI::App& app, const std::string& words, const Visit& visit) {
  visit(app, words);
  for (const auto* command : commands_of(app)) each_command(*command, words + " " + command->get_name(), visit);
}

// In single quotes for a shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// For groff: no line of the text is taken for a request, and a hyphen is one.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\n') {
      out += ' ';
    } else {
      out += c;
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

void add_options(std::string& page, const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    if (option->get_name() == "--help") continue;
    const bool is_flag = option->get_items_expected_max() == 0;
    std::vector<std::string> names;
    for (const auto& each : option->get_lnames()) names.push_back("\\fB" + roff("--" + each) + "\\fR");
    if (names.empty()) names.push_back("\\fI" + roff(option->get_single_name()) + "\\fR");
    page += fmt::format(".TP\n{}{}\n{}\n", fmt::join(names, ", "),
                        is_flag || option->get_positional() ? "" : " \\fI" + words::tell("VALUE") + "\\fR",
                        roff(option->get_description()));
  }
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  std::string cases;
  each_command(program, program.get_name(), [&cases](const CLI::App& app, const std::string& words) {
    std::vector<std::string> all;
    for (const auto* command : commands_of(app)) all.push_back(command->get_name());
    for (auto& flag : flags_of(app)) all.push_back(std::move(flag));
    cases +=
        fmt::format("    {}) known={} ;;\n", shell_quoted(words), shell_quoted(fmt::format("{}", fmt::join(all, " "))));
  });
  // The words up to the cursor that are commands say where we are.
  return fmt::format(R"(# bash completion for titip; made by: titip completion bash
_titip() {{
  local word known path='{0}' i
  word="${{COMP_WORDS[COMP_CWORD]}}"
  _titip_known "$path"
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ "${{COMP_WORDS[i]}}" == -* ]] && continue
    [[ " $known " == *" ${{COMP_WORDS[i]}} "* ]] || continue
    path="$path ${{COMP_WORDS[i]}}"
    _titip_known "$path"
  done
  case "${{COMP_WORDS[COMP_CWORD - 1]}}" in
    --config | --to | --from | --*-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  COMPREPLY=($(compgen -W "$known" -- "$word"))
}}
_titip_known() {{
  case "$1" in
{1}    *) known='' ;;
  esac
}}
complete -F _titip {0}
)",
                     program.get_name(), cases);
}

std::string zsh_completion(const CLI::App& program) {
  const auto described = [](std::string_view name, std::string text) {
    std::string out(name);
    out += ':';
    for (const char c : text) out += c == ':' ? std::string("\\:") : std::string(1, c == '\n' ? ' ' : c);
    return shell_quoted(out);
  };
  std::string cases;
  each_command(program, program.get_name(), [&](const CLI::App& app, const std::string& words) {
    std::string all;
    for (const auto* command : commands_of(app))
      all += " " + described(command->get_name(), command->get_description());
    for (const auto* option : app.get_options())
      for (const auto& each : option->get_lnames()) all += " " + described("--" + each, option->get_description());
    cases += fmt::format("    {}) known=({}) ;;\n", shell_quoted(words), all.empty() ? "" : all.substr(1));
  });
  return fmt::format(R"(#compdef {0}
# zsh completion for titip; made by: titip completion zsh
_titip_known() {{
  case "$1" in
{1}    *) known=() ;;
  esac
}}
_titip() {{
  local -a known
  local place='{0}' i
  _titip_known "$place"
  for ((i = 2; i < CURRENT; i++)); do
    [[ "${{words[i]}}" == -* ]] && continue
    [[ -n "${{(M)known:#${{words[i]}}:*}}" ]] || continue
    place="$place ${{words[i]}}"
    _titip_known "$place"
  done
  case "${{words[CURRENT - 1]}}" in
    --config|--to|--from|--*-file) _files; return ;;
  esac
  _describe 'titip' known
}}
_titip "$@"
)",
                     program.get_name(), cases);
}

std::string man_page(const CLI::App& program, const std::string& version) {
  std::string page =
      fmt::format(".TH TITIP 1 \"\" \"titip {}\" \"Titip\"\n.SH {}\ntitip \\- {}\n", version, words::tell("NAME"),
                  roff(words::tell("store-and-forward HTTP gateway for Indonesian clinics")));
  page += fmt::format(".SH {}\n.B titip\n\\fI{}\\fR [\\fI{}\\fR]\n", words::tell("SYNOPSIS"), words::tell("COMMAND"),
                      words::tell("OPTIONS"));
  page += fmt::format(".SH {}\n{}\n.SH {}\n", words::tell("DESCRIPTION"), roff(program.get_description()),
                      words::tell("COMMANDS"));
  each_command(program, program.get_name(), [&page, &program](const CLI::App& app, const std::string& words) {
    if (&app == &program) return;
    page += fmt::format(".SS {}\n{}\n", roff(words), roff(app.get_description()));
    add_options(page, app);
  });
  page += fmt::format(".SH {}\n{}\n", words::tell("EXIT STATUS"), roff(program.get_footer()));
  return page;
}

}  // namespace titip::gateway
