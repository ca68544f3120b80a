// instruction_set.cpp against libhwy itself.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <cstdint>

namespace mriembed::kernels {
namespace {

TEST(InstructionSet, is_the_one_that_highways_own_library_chooses) {
  void* const library = dlopen(MRIEMBED_LIBHWY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto supported_targets = reinterpret_cast<std::int64_t (*)()>(dlsym(library, "_ZN3hwy16SupportedTargetsEv"));
  ASSERT_NE(supported_targets, nullptr) << dlerror();
  ASSERT_NE(supported_targets, &hwy::SupportedTargets);
  constexpr std::int64_t sets = HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3;
  EXPECT_EQ(hwy::SupportedTargets() & sets, supported_targets() & sets);
  dlclose(library);
}

TEST(InstructionSet, is_one_of_those_that_kernels_are_compiled_for) {
  constexpr std::int64_t sets = HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3;
  constexpr std::int64_t skipped = HWY_DISABLED_TARGETS;  // by presets of CMake that only look for faults
  EXPECT_EQ(HWY_TARGETS & sets, sets & ~skipped);
}

TEST(InstructionSet, always_has_the_one_that_the_compiler_may_use_anyway) {
  EXPECT_NE(hwy::SupportedTargets() & HWY_STATIC_TARGET, 0);
}

}  // namespace
}  // namespace mriembed::kernels
