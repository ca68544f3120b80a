#include "kernels/predicted_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <vector>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class PredictedLineTest : public EveryTarget {};

constexpr std::int64_t coils = 3;

// Lines of three coils, of different size in each, with samples of no line between them.
struct Lines {
  explicit Lines(std::int64_t samples)
      : count(samples),
        stride(samples + 5),
        measured(random_samples(coils * stride, 1, 1)),
        from_before(random_samples(coils * stride, 0.7F, 2)),
        from_after(random_samples(coils * stride, 0.5F, 3)) {
    for (std::int64_t place = 0; place < coils * stride; ++place) {
      const std::int64_t coil = place / stride;
      measured[static_cast<std::size_t>(place)] *= static_cast<float>(1 + coil);
    }
  }

  [[nodiscard]] PredictedLine view() const {
    return {measured.data(), from_before.data(), from_after.data(), coils, stride, count};
  }
  [[nodiscard]] std::complex<double> m(std::int64_t coil, std::int64_t x) const { return at(measured, coil, x); }
  [[nodiscard]] std::complex<double> a(std::int64_t coil, std::int64_t x) const { return at(from_before, coil, x); }
  [[nodiscard]] std::complex<double> p(std::int64_t coil, std::int64_t x) const { return at(from_after, coil, x); }
  [[nodiscard]] double residual(std::int64_t coil, std::int64_t x) const {
    return std::norm(m(coil, x) - a(coil, x) - p(coil, x));
  }
  [[nodiscard]] std::complex<double> at(const std::vector<std::complex<float>>& of, std::int64_t coil,
                                        std::int64_t x) const {
    return of[static_cast<std::size_t>(coil * stride + x)];
  }

  std::int64_t count;
  std::int64_t stride;
  std::vector<std::complex<float>> measured;
  std::vector<std::complex<float>> from_before;
  std::vector<std::complex<float>> from_after;
};

TEST_P(PredictedLineTest, gives_each_coil_its_share_of_the_residual) {
  for (const std::int64_t count : {1, 2, 7, 16, 17, 40, 256}) {
    const Lines lines(count);
    std::vector<double> expected(coils, 10.0);  // sums go on
    std::vector<double> found = expected;
    for (std::int64_t x = 0; x < count; ++x) {
      const double all = lines.residual(0, x) + lines.residual(1, x) + lines.residual(2, x);
      for (std::int64_t coil = 0; coil < coils; ++coil) {
        expected[static_cast<std::size_t>(coil)] += lines.residual(coil, x) / all;
      }
    }
    add_residual_shares(lines.view(), found.data());
    for (std::size_t coil = 0; coil < coils; ++coil) {
      EXPECT_NEAR(found[coil], expected[coil], 1e-6 * expected[coil]) << count << " samples, coil " << coil;
    }
  }
}

TEST_P(PredictedLineTest, shares_nothing_where_the_prediction_is_exact) {
  Lines lines(20);
  lines.from_before = lines.measured;
  std::ranges::fill(lines.from_after, 0.0F);
  std::vector<double> sums(coils, 1.0);
  add_residual_shares(lines.view(), sums.data());
  EXPECT_EQ(sums, std::vector<double>(coils, 1.0));
}

TEST_P(PredictedLineTest, sums_weighted_products_over_coils_and_writes_no_other_sample) {
  const std::vector<float> weights{0.5F, 2, 3};
  for (const std::int64_t count : {1, 2, 7, 16, 17, 40, 256}) {
    const Lines lines(count);
    const auto places = static_cast<std::size_t>(count);
    std::vector<float> residual(places + 1, -1.0F);
    std::vector<std::complex<float>> with_before(places + 1, -1.0F);
    std::vector<std::complex<float>> with_after(places + 1, -1.0F);
    write_line_products(lines.view(), weights.data(), {residual.data(), with_before.data(), with_after.data()});
    for (std::int64_t x = 0; x < count; ++x) {
      double rho = 0;
      std::complex<double> before;
      std::complex<double> after;
      for (std::int64_t coil = 0; coil < coils; ++coil) {
        const double weight = weights[static_cast<std::size_t>(coil)];
        rho += weight * lines.residual(coil, x);
        before += weight * std::conj(lines.a(coil, x)) * (lines.m(coil, x) - lines.p(coil, x));
        after += weight * std::conj(lines.p(coil, x)) * (lines.m(coil, x) - lines.a(coil, x));
      }
      const auto place = static_cast<std::size_t>(x);
      ASSERT_NEAR(residual[place], rho, 1e-4) << count << " samples, " << x;
      ASSERT_LT(std::abs(std::complex<double>(with_before[place]) - before), 1e-4) << count << " samples, " << x;
      ASSERT_LT(std::abs(std::complex<double>(with_after[place]) - after), 1e-4) << count << " samples, " << x;
    }
    EXPECT_EQ(residual.back(), -1);
    EXPECT_EQ(with_before.back(), std::complex<float>(-1));
    EXPECT_EQ(with_after.back(), std::complex<float>(-1));
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, PredictedLineTest, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
