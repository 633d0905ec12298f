// Negative control: a gateway that believes "not there" before the late-apply wait is over.
#include "gateway/serve.h"

int main(int argc, char** argv) {
  titip::gateway::Seams seams;
  seams.destination = [](titip::gateway::DestinationConfig& destination) {
    destination.settle.late_apply_wait = std::chrono::milliseconds(0);
  };
  return titip::gateway::run(argc, argv, seams);
}
