#include "quality/coil_change.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>

#include "quality/coil_contrast.hpp"

namespace mriembed::quality {

namespace {

using Samples = Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::int64_t length = 24;  // of lines and samples
constexpr std::size_t fewest_coils = 4;
constexpr double tikhonov = 0.01;

// (coils, samples): line by line, each coil with a mean power of 1.
Samples samples_around(const ArrayView<const std::complex<float>, 3>& kspace, const std::vector<std::int64_t>& coils,
                       std::int64_t first_y, std::int64_t first_x) {
  Samples samples(static_cast<Eigen::Index>(coils.size()), length * length);
  for (Eigen::Index row = 0; row < samples.rows(); ++row) {
    const std::int64_t coil = coils[static_cast<std::size_t>(row)];
    double energy = 0;
    for (std::int64_t place = 0; place < length * length; ++place) {
      const std::complex<float> sample =
          kspace.data[coil * kspace.strides[0] + (first_y + place / length) * kspace.strides[1] +
                      (first_x + place % length) * kspace.strides[2]];
      samples(row, place) = sample;
      energy += std::norm(std::complex<double>(sample));
    }
    const double scale = std::sqrt(static_cast<double>(length * length) / energy);
    for (std::int64_t place = 0; place < length * length; ++place) {
      samples(row, place) = std::complex<float>(std::complex<double>(samples(row, place)) * scale);
    }
  }
  return samples;
}

// (coils, coils): the weights by which each coil follows from the others.
Samples combinations(const Samples& samples) {
  Eigen::MatrixXcd gram = (samples * samples.adjoint()).cast<std::complex<double>>();
  gram.diagonal().array() += tikhonov * static_cast<double>(samples.cols());
  const Eigen::MatrixXcd inverse = gram.llt().solve(Eigen::MatrixXcd::Identity(gram.rows(), gram.cols()));
  Samples weights(gram.rows(), gram.cols());
  for (Eigen::Index row = 0; row < gram.rows(); ++row) {
    for (Eigen::Index column = 0; column < gram.cols(); ++column) {
      weights(row, column) =
          row == column ? 0.0F : std::complex<float>(-inverse(row, column) / inverse(row, row).real());
    }
  }
  return weights;
}

// Of some lines of one coil.
struct Sums {
  std::complex<double> product;
  double combined = 0;
  double measured = 0;

  void add(const Sums& other) {
    product += other.product;
    combined += other.combined;
    measured += other.measured;
  }
  [[nodiscard]] double explained() const { return combined > 0 ? std::norm(product) / combined : 0; }
};

// Of one coil.
CoilChange change_of(const Samples& measured, const Samples& combined, Eigen::Index row) {
  std::vector<Sums> lines(static_cast<std::size_t>(length));
  Sums all;
  for (std::int64_t line = 0; line < length; ++line) {
    Sums& sums = lines[static_cast<std::size_t>(line)];
    for (std::int64_t x = line * length; x < (line + 1) * length; ++x) {
      const std::complex<double> own(measured(row, x));
      const std::complex<double> from_others(combined(row, x));
      sums.product += from_others * std::conj(own);
      sums.combined += std::norm(from_others);
      sums.measured += std::norm(own);
    }
    all.add(sums);
  }
  CoilChange found;
  Sums before;
  for (std::int64_t line = 1; line < length; ++line) {
    before.add(lines[static_cast<std::size_t>(line - 1)]);
    Sums after;
    for (std::int64_t later = line; later < length; ++later) {
      after.add(lines[static_cast<std::size_t>(later)]);
    }
    const double explained = before.explained() + after.explained();
    const double level =
        (explained - all.explained()) / std::max(all.measured - explained, 1e-6 * all.measured);  // or rounding
    if (level > found.level) {
      found.level = level;
      found.line = line;
    }
  }
  return found;
}

}  // namespace

CoilChange strongest_coil_change(const ArrayView<const std::complex<float>, 3>& kspace, const std::vector<float>& power,
                                 const std::vector<double>& contrasts, Echo echo) {
  const auto [all_coils, height, width] = kspace.shape;
  std::vector<std::int64_t> coils;
  for (std::int64_t coil = 0; coil < all_coils; ++coil) {
    if (contrasts[static_cast<std::size_t>(coil)] >= least_contrast) {
      coils.push_back(coil);
    }
  }
  CoilChange found;
  if (coils.size() < fewest_coils || height < length || width < length) {
    return found;
  }
  const std::int64_t first_y = std::clamp<std::int64_t>(echo.y - length / 2, 0, height - length);
  const std::int64_t first_x = std::clamp<std::int64_t>(echo.x - length / 2, 0, width - length);
  for (std::int64_t y = first_y; y < first_y + length; ++y) {
    const auto line = power.begin() + y * width + first_x;
    if (std::any_of(line, line + length, [](float of_sample) { return !(of_sample > 0); })) {
      return found;
    }
  }
  const Samples measured = samples_around(kspace, coils, first_y, first_x);
  const Samples combined = combinations(measured) * measured;
  found.judged = true;
  for (Eigen::Index row = 0; row < measured.rows(); ++row) {
    const CoilChange of_coil = change_of(measured, combined, row);
    if (of_coil.level > found.level) {
      found = {true, of_coil.level, coils[static_cast<std::size_t>(row)], first_y + of_coil.line};
    }
  }
  return found;
}

}  // namespace mriembed::quality
