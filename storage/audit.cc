#include "storage/audit.h"

#include "storage/codec.h"
#include "storage/sha256.h"

namespace titip::storage {

std::string hash_of(std::string_view hash_before, const AuditLine& line) {
  return sha256(Encoder().bytes(hash_before).u64(line.number).time(line.at).bytes(line.bytes).take());
}

}  // namespace titip::storage
