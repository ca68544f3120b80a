#include "line_energies.hpp"

#include <gtest/gtest.h>

namespace mriembed::io {
namespace {

using Complex = std::complex<float>;

TEST(LineEnergies, are_summed_over_coils) {
  const std::vector<Complex> samples{{1, 0}, {0, 2}, {3, 0}, {0, 0}, {0, 0}, {1, 1},   // coil 0, two lines of three
                                     {2, 0}, {0, 0}, {0, 1}, {3, 4}, {0, 0}, {0, 0}};  // coil 1
  const LineEnergies energies = energies_of_lines(samples, 2, 2, 3);
  EXPECT_EQ(energies.sums, (std::vector<double>{1 + 4 + 9 + 4 + 1, 2 + 25}));
  EXPECT_EQ(energies.peaks, (std::vector<double>{10, 25}));
  EXPECT_EQ(energies.along_x, (std::vector<double>{5 + 25, 4, 10 + 2}));
}

TEST(LineEnergies, are_those_of_every_nth_coil) {
  const std::vector<Complex> samples{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}};  // of five coils
  const LineEnergies energies = energies_of_lines(samples, 5, 1, 1, 2);
  EXPECT_EQ(energies.sums, (std::vector<double>{1 + 9 + 25}));
  EXPECT_EQ(energies.peaks, energies.sums);
  EXPECT_EQ(energies.along_x, energies.sums);
}

}  // namespace
}  // namespace mriembed::io
