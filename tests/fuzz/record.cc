// The decoders of stored values. The sum at the end of each is put right, so that what is behind it is reached too.
// What is decoded can be stored, read and stored again without a change.
#include "storage/records.h"

#include "storage/frame.h"
#include "storage/kept_facility.h"
#include "tests/fuzz/fuzz.h"

namespace {

using titip::fuzz::must;
using namespace titip::storage;

template <class T>
void there_and_back(const Place& at, std::string_view bytes, Decode<T> decode) {
  const auto value = decode(at, bytes);
  if (!value) return;
  const auto written = encode(at, *value);
  const auto again = decode(at, written);
  must(again.has_value(), "what was decoded can be stored again");
  must(encode(at, *again) == written, "and then it is the same bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  titip::fuzz::Dice dice(titip::fuzz::text_of(data, size));
  const auto kind = dice.below(15);
  const bool is_right = dice.below(8) != 0;
  const std::string key(kind < 3 ? id_bytes : 24, 'k');  // a record's own is its id alone
  const auto family = static_cast<Family>(dice.below(std::size(family_names)));
  const Place at{family, key};
  std::string bytes(dice.rest());
  if (is_right) {
    bytes.insert(bytes.begin(), static_cast<char>(value_version));
    bytes += Encoder().u32(checksum(at, bytes)).take();
  }
  switch (kind) {
    case 0:
    case 1:
    case 2:
      there_and_back<Record>(at, bytes, decode_record);
      break;
    case 3:
      there_and_back<Sealed>(at, bytes, decode_sealed);
      break;
    case 4:
      there_and_back<Head>(at, bytes, decode_head);
      break;
    case 5:
      there_and_back<std::vector<SubmissionId>>(at, bytes, decode_ids);
      break;
    case 6:
      there_and_back<Mark>(at, bytes, decode_mark);
      break;
    case 7:
      there_and_back<DueEntry>(at, bytes, decode_due);
      break;
    case 8:
      there_and_back<Requirement>(at, bytes, decode_requirement);
      break;
    case 9:
      there_and_back<Attempt>(at, bytes, decode_attempt);
      break;
    case 10:
      there_and_back<Object>(at, bytes, decode_object);
      break;
    case 11:
      there_and_back<AuditLine>(at, bytes, decode_audit);
      break;
    case 12:
      there_and_back<DestinationCounts>(at, bytes, decode_counts);
      break;
    case 13:
      there_and_back<std::vector<FineCount>>(at, bytes, decode_fine_counts);
      break;
    default:
      if (const auto facility = decode_facility("P0001", dice.rest()))
        must(decode_facility("P0001", encode(*facility)).has_value(), "a facility decodes again");
  }
  return 0;
}
