#include "noise_coils.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mriembed::io {
namespace {

using Names = std::vector<std::string>;
using Order = std::optional<std::vector<std::int64_t>>;

Order order_of(const Names& scan, const Names& noise) {
  MeasuredNoise measured;
  measured.coils = 3;
  measured.coil_names = noise;
  return coils_in_noise(scan, measured);
}

TEST(NoiseCoils, are_those_of_the_same_numbers_where_no_name_contradicts) {
  const Order same = std::vector<std::int64_t>{0, 1, 2};
  EXPECT_EQ(order_of({}, {}), same);
  EXPECT_EQ(order_of({"A", "B", "C"}, {}), same);
  EXPECT_EQ(order_of({}, {"A", "B", "C"}), same);
  EXPECT_EQ(order_of({"A", "B", "C"}, {"A", "B", "C"}), same);
  EXPECT_EQ(order_of({"A"}, {"A", "B", "C"}), same);
  EXPECT_EQ(order_of({"", "B", "C"}, {"A", "", "C"}), same);
  EXPECT_EQ(order_of({"A", "A", "A"}, {"A", "A", "A"}), same) << "one name for all";
  EXPECT_EQ(order_of({"A", "B", "C", "D"}, {"A", "B", "C", "E"}), same) << "only three coils are received";
}

TEST(NoiseCoils, are_those_of_the_same_names_in_another_order) {
  EXPECT_EQ(order_of({"A", "B", "C"}, {"C", "A", "B"}), (Order{{1, 2, 0}}));
  EXPECT_EQ(order_of({"A", "B", "C"}, {"A", "C", "B"}), (Order{{0, 2, 1}}));
}

TEST(NoiseCoils, are_unknown_where_names_are_others_or_tell_too_little) {
  EXPECT_EQ(order_of({"A", "B", "C"}, {"D", "E", "F"}), Order());
  EXPECT_EQ(order_of({"A", "B", "C"}, {"A", "B", "D"}), Order());
  EXPECT_EQ(order_of({"A", "A", "B"}, {"B", "A", "A"}), Order()) << "which of the two coils A is which?";
  EXPECT_EQ(order_of({"A", "B", "A"}, {"B", "A", "C"}), Order());
  EXPECT_EQ(order_of({"A", "B", ""}, {"B", "A", "C"}), Order()) << "the third coil has no name";
  EXPECT_EQ(order_of({"A", "B"}, {"B", "A", ""}), Order());
}

TEST(NoiseCoils, differ_first_where_both_names_are_known) {
  MeasuredNoise noise;
  noise.coils = 3;
  noise.coil_names = {"A", "B", "C"};
  EXPECT_EQ(difference_of_coils({"A", "", "D"}, noise), "coil 2 is \"D\" here and \"C\" there");
}

TEST(NoiseCoils, keep_their_covariances_in_another_order) {
  NoiseCovariance noise;
  noise.coils = 3;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      noise.values.emplace_back(row, column);
    }
  }
  noise.sample_time_us = 2.5;
  noise.samples = 100;
  const NoiseCovariance found = reordered(noise, {2, 0, 1});
  EXPECT_EQ(found.coils, 3);
  EXPECT_EQ(found.sample_time_us, 2.5);
  EXPECT_EQ(found.samples, 100);
  const std::vector<std::complex<double>> expected{{2, 2}, {2, 0}, {2, 1}, {0, 2}, {0, 0},
                                                   {0, 1}, {1, 2}, {1, 0}, {1, 1}};
  EXPECT_EQ(found.values, expected);
}

}  // namespace
}  // namespace mriembed::io
