// What the driver must know of the partner service's language, apart from everything else: what a body is filed under,
// which of its values count, and what an answer of the gateway says to a clinic. Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/day/evidence.h"
#include "tests/day/http_client.h"

namespace titip::day {

// The body as canonical text (sorted keys, no spaces), without `alasan`: that may be patched in at midnight, visibly.
// A body that is no JSON object is its own canonical text.
std::string canonical_values(std::string_view body);

// "2021-08-16T16:59:59.123Z" (UTC alone) as milliseconds since the Unix epoch; 0 if it is nothing of the kind.
std::int64_t unix_ms(std::string_view rfc3339);

std::string sha256_hex(std::string_view bytes);

// The hashes of the body with this reason in an empty `alasan`: JSON may be written with its keys kept in order or
// sorted.
std::vector<std::string> patched_hashes(std::string_view body, std::string_view reason);

// One page of the simulator's /_sim/ledger, into effects and final values. Where the next page begins; nothing: it was
// the last.
std::expected<std::optional<std::int64_t>, std::string> read_ledger_page(std::string_view json_text,
                                                                         Evidence& evidence);

// What the national server files a write under: a person registered is one entity, a dose is another.
std::string entity_of(std::string_view facility, std::string_view route, std::string_view body);

// Reads an answer the way a deployed client does: only HTTP 2xx with envelope code 201 (POST) or 200 (PUT) is "sent".
void read_answer(const HttpReply& reply, std::string_view method, Try& attempt);

}  // namespace titip::day
