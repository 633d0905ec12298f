#include "gateway/delivery/last_let_in.h"

#include <utility>

namespace titip::delivery {

std::string encode(const LetIn& let_in) {
  return let_in.facility + '\n' + scheme::encode(let_in.credentials);
}

std::optional<LetIn> decode_let_in(std::string_view bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  auto credentials = scheme::decode_credentials(bytes.substr(end + 1));
  if (!credentials) return std::nullopt;
  return LetIn{std::string(bytes.substr(0, end)), *std::move(credentials)};
}

bool LastLetIn::let_in(const LetIn& who, clock::SteadyTime now) {
  if (known_ == who) {
    at_ = now;
    return false;
  }
  if (known_ && at_ && now < *at_ + good_for) return false;
  known_ = who;
  at_ = now;
  return true;
}

void LastLetIn::recalled(LetIn who) {
  if (!known_) known_ = std::move(who);
}

bool LastLetIn::refused(const LetIn& who) {
  if (known_ != who) return false;
  known_.reset();
  at_.reset();
  return true;
}

}  // namespace titip::delivery
