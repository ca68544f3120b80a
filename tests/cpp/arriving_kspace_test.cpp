#include "mriembed/arriving_kspace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "mriembed/embedder.hpp"

namespace mriembed {
namespace {

using Complex = std::complex<float>;
using Rows = std::vector<std::int64_t>;

struct Case {
  std::string name;
  std::array<std::int64_t, 3> shape;
  std::int64_t readout_width = 0;
  std::int64_t phase_height = 0;
  double pixel_aspect = 1;
  bool noise = false;
  float loudness = 1;
  ExpectedLines expected = ExpectedLines::all;
};

// What an ordinary test of the whole slice would call k-space: noise whose energy falls from a centre that lies beside
// the matrix's.
std::vector<Complex> kspace_of(const Case& test) {
  std::mt19937 generator(7);
  std::normal_distribution<float> normal;
  std::vector<Complex> samples;
  const auto [coils, height, width] = test.shape;
  const std::int64_t middle_y = height / 2 + 1;
  const std::int64_t middle_x = width / 2 - 2;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const auto dy = static_cast<float>(y - middle_y);
        const auto dx = static_cast<float>(x - middle_x);
        const float envelope = test.loudness / (1 + 0.05F * (dy * dy + dx * dx));
        samples.emplace_back(envelope * normal(generator), envelope * normal(generator));
      }
    }
  }
  return samples;
}

std::vector<std::complex<double>> covariance_of(std::int64_t coils) {
  std::vector<std::complex<double>> covariance(static_cast<std::size_t>(coils * coils), 0.05);
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    covariance[static_cast<std::size_t>(coil * coils + coil)] = 1.0 + 0.3 * static_cast<double>(coil);
  }
  return covariance;
}

class ArrivingKspaceTest : public testing::TestWithParam<std::string> {
 protected:
  Embedder embedder = [] {
    Options options;
    options.threads = 2;
    return Embedder::load(MRIEMBED_MODEL_DIR "/" + GetParam() + ".pt", options);
  }();

  KspaceOptions options_of(const Case& test) {
    KspaceOptions options;
    options.readout_width = test.readout_width;
    options.phase_height = test.phase_height;
    options.pixel_aspect = test.pixel_aspect;
    if (test.noise) {
      covariance_ = covariance_of(test.shape[0]);
      options.noise_covariance =
          ArrayView<const std::complex<double>, 2>::row_major(covariance_.data(), {test.shape[0], test.shape[0]});
    }
    return options;
  }

  // Lines become known in this order: those that are not there yet hold something else.
  std::vector<float> arriving(const std::vector<Complex>& kspace, const Case& test, const Rows& rows, Report& report) {
    const auto [coils, height, width] = test.shape;
    std::vector<Complex> samples(kspace.size(), Complex(1e30F, -1e30F));
    ArrivingKspace slice(embedder, ArrayView<const Complex, 3>::row_major(samples.data(), test.shape), options_of(test),
                         test.expected);
    const auto copy_line = [&, columns = width, lines = height](std::int64_t y) {
      for (std::int64_t coil = 0; coil < test.shape[0]; ++coil) {
        const std::int64_t first = (coil * lines + y) * columns;
        std::copy_n(kspace.data() + first, columns, samples.data() + first);
      }
    };
    for (const std::int64_t y : rows) {
      copy_line(y);
      slice.add_line(y);
    }
    for (std::int64_t y = 0; y < height; ++y) {  // what did not arrive
      copy_line(y);
    }
    std::vector<float> embedding(static_cast<std::size_t>(embedder.info().embed_dim));
    slice.embed(ArrayView<float, 1>::row_major(embedding.data(), {embedder.info().embed_dim}), &report);
    return embedding;
  }

  // What the whole slice gives, however its lines arrive.
  struct Whole {
    std::vector<float> embedding;
    Report report;
  };

