#include "kernels/bfloat16_processor.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <initializer_list>
#include <set>
#include <sstream>
#include <string>

namespace mriembed::kernels {
namespace {

// The features of the first processor that Linux lets programs use, by its names: the line "flags : fpu vme ...".
std::set<std::string> flags_of_system() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("flags")) {
      std::istringstream words(line.substr(line.find(':') + 1));
      std::set<std::string> flags;
      for (std::string flag; words >> flag;) {
        flags.insert(flag);
      }
      return flags;
    }
  }
  return {};
}

TEST(Bfloat16Processor, finds_the_unit_whose_flags_linux_shows) {
  const std::set<std::string> flags = flags_of_system();
  ASSERT_TRUE(flags.contains("fpu"));
  const auto has = [&flags](std::initializer_list<const char*> wanted) {
    bool all = true;
    for (const char* flag : wanted) {
      all = all && flags.contains(flag);
    }
    return all;
  };
  const bool vectors = has({"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_bf16"});
  const bool tiles = has({"amx_tile", "amx_bf16"});
  const Bfloat16Unit with_vectors = tiles ? Bfloat16Unit::amx : Bfloat16Unit::avx512;
  EXPECT_EQ(bfloat16_unit(), vectors ? with_vectors : Bfloat16Unit::none);
}

TEST(Bfloat16Processor, gains_nothing_without_a_unit_and_always_with_matrix_tiles) {
  EXPECT_TRUE(!bfloat16_pays() || bfloat16_unit() != Bfloat16Unit::none);
  EXPECT_TRUE(bfloat16_pays() || bfloat16_unit() != Bfloat16Unit::amx);
}

}  // namespace
}  // namespace mriembed::kernels
