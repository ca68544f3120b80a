#include "preprocessing/arriving_slice.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

namespace mriembed {
namespace {

using Complex = std::complex<float>;

// (coils, y, x) with their signal around the centre.
struct Samples {
  explicit Samples(std::array<std::int64_t, 3> extents) : shape(extents) {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    const std::int64_t middle_y = shape[1] / 2;
    const std::int64_t middle_x = shape[2] / 2;
    for (std::int64_t coil = 0; coil < shape[0]; ++coil) {
      for (std::int64_t y = 0; y < shape[1]; ++y) {
        for (std::int64_t x = 0; x < shape[2]; ++x) {
          const auto dy = static_cast<float>(y - middle_y);
          const auto dx = static_cast<float>(x - middle_x);
          const float envelope = 1 / (1 + 0.1F * (dx * dx + dy * dy));
          values.emplace_back(envelope * normal(generator), envelope * normal(generator));
        }
      }
    }
  }

  [[nodiscard]] RawSlices slices(std::int64_t width, std::int64_t height = 0) const {
    return {ArrayView<const Complex, 4>::row_major(values.data(), {1, shape[0], shape[1], shape[2]}), true,
            height > 0 ? height : shape[1], width, 1};
  }

  void zero_line(std::int64_t y) {
    for (std::int64_t coil = 0; coil < shape[0]; ++coil) {
      std::fill_n(values.data() + (coil * shape[1] + y) * shape[2], shape[2], 0);
    }
  }

  std::array<std::int64_t, 3> shape;
  std::vector<Complex> values;
};

class ArrivingSliceTest : public testing::Test {
 protected:
  threads::Executor executor{1, {}};
  threads::Recycled<SliceWorkspace> workspaces;
  std::vector<float> channels = std::vector<float>(std::size_t{8} * 64 * 64);
};

TEST_F(ArrivingSliceTest, of_which_all_lines_came_needs_no_look_at_the_whole) {
  for (const std::int64_t width : {128, 256}) {  // cropped, and cut around its echo
    const Samples samples({6, 128, 256});
    ArrivingSlice slice({4, true, 64}, samples.slices(width), false, {}, workspaces, executor);
    for (std::int64_t y = 0; y < 128; ++y) {
      slice.add_line(y);
    }
    EXPECT_TRUE(slice.finish(channels.data()).has_value());
  }
}

TEST_F(ArrivingSliceTest, that_lacks_a_line_or_has_one_twice_does) {
  const Samples samples({6, 128, 256});
  ArrivingSlice lacking({4, true, 64}, samples.slices(128), false, {}, workspaces, executor);
  ArrivingSlice twice({4, true, 64}, samples.slices(128), false, {}, workspaces, executor);
  for (std::int64_t y = 0; y < 128; ++y) {
    twice.add_line(y);
    if (y != 100) {
      lacking.add_line(y);
    }
  }
  twice.add_line(5);
  EXPECT_FALSE(lacking.finish(channels.data()).has_value());
  EXPECT_FALSE(twice.finish(channels.data()).has_value());
}

TEST_F(ArrivingSliceTest, with_a_line_of_zeros_does) {
  Samples samples({6, 128, 256});
  samples.zero_line(2);
  ArrivingSlice slice({4, true, 64}, samples.slices(128), false, {}, workspaces, executor);
  for (std::int64_t y = 0; y < 128; ++y) {
    slice.add_line(y);
  }
  EXPECT_FALSE(slice.finish(channels.data()).has_value());
}

TEST_F(ArrivingSliceTest, that_lacks_lines_as_expected_needs_no_look_at_the_whole) {
  const auto every_second = [](std::int64_t y) { return y % 2 == 0 || (y >= 40 && y < 88); };
  const auto from_the_32nd = [](std::int64_t y) { return y >= 32; };
  const auto all = [](std::int64_t) { return true; };
  struct Case {
    std::function<bool(std::int64_t)> measured;
    bool lacks_lines;
  };
  for (const Case& test : {Case{every_second, true}, Case{from_the_32nd, true}, Case{all, false}}) {
    for (const std::int64_t width : {128, 256}) {
      for (const std::int64_t height : {96, 128}) {
        Samples samples({6, 128, 256});
        ArrivingSlice slice({4, true, 64}, samples.slices(width, height), true, {}, workspaces, executor);
        ArrivingSlice unexpected({4, true, 64}, samples.slices(width, height), false, {}, workspaces, executor);
        for (std::int64_t y = 0; y < 128; ++y) {
          if (test.measured(y)) {
            slice.add_line(y);
            unexpected.add_line(y);
          } else {
            samples.zero_line(y);
          }
        }
        EXPECT_EQ(slice.finish(channels.data()).has_value(), test.lacks_lines);
        EXPECT_EQ(unexpected.finish(channels.data()).has_value(), !test.lacks_lines);
        EXPECT_EQ(slice.measured()[1] != 0, test.measured(1));
      }
    }
  }
}

}  // namespace
}  // namespace mriembed
