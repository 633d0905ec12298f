#include "gateway/no_core.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace titip::gateway {
namespace {

// In a process of its own: what is forbidden stays forbidden.
TEST(NoCore, neither_a_file_nor_a_pipe_is_given_the_memory) {
  const auto child = ::fork();
  if (child == 0) {
    rlimit limit{1, 1};
    const bool said = forbid_core_dumps().empty();
    ::getrlimit(RLIMIT_CORE, &limit);
    ::_exit(said && limit.rlim_cur == 0 && limit.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace titip::gateway
