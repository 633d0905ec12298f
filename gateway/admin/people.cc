#include "gateway/admin/people.h"

#include "storage/persons.h"

namespace titip::admin {

std::vector<storage::Digest> people_of(const Request& request, const storage::Sealer& sealer) {
  std::vector<storage::Digest> people;
  people.reserve(request.people.size());
  for (const auto& number : request.people) people.push_back(storage::person_hash(sealer, number));
  return people;
}

}  // namespace titip::admin
