#include "line_energies.hpp"

#include <Eigen/Core>
#include <cstddef>

namespace mriembed::io {

namespace {

void add_energies(std::span<const std::complex<float>> line, double* energies) {
  for (std::size_t x = 0; x < line.size(); ++x) {
    energies[x] += static_cast<double>(std::norm(line[x]));
  }
}

}  // namespace

LineEnergies energies_of_lines(std::span<const std::complex<float>> samples, std::int64_t coils, std::int64_t lines,
                               std::int64_t length, std::int64_t coil_step) {
  LineEnergies result;
  result.sums.reserve(static_cast<std::size_t>(lines));
  result.peaks.reserve(static_cast<std::size_t>(lines));
  Eigen::ArrayXd along_x = Eigen::ArrayXd::Zero(length);
  Eigen::ArrayXd of_line(length);
  for (std::int64_t line = 0; line < lines; ++line) {
    of_line.setZero();
    for (std::int64_t coil = 0; coil < coils; coil += coil_step) {
      add_energies(
          samples.subspan(static_cast<std::size_t>((coil * lines + line) * length), static_cast<std::size_t>(length)),
          of_line.data());
    }
    along_x += of_line;
    result.sums.push_back(of_line.sum());
    result.peaks.push_back(of_line.maxCoeff());
  }
  result.along_x.assign(along_x.begin(), along_x.end());
  return result;
}

}  // namespace mriembed::io
