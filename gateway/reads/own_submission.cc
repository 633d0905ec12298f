#include "gateway/reads/own_submission.h"

#include <nlohmann/json.hpp>

#include "gateway/reads/submission_view.h"

namespace titip::reads {

void own_submission(storage::Store& store, storage::Home& home, const storage::Sealer& sealer, storage::SubmissionId id,
                    std::string facility,
                    std::move_only_function<void(std::expected<std::string, OwnSubmissionFault>)> done) {
  store.load({{id, false, false, true}}, home,
             [&sealer, facility = std::move(facility), done = std::move(done)](auto loaded) mutable {
               if (!loaded) return done(std::unexpected(OwnSubmissionFault::store_unavailable));
               const auto& found = loaded->front();
               if (!found || found->submission.facility != facility)
                 return done(std::unexpected(OwnSubmissionFault::absent));
               done(submission_json(*found, sealer).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
             });
}

}  // namespace titip::reads
