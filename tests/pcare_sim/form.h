// One submitted form: a person or a dose as the body describes it, and what is wrong with it by itself (not with the
// rest of the register). Pure; any thread.
#pragma once

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pcare_sim/replies.h"

namespace titip::pcare_sim {

// Text fields of the body; numbers are taken as the text JSON prints, absent and null as "".
struct Form {
  std::string facility;  // kdPpk in the body; may be absent
  std::string nik;
  std::string ticket;
  std::string name;
  std::string birth_date;
  // doses
  std::string date;       // tglVaksin
  std::string dose;       // dosis
  std::string vaccine;    // jenisVaksin
  std::string screening;  // skrining.hasil
  std::string reason;     // alasan

  std::string who() const { return name + " (" + nik + ")"; }  // as the real server's errors echo people
};

inline constexpr std::size_t max_nesting = 32;

// The body as an object, or the answer to one that is none.
std::expected<nlohmann::json, Reply> parse_body(std::string_view body);
Form read_form(const nlohmann::json& body);

// Nothing, or the server's answer. `facility` is the x-kdppk of the request.
std::optional<Reply> person_fault(const Form& form, std::string_view facility);
std::optional<Reply> dose_fault(const Form& form, std::string_view facility);

}  // namespace titip::pcare_sim
