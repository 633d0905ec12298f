// The walk over a facility's own records that fills one page. A page of what needs attention goes from destination to
// destination, along the index of the attention; any other is one walk over all records. Threads: as OwnRecords.
#pragma once

#include "gateway/reads/own_records.h"

namespace titip::reads {

void walk_own_records(storage::Store& store, storage::Home& home, const storage::Sealer& sealer, OwnQuery asked,
                      Owner owner, OwnDone<OwnPage> done);

}  // namespace titip::reads
