#include "alternate_readouts.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace mriembed::io {

namespace {

using Complex = std::complex<double>;
using Matrix = Eigen::MatrixXcd;

constexpr std::int64_t most_coils_used = 4;
constexpr std::int64_t reach = 1;  // samples to both sides in the lines before and after

// The lines around the echo, some coils of them.
struct CentralLines {
  std::span<const std::complex<float>> samples;
  std::int64_t coil_step = 1;
  std::int64_t coils = 1;  // that are used
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t begin = 0;  // of the lines that are predicted
  std::int64_t end = 0;

  // Reversing changes k to -k; k = -width / 2 of an even width has no counterpart and stays.
  [[nodiscard]] Complex at(std::int64_t coil, std::int64_t line, std::int64_t x, bool reversed) const {
    const std::int64_t even = width % 2 == 0 ? 0 : 1;
    const std::int64_t place = reversed && (x > 0 || even == 1) ? width - even - x : x;
    return samples[static_cast<std::size_t>((coil * coil_step * height + line) * width + place)];
  }
  [[nodiscard]] double energy(std::int64_t line) const {
    double sum = 0;
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      for (std::int64_t x = 0; x < width; ++x) {
        sum += std::norm(at(coil, line, x, false));
      }
    }
    return sum;
  }
};

CentralLines central_lines(std::span<const std::complex<float>> samples, std::int64_t coils, std::int64_t height,
                           std::int64_t width) {
  constexpr std::int64_t half = 16;
  CentralLines lines{samples, std::max<std::int64_t>(1, coils / most_coils_used), 1, height, width};
  lines.coils = std::min(coils, most_coils_used);
  std::vector<double> energies;
  energies.reserve(static_cast<std::size_t>(height));
  for (std::int64_t line = 0; line < height; ++line) {
    energies.push_back(lines.energy(line));
  }
  const std::int64_t echo = std::max_element(energies.begin(), energies.end()) - energies.begin();
  lines.begin = std::max<std::int64_t>(1, echo - half);
  lines.end = std::min(height - 1, echo + half + 1);
  if (std::any_of(energies.begin() + lines.begin - 1, energies.begin() + lines.end + 1,
                  [](double energy) { return energy == 0 || !std::isfinite(energy); })) {
    lines.end = lines.begin;
  }
  return lines;
}

// The share of the lines' energy that their neighbours do not predict. Lines of either parity have kernels of their
// own: in an echo-planar scan they differ in phase. Each line counts by the inverse of its energy and its neighbours',
// as the echo would outvote all others.
double unpredicted_share(const CentralLines& lines, const std::vector<bool>& reversed) {
  constexpr std::int64_t half_columns = 32;
  constexpr double regularization = 1e-3;
  const std::int64_t first = std::max(reach, lines.width / 2 - half_columns);
  const std::int64_t last = std::min(lines.width - 1 - reach, lines.width / 2 + half_columns);
  const auto columns = static_cast<Eigen::Index>(last - first + 1);
  const auto targets = static_cast<Eigen::Index>(lines.coils);
  const Eigen::Index taps = targets * 2 * (2 * reach + 1);
  Matrix from(columns, taps);
  Matrix to(columns, targets);
  double unpredicted = 0;
  double all = 0;
  for (const std::int64_t parity : {0, 1}) {
    Matrix gram = Matrix::Zero(taps, taps);
    Matrix products = Matrix::Zero(taps, targets);
    double energy = 0;
    for (std::int64_t line = lines.begin + (lines.begin + parity) % 2; line < lines.end; line += 2) {
      Eigen::Index tap = 0;
      for (std::int64_t coil = 0; coil < lines.coils; ++coil) {
        for (const std::int64_t neighbour : {line - 1, line + 1}) {
          for (std::int64_t shift = -reach; shift <= reach; ++shift, ++tap) {
            for (Eigen::Index x = 0; x < columns; ++x) {
              from(x, tap) =
                  lines.at(coil, neighbour, first + x + shift, reversed[static_cast<std::size_t>(neighbour)]);
            }
          }
        }
        for (Eigen::Index x = 0; x < columns; ++x) {
          to(x, coil) = lines.at(coil, line, first + x, reversed[static_cast<std::size_t>(line)]);
        }
      }
      const double weight = 1 / std::max(from.squaredNorm() + to.squaredNorm(), 1e-300);
      gram.noalias() += weight * (from.adjoint() * from);
      products.noalias() += weight * (from.adjoint() * to);
      energy += weight * to.squaredNorm();
    }
    Matrix damped = gram;
    damped.diagonal().array() += regularization * gram.trace().real() / static_cast<double>(taps);
    const Matrix kernel = damped.llt().solve(products);
    unpredicted +=
        energy - 2 * (kernel.adjoint() * products).trace().real() + (kernel.adjoint() * gram * kernel).trace().real();
    all += energy;
  }
  return unpredicted / all;
}

}  // namespace

bool are_alternate_readouts(std::span<const std::complex<float>> samples, std::int64_t coils, std::int64_t height,
                            std::int64_t width, const std::vector<bool>& second) {
  constexpr std::int64_t fewest_lines = 24;
  constexpr std::int64_t fewest_samples = 16;
  // Measured: at most 0.71 where every second line is reversed and the neighbours tell, 0.97 and more where none is.
  constexpr double far_better = 0.8;
  if (height < fewest_lines || width < fewest_samples) {
    return false;
  }
  const CentralLines lines = central_lines(samples, coils, height, width);
  if (lines.end - lines.begin < fewest_lines - 2) {
    return false;
  }
  const std::vector<bool> none(second.size(), false);
  return unpredicted_share(lines, second) < far_better * unpredicted_share(lines, none);
}

}  // namespace mriembed::io
