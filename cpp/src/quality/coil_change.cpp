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
constexpr Eigen::Index most_coils_of_three = 8;  // with more of them, one sample of each explains a coil well
constexpr double least_line_power = 0.3;         // of the mean line's: lines of noise alone stay weak

// (coils, samples): line by line, each coil with a mean power of 1, lines of nearly the same power.
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
  for (std::int64_t line = 0; line < length; ++line) {
    auto of_line = samples.middleCols(line * length, length);
    const double power = of_line.cast<std::complex<double>>().squaredNorm() / static_cast<double>(of_line.size());
    of_line *= static_cast<float>(1 / std::sqrt(power + least_line_power));
  }
  for (Eigen::Index row = 0; row < samples.rows(); ++row) {
    const double power = samples.row(row).cast<std::complex<double>>().squaredNorm() / (length * length);
    samples.row(row) *= static_cast<float>(1 / std::sqrt(power));
  }
  return samples;
}

// A combination of the others for each coil, and the coil itself: (coils, samples) each.
struct Combined {
  Samples measured;
  Samples from_others;
  std::int64_t samples_of_line = 0;
};

// By weights of least squares, of `taps` neighbouring samples of each other coil.
Combined combinations(const Samples& samples, Eigen::Index taps) {
  const Eigen::Index coils = samples.rows();
  const Eigen::Index inner = length - (taps - 1);
  Samples sources(coils * taps, length * inner);
  for (Eigen::Index row = 0; row < sources.rows(); ++row) {
    for (Eigen::Index line = 0; line < length; ++line) {
      sources.row(row).segment(line * inner, inner) =
          samples.row(row / taps).segment(line * length + row % taps, inner);
    }
  }
  Eigen::MatrixXcd gram = (sources * sources.adjoint()).cast<std::complex<double>>();
  gram.diagonal().array() += tikhonov * static_cast<double>(sources.cols());
  const Eigen::MatrixXcd inverse = gram.llt().solve(Eigen::MatrixXcd::Identity(gram.rows(), gram.cols()));
  Combined combined{Samples(coils, sources.cols()), {}, inner};
  Samples weights(coils, sources.rows());
  for (Eigen::Index coil = 0; coil < coils; ++coil) {
    const Eigen::Index own = coil * taps;
    combined.measured.row(coil) = sources.row(own + taps / 2);
    // Of jointly normal variables, the inverse covariance tells how some follow from all others.
    const Eigen::MatrixXcd block = inverse.block(own, own, taps, taps);
    const Eigen::MatrixXcd all = block.llt().solve(inverse.middleRows(own, taps));
    weights.row(coil) = -all.row(taps / 2).cast<std::complex<float>>();
    weights.row(coil).segment(own, taps).setZero();
  }
  combined.from_others = weights * sources;
  return combined;
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
CoilChange change_of(const Combined& combined, Eigen::Index row) {
  std::vector<Sums> lines(static_cast<std::size_t>(length));
  Sums all;
  for (std::int64_t line = 0; line < length; ++line) {
    Sums& sums = lines[static_cast<std::size_t>(line)];
    for (std::int64_t x = line * combined.samples_of_line; x < (line + 1) * combined.samples_of_line; ++x) {
      const std::complex<double> own(combined.measured(row, x));
      const std::complex<double> from_others(combined.from_others(row, x));
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
  const Combined combined = combinations(measured, measured.rows() <= most_coils_of_three ? 3 : 1);
  found.judged = true;
  for (Eigen::Index row = 0; row < measured.rows(); ++row) {
    const CoilChange of_coil = change_of(combined, row);
    if (of_coil.level > found.level) {
      found = {true, of_coil.level, coils[static_cast<std::size_t>(row)], first_y + of_coil.line};
    }
  }
  return found;
}

}  // namespace mriembed::quality
