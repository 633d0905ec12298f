// How commands speak: the answer on stdout, everything else on stderr. Private to the root.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "gateway/admin/wire.h"
#include "gateway/commands.h"
#include "metrics/words/said.h"

namespace titip::gateway {

void say(std::string_view sentence);  // "titip: …" on stderr

// What a document holds in both languages, the Indonesian under "…_id"; an older gateway's holds English alone.
std::string own_of(const nlohmann::ordered_json& document, const std::string& key, std::string_view otherwise = {},
                   words::Language language = words::spoken());

// The answer; returns its exit status. `on_stderr`: stdout holds data already.
int conclude(const admin::Ended& ended, Saying saying, bool on_stderr = false);

// Before something that cannot be taken back: --yes, or the word typed on a terminal.
bool confirmed(std::string_view word, std::string_view question, Saying saying, bool stdin_is_free);

// The status, as people read it: the sentence and the numbers.
std::string status_text(const admin::Ended& ended);

}  // namespace titip::gateway
