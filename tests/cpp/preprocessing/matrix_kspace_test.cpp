#include "preprocessing/matrix_kspace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <vector>

#include "kernels/random_samples.hpp"
#include "preprocessing/centred_dft.hpp"

namespace mriembed {
namespace {

using Echo = std::array<std::int64_t, 2>;

constexpr std::int64_t virtual_coils = 2;
constexpr GridSize pixels{20, 13};

// Where an index from the centre lies in a length whose centre is at the front.
std::int64_t from_front(std::int64_t index, std::int64_t length) { return (index + length) % length; }

class MatrixKspaceTest : public testing::Test {
 protected:
  MatrixKspaceTest() {
    workspace.transforms.prepare(std::array{pixels.height, pixels.width, std::int64_t{20}, std::int64_t{17}});
    spectra = sized(workspace.spectra, virtual_coils, pixels.height, pixels.width);
    std::ranges::copy(samples, spectra.samples);
  }

  // A virtual coil's samples, whose centre is at the front, with the centre in the middle.
  static ExactPlane centred(const Planes& plane) {
    ExactPlane result(plane.height, plane.width);
    for (std::int64_t y = 0; y < plane.height; ++y) {
      for (std::int64_t x = 0; x < plane.width; ++x) {
        result.at(y, x) = plane.samples[from_front(y - plane.height / 2, plane.height) * plane.width +
                                        from_front(x - plane.width / 2, plane.width)];
      }
    }
    return result;
  }

  static void expect_equal(ExactPlane found, ExactPlane expected) {
    for (std::int64_t y = 0; y < expected.height; ++y) {
      for (std::int64_t x = 0; x < expected.width; ++x) {
        ASSERT_LT(std::abs(found.at(y, x) - expected.at(y, x)), 1e-5) << y << " " << x;
      }
    }
  }

  std::vector<std::complex<float>> samples = kernels::random_samples(virtual_coils * pixels.height * pixels.width, 1);
  SliceWorkspace workspace;
  threads::Executor executor{1, {}};
  SliceUnits units{workspace, executor, 1};
  Planes spectra;
};

TEST_F(MatrixKspaceTest, comes_of_planes_that_are_images_along_one_axis_or_both) {
  const Planes planes = sized(workspace.cropped, virtual_coils, pixels.height, pixels.width);
  for (const Axes axes : {Axes{true, false}, Axes{false, true}, Axes{false, false}}) {
    std::vector<ExactPlane> expected;
    double energy = 0;
    for (std::int64_t coil = 0; coil < virtual_coils; ++coil) {
      expected.emplace_back(pixels.height, pixels.width);
      for (std::int64_t y = 0; y < pixels.height; ++y) {
        for (std::int64_t x = 0; x < pixels.width; ++x) {
          const std::int64_t in_y = axes.y ? from_front(y - pixels.height / 2, pixels.height) : y;
          const std::int64_t in_x = axes.x ? from_front(x - pixels.width / 2, pixels.width) : x;
          const std::complex<float> sample =
              samples[static_cast<std::size_t>((coil * pixels.height + y) * pixels.width + x)];
          planes.at(coil).samples[in_y * pixels.width + in_x] = sample;
          expected.back().at(y, x) = sample;
        }
      }
      if (!axes.y) {
        centred_dft_along_y(expected.back(), -1);
      }
      if (!axes.x) {
        centred_dft_along_x(expected.back(), -1);
      }
      for (const std::complex<double>& sample : expected.back().samples) {
        energy += std::norm(sample);
      }
    }
    transform_to_kspace(planes, axes, pixels, spectra, /*weighs=*/true, units);
    for (std::int64_t coil = 0; coil < virtual_coils; ++coil) {
      expect_equal(centred(spectra.at(coil)), expected[static_cast<std::size_t>(coil)]);
    }
    EXPECT_NEAR(units.energy(), energy, 1e-5 * energy);
    transform_to_kspace(planes, axes, pixels, spectra, /*weighs=*/false, units);
    EXPECT_EQ(units.energy(), 0);
  }
}

TEST_F(MatrixKspaceTest, has_its_echo_where_the_energy_lies) {
  for (const Echo echo : {Echo{0, 0}, Echo{3, -2}, Echo{-5, 4}}) {
    std::ranges::fill_n(spectra.samples, virtual_coils * pixels.height * pixels.width, 0);
    for (std::int64_t coil = 0; coil < virtual_coils; ++coil) {
      spectra.at(coil).samples[from_front(echo[0], pixels.height) * pixels.width + from_front(echo[1], pixels.width)] =
          3;
    }
    units.run(virtual_coils, [&](std::int64_t coil, auto& /*own*/, SliceUnits::Found& found) {
      add_echo(spectra.at(coil), pixels, found);
    });
    EXPECT_EQ(find_echo(pixels, pixels, units), echo);
  }
}

TEST_F(MatrixKspaceTest, is_cut_around_the_echo_cyclically) {
  constexpr Echo echo{8, -3};  // the matrix reaches beyond the last line
  const Planes matrix = sized(workspace.kspace, virtual_coils, 9, 6);
  double energy = 0;
  cut_matrix(spectra, pixels, pixels, echo, matrix, units);
  for (std::int64_t coil = 0; coil < virtual_coils; ++coil) {
    ExactPlane whole = centred(spectra.at(coil));
    ExactPlane expected(9, 6);
    for (std::int64_t y = 0; y < 9; ++y) {
      for (std::int64_t x = 0; x < 6; ++x) {
        expected.at(y, x) = whole.at((y - 4 + echo[0] + pixels.height / 2) % pixels.height,
                                     (x - 3 + echo[1] + pixels.width / 2) % pixels.width);
        energy += std::norm(expected.at(y, x));
      }
    }
    expect_equal(centred(matrix.at(coil)), expected);
  }
  EXPECT_NEAR(units.energy(), energy, 1e-5 * energy);
}

TEST_F(MatrixKspaceTest, on_a_wider_grid_is_that_of_the_padded_image) {
  constexpr GridSize grid{20, 17};
  const Planes matrix = sized(workspace.kspace, virtual_coils, grid.height, grid.width);
  std::vector<ExactPlane> expected;
  for (std::int64_t coil = 0; coil < virtual_coils; ++coil) {
    ExactPlane image = centred(spectra.at(coil));
    centred_dft_along_x(image, 1);
    ExactPlane padded(grid.height, grid.width);
    for (std::int64_t y = 0; y < pixels.height; ++y) {
      for (std::int64_t x = 0; x < pixels.width; ++x) {
        padded.at(y, x + grid.width / 2 - pixels.width / 2) = image.at(y, x);
      }
    }
    centred_dft_along_x(padded, -1);
    expected.push_back(padded);
  }
  cut_matrix(spectra, pixels, grid, {0, 0}, matrix, units);
  for (std::int64_t coil = 0; coil < virtual_coils; ++coil) {
    expect_equal(centred(matrix.at(coil)), expected[static_cast<std::size_t>(coil)]);
  }
}

}  // namespace
}  // namespace mriembed
