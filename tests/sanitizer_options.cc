// What the sanitizers are told in every test, however it is started; the environment's ASAN_OPTIONS and the like add to
// it. Without a sanitizer nobody calls these.
extern "C" {

const char* __asan_default_options();
const char* __asan_default_options() {
  return "halt_on_error=1:strict_string_checks=1:check_initialization_order=1:detect_stack_use_after_return=1:"
         "external_symbolizer_path=/usr/bin/llvm-symbolizer-19";
}

const char* __ubsan_default_options();
const char* __ubsan_default_options() {
  return "halt_on_error=1:print_stacktrace=1";
}

// Debian's librocksdb is not instrumented: what happens inside it alone says nothing.
const char* __tsan_default_options();
const char* __tsan_default_options() {
  return "halt_on_error=1:second_deadlock_stack=1:ignore_noninstrumented_modules=1:"
         "external_symbolizer_path=/usr/bin/llvm-symbolizer-19";
}
}