  Whole whole(const std::vector<Complex>& kspace, const Case& test) {
    const auto [coils, height, width] = test.shape;
    Whole found;
    found.embedding.resize(static_cast<std::size_t>(embedder.info().embed_dim));
    embedder.embed_kspace(ArrayView<const Complex, 4>::row_major(kspace.data(), {1, coils, height, width}),
                          ArrayView<float, 2>::row_major(found.embedding.data(), {1, embedder.info().embed_dim}),
                          options_of(test), &found.report);
    return found;
  }

  void expect_bits(const Whole& expected, const std::vector<Complex>& kspace, const Case& test, const Rows& rows) {
    Report report;
    const std::vector<float> found = arriving(kspace, test, rows, report);
    EXPECT_EQ(std::memcmp(found.data(), expected.embedding.data(), found.size() * sizeof(float)), 0) << test.name;
    EXPECT_EQ(report.energy_kept, expected.report.energy_kept) << test.name;
    EXPECT_EQ(report.sampling.at(0).text(), expected.report.sampling.at(0).text()) << test.name;
  }

  void expect_same_bits(const std::vector<Complex>& kspace, const Case& test, const Rows& rows) {
    expect_bits(whole(kspace, test), kspace, test, rows);
  }

 private:
  std::vector<std::complex<double>> covariance_;
};

const std::vector<Case> cases{{"small", {6, 24, 20}},
                              {"square", {9, 64, 64}},
                              {"large", {5, 160, 144}},
                              {"oversampled readout", {8, 96, 192}, 96},
                              {"oversampled readout of many lines", {6, 160, 320}, 160},
                              {"oversampled readout and phase", {8, 120, 192}, 96, 96},
                              {"odd lengths", {7, 93, 131}, 67},
                              {"uneven pixels", {6, 48, 96}, 0, 0, 2},
                              {"noise", {8, 96, 192}, 96, 0, 1, true},
                              {"few coils", {2, 130, 130}},
                              {"loud", {6, 96, 192}, 96, 0, 1, false, 1e20F},
                              {"quiet", {6, 130, 130}, 0, 0, 1, false, 1e-20F}};

void zero_line(std::vector<Complex>& kspace, const Case& test, std::int64_t y) {
  const auto [coils, height, width] = test.shape;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    std::fill_n(kspace.data() + (coil * height + y) * width, width, 0);
  }
}

