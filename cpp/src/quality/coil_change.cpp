#include "quality/coil_change.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/coil_block.hpp"
#include "kernels/coil_gram.hpp"
#include "kernels/sample_power.hpp"
#include "kernels/virtual_coils.hpp"
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
    for (std::int64_t line = 0; line < length; ++line) {
      const std::complex<float>* const from =
          kspace.data + coil * kspace.strides[0] + (first_y + line) * kspace.strides[1] + first_x * kspace.strides[2];
      for (std::int64_t x = 0; x < length; ++x) {
        samples(row, line * length + x) = from[x * kspace.strides[2]];
      }
    }
    const double energy = kernels::power_of(&samples(row, 0), length * length);
    const double scale = std::sqrt(static_cast<double>(length * length) / energy);
    for (std::int64_t place = 0; place < length * length; ++place) {
      samples(row, place) = std::complex<float>(std::complex<double>(samples(row, place)) * scale);
    }
  }
  for (std::int64_t line = 0; line < length; ++line) {
    auto of_line = samples.middleCols(line * length, length);
    double power = 0;
    for (Eigen::Index row = 0; row < samples.rows(); ++row) {
      power += kernels::power_of(&of_line(row, 0), length);
    }
    power /= static_cast<double>(of_line.size());
    of_line *= static_cast<float>(1 / std::sqrt(power + least_line_power));
  }
  for (Eigen::Index row = 0; row < samples.rows(); ++row) {
    const double power = kernels::power_of(&samples(row, 0), length * length) / (length * length);
    samples.row(row) *= static_cast<float>(1 / std::sqrt(power));
  }
  return samples;
}

// Calls `take` with all rows of some neighbouring columns after the others, and with the first of these columns.
template <typename Take>
void for_blocks(const Samples& rows, const Take& take) {
  kernels::CoilBlock block;
  block.resize(rows.rows());
  for (Eigen::Index first = 0; first < rows.cols(); first += kernels::CoilBlock::most_pixels) {
    block.read(rows.data() + first, rows.cols(), std::min(kernels::CoilBlock::most_pixels, rows.cols() - first), 1);
    take(block, first);
  }
}

// rows rows^H. Eigen's products of complex matrices take a multiple of the time.
Eigen::MatrixXcd products_of(const Samples& rows) {
  kernels::CoilGram gram;
  gram.reset(rows.rows());
  for_blocks(rows, [&](const kernels::CoilBlock& block, Eigen::Index /*first*/) { gram.add(block); });
  Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> products(rows.rows(),
                                                                                                rows.rows());
  gram.write(products.data());
  return products;
}

Samples product_of(const Samples& weights, const Samples& rows) {
  kernels::CoilWeights of_rows;
  of_rows.assign({weights.data(), static_cast<std::size_t>(weights.size())}, rows.rows());
  Samples product(weights.rows(), rows.cols());
  for_blocks(rows, [&](const kernels::CoilBlock& block, Eigen::Index first) {
    kernels::compress_coils(block, of_rows, 0, block.pixels(), product.data() + first, product.cols());
  });
  return product;
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
  Eigen::MatrixXcd gram = products_of(sources);
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
  combined.from_others = product_of(weights, sources);
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
      const double own_real = combined.measured(row, x).real();
      const double own_imaginary = combined.measured(row, x).imag();
      const double real = combined.from_others(row, x).real();
      const double imaginary = combined.from_others(row, x).imag();
      // Products of std::complex take several times as long: they are right for infinity, too.
      sums.product += std::complex<double>(real * own_real + imaginary * own_imaginary,
                                           imaginary * own_real - real * own_imaginary);
      sums.combined += real * real + imaginary * imaginary;
      sums.measured += own_real * own_real + own_imaginary * own_imaginary;
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
