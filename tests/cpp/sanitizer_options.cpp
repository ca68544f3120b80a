// Options of the sanitizers that the tests are built with; ASAN_OPTIONS, UBSAN_OPTIONS and TSAN_OPTIONS add to them.
#define VISIBLE __attribute__((visibility("default")))

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the sanitizers look for these names
VISIBLE const char* __asan_default_options() { return "detect_stack_use_after_return=1:strict_string_checks=1"; }
VISIBLE const char* __ubsan_default_options() { return "print_stacktrace=1"; }
VISIBLE const char* __tsan_default_options() { return "suppressions=" MRIEMBED_THREAD_SANITIZER_SUPPRESSIONS; }
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

}  // extern "C"
