// What the command line says of itself, in other forms: completions for bash and zsh, and the man page. All are made of
// CLI11's own tables, so they cannot differ from it. Pure. Private to the root.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace titip::gateway {

std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);
std::string man_page(const CLI::App& program, const std::string& version);  // section 1, for groff

}  // namespace titip::gateway
