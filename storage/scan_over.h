// A scan that goes on behind what the engine refuses to read, so that one rotten block hides itself alone. Plain
// functions over one moment of the store; any thread.
//
// Where reading is possible again is searched by the first 16 bytes of the keys behind the prefix, which are random or
// times: the step is doubled until a read succeeds, then halved. Two refused stretches with little between them may be
// taken for one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "storage/kv.h"

namespace titip::storage {

// What cannot be read begins at `from` and ends before `to`; empty: nothing behind can be read.
using OnPassedOver = std::function<void(const std::string& from, const std::string& to)>;

// As KvReader::scan, but never refused as corrupt. Answers how many stretches were passed over.
KvResult<std::size_t> scan_over(const KvReader& kv, Family family, std::string_view prefix, std::string_view from,
                                const KvReader::Visitor& visit, const OnPassedOver& passed_over);

}  // namespace titip::storage
