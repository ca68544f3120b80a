#include "kernels/bfloat16_processor.hpp"

#include <gtest/gtest.h>

namespace mriembed::kernels {
namespace {

TEST(Bfloat16Processor, gains_nothing_without_a_unit_and_always_with_matrix_tiles) {
  EXPECT_TRUE(!bfloat16_pays() || bfloat16_unit() != Bfloat16Unit::none);
  EXPECT_TRUE(bfloat16_pays() || bfloat16_unit() != Bfloat16Unit::amx);
}

}  // namespace
}  // namespace mriembed::kernels
