#include "gateway/serve.h"

int main(int argc, char** argv) {
  return titip::gateway::run(argc, argv);
}
