// The national envelope, read from replies and written around our own answers, in the shape that a profile gives. Pure.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/profile/profile.h"

namespace titip::profile {

struct EnvelopeView {
  int code = 0;
  std::string message;
  std::string all_text;  // message and the response's own messages, one a line: what rules search
};

// Nothing if the body is not an envelope: JSON with a code (a number, or a string of digits) and a message that is text
// or absent.
std::optional<EnvelopeView> read_envelope(const Envelope& shape, std::string_view body);
std::optional<EnvelopeView> envelope_in(const Envelope& shape, const nlohmann::json& reply);

// An envelope of our own. `response_json` is JSON text; "" means null.
std::string write_envelope(const Envelope& shape, int code, std::string_view message, std::string_view response_json);

// Numbers by the name of their reference: "noUrut" -> "T0042".
using Numbers = std::map<std::string, std::string, std::less<>>;

// The acknowledgement's `response` with "{receipt}", "{id}" and "{reference:noUrut}" filled in, as JSON text; "" if the
// template is empty, or if `numbers` lacks one: null says less than an empty number, which a client would keep.
std::string acknowledgement_response(const Acknowledgement& acknowledgement, std::string_view receipt,
                                     std::string_view id, const Numbers& numbers = {});

// Whether `text` occurs in `haystack`, ASCII letters in any case: how rules and probes look for a server's words.
bool contains_text(std::string_view haystack, std::string_view text);

}  // namespace titip::profile