Rows in_order(std::int64_t count) {
  Rows rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

TEST_P(ArrivingKspaceTest, gives_the_bits_of_the_whole_slice_whatever_the_order_of_its_lines) {
  for (const Case& test : cases) {
    const std::vector<Complex> kspace = kspace_of(test);
    const Whole expected = whole(kspace, test);
    Rows rows = in_order(test.shape[1]);
    expect_bits(expected, kspace, test, rows);
    std::ranges::reverse(rows);
    expect_bits(expected, kspace, test, rows);
    const std::int64_t centre = test.shape[1] / 2;
    std::ranges::sort(rows, {}, [&](std::int64_t y) { return std::pair(std::abs(y - centre), y); });
    expect_bits(expected, kspace, test, rows);  // the calibration region first
    std::ranges::reverse(rows);
    expect_bits(expected, kspace, test, rows);  // and last
  }
}

TEST_P(ArrivingKspaceTest, takes_a_slice_that_lacks_lines_or_has_them_twice) {
  for (const Case& test : cases) {
    std::vector<Complex> kspace = kspace_of(test);
    Rows twice = in_order(test.shape[1]);
    twice.push_back(3);
    expect_same_bits(kspace, test, twice);
    zero_line(kspace, test, 1);
    const Whole expected = whole(kspace, test);
    Rows rows = in_order(test.shape[1]);
    expect_bits(expected, kspace, test, rows);  // a zero line arrived
    rows.erase(rows.begin() + 1);
    expect_bits(expected, kspace, test, rows);
    expect_bits(expected, kspace, test, {});
  }
}

// A line that alternates in its sign is an image at the very edge, which is cropped: only the images along x of all
// lines tell that the matrix holds enough.
TEST_P(ArrivingKspaceTest, takes_a_slice_whose_loudest_line_is_cropped_along_the_readout) {
  const Case test{"alternating line", {6, 160, 320}, 160};
  std::vector<Complex> kspace = kspace_of(test);
  for (std::size_t x = 0; x < 320; ++x) {
    kspace[std::size_t{2} * 320 + x] = x % 2 == 0 ? 1e6F : -1e6F;
  }
  expect_same_bits(kspace, test, in_order(160));
}

// Lines that are measured: every third one from the first, and others around the centre.
Rows accelerated(std::int64_t height, std::int64_t first, std::int64_t calibration) {
  Rows rows;
  for (std::int64_t y = first; y < height; ++y) {
    if (y % 3 == 0 || std::abs(2 * (y - height / 2) + 1) <= calibration) {
      rows.push_back(y);
    }
  }
  return rows;
}

TEST_P(ArrivingKspaceTest, gives_the_bits_of_an_accelerated_slice_whatever_the_order_of_its_lines) {
  std::mt19937 generator(3);
  for (Case test : cases) {
    const std::int64_t height = test.shape[1];
    for (const auto& [first, calibration] : {std::pair<std::int64_t, std::int64_t>{0, 32}, {height / 4, 32}, {0, 17}}) {
      std::vector<Complex> kspace = kspace_of(test);
      Rows rows = accelerated(height, first, calibration);
      for (std::int64_t y = 0; y < height; ++y) {
        if (std::ranges::find(rows, y) == rows.end()) {
          zero_line(kspace, test, y);
        }
      }
      const Whole expected = whole(kspace, test);
      for (const ExpectedLines lines : {ExpectedLines::some, ExpectedLines::all}) {
        test.expected = lines;
        expect_bits(expected, kspace, test, rows);
      }
      test.expected = ExpectedLines::some;
      std::ranges::shuffle(rows, generator);
      expect_bits(expected, kspace, test, rows);
      rows.push_back(rows.front());
      expect_bits(expected, kspace, test, rows);  // a line came twice
    }
  }
}

TEST_P(ArrivingKspaceTest, takes_a_whole_slice_of_which_lines_were_expected_to_be_missing) {
  for (Case test : cases) {
    test.expected = ExpectedLines::some;
    expect_same_bits(kspace_of(test), test, in_order(test.shape[1]));
  }
}

TEST_P(ArrivingKspaceTest, refuses_what_the_whole_slice_is_refused_for) {
  const Case test{"oversampled", {8, 96, 192}, 96};
  for (const std::int64_t y : {2, 48, 95}) {
    std::vector<Complex> kspace = kspace_of(test);
    kspace[static_cast<std::size_t>(y * 192 + 5)] = std::numeric_limits<float>::quiet_NaN();
    Report report;
    try {
      arriving(kspace, test, in_order(96), report);
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "slice 0 holds NaN or infinite samples; only finite samples can be embedded");
    }
  }
  const std::vector<Complex> zeros(std::size_t{8} * 96 * 192);
  Report report;
  EXPECT_THROW(arriving(zeros, test, in_order(96), report), Error);
}

TEST_P(ArrivingKspaceTest, refuses_arguments_that_do_not_fit) {
  std::vector<Complex> samples(std::size_t{2} * 8 * 8);
  KspaceOptions options;
  options.readout_width = 9;
  EXPECT_THROW(ArrivingKspace(embedder, ArrayView<const Complex, 3>::row_major(samples.data(), {2, 8, 8}), options),
               Error);
  auto every_second = ArrayView<const Complex, 3>::row_major(samples.data(), {2, 4, 8});
  every_second.strides[1] *= 2;
  EXPECT_THROW(ArrivingKspace(embedder, every_second), Error);
  ArrivingKspace slice(embedder, ArrayView<const Complex, 3>::row_major(samples.data(), {2, 8, 8}));
  EXPECT_THROW(slice.add_line(8), Error);
}

INSTANTIATE_TEST_SUITE_P(Models, ArrivingKspaceTest, testing::Values("pca", "pca_64"),
                         [](const auto& model) { return model.param; });

}  // namespace
}  // namespace mriembed
