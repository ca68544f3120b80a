// GRAPPA as it is defined, in float64 and in k-space, and slices for its tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "fourier_definition.hpp"
#include "kernels/hybrid_slice.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {

using Sample = std::complex<float>;
using Complex = std::complex<double>;

// Coils of a slice in a NumPy-like order of their own: (coil, line, x), all of them there.
struct Coils {
  std::int64_t coils;
  std::int64_t lines;
  std::int64_t width;
  std::vector<Sample> samples;

  [[nodiscard]] std::size_t place(std::int64_t coil, std::int64_t line, std::int64_t x) const {
    return static_cast<std::size_t>((coil * lines + line) * width + x);
  }
  [[nodiscard]] Sample& at(std::int64_t coil, std::int64_t line, std::int64_t x) {
    return samples[place(coil, line, x)];
  }
  [[nodiscard]] Complex value(std::int64_t coil, std::int64_t line, std::int64_t x) const {
    return samples[place(coil, line, x)];
  }
};

inline Coils random_coils(std::int64_t coils, std::int64_t lines, std::int64_t width, float size = 1) {
  return {coils, lines, width, random_samples(coils * lines * width, size)};
}

// Every `factor`-th line from `first` on, and the ACS lines.
inline std::vector<std::uint8_t> regular(std::int64_t lines, std::int64_t factor, std::int64_t first,
                                         LineRange calibration) {
  std::vector<std::uint8_t> measured(static_cast<std::size_t>(lines), 0);
  for (std::int64_t line = first; line < lines; line += factor) {
    measured[static_cast<std::size_t>(line)] = 1;
  }
  std::fill(measured.begin() + calibration.begin, measured.begin() + calibration.end, std::uint8_t{1});
  return measured;
}

inline Coils without_missing(Coils full, const std::vector<std::uint8_t>& measured) {
  for (std::int64_t coil = 0; coil < full.coils; ++coil) {
    for (std::int64_t line = 0; line < full.lines; ++line) {
      for (std::int64_t x = 0; x < full.width && measured[static_cast<std::size_t>(line)] == 0; ++x) {
        full.at(coil, line, x) = 0;
      }
    }
  }
  return full;
}

// Lines are weaker the further they are from the middle one, to 1/30.
inline Coils with_echo(Coils coils) {
  for (std::int64_t coil = 0; coil < coils.coils; ++coil) {
    for (std::int64_t line = 0; line < coils.lines; ++line) {
      const double away = static_cast<double>(2 * line - coils.lines) / static_cast<double>(coils.lines);
      for (std::int64_t x = 0; x < coils.width; ++x) {
        coils.at(coil, line, x) *= static_cast<float>(1 / (1 + 30 * away * away));
      }
    }
  }
  return coils;
}

inline HybridSlice slice_of(Coils& coils) {
  return {coils.samples.data(), coils.coils, coils.lines, coils.width, coils.lines * coils.width, 0};
}

// Solves A X = B by elimination with pivots; rows of both.
inline std::vector<std::vector<Complex>> eliminated(std::vector<std::vector<Complex>> a,
                                                    std::vector<std::vector<Complex>> b) {
  const std::size_t size = a.size();
  for (std::size_t step = 0; step < size; ++step) {
    std::size_t pivot = step;
    for (std::size_t row = step; row < size; ++row) {
      pivot = std::abs(a[row][step]) > std::abs(a[pivot][step]) ? row : pivot;
    }
    std::swap(a[step], a[pivot]);
    std::swap(b[step], b[pivot]);
    for (std::size_t row = 0; row < size; ++row) {
      if (row == step) {
        continue;
      }
      const Complex factor = a[row][step] / a[step][step];
      for (std::size_t column = step; column < size; ++column) {
        a[row][column] -= factor * a[step][column];
      }
      for (std::size_t column = 0; column < b[row].size(); ++column) {
        b[row][column] -= factor * b[step][column];
      }
    }
  }
  for (std::size_t row = 0; row < size; ++row) {
    for (Complex& value : b[row]) {
      value /= a[row][row];
    }
  }
  return b;
}

// k-space along x of one line of a coil, by the definition.
inline std::vector<Complex> spectrum_of(const Coils& coils, std::int64_t coil, std::int64_t line) {
  std::vector<Complex> samples;
  for (std::int64_t x = 0; x < coils.width; ++x) {
    samples.push_back(coils.value(coil, line, x));
  }
  const FourierDefinition definition(samples.size(), -1);
  std::vector<Complex> spectrum;
  for (std::size_t k = 0; k < samples.size(); ++k) {
    spectrum.push_back(definition.at(samples, k));
  }
  return spectrum;
}

// GRAPPA as Griswold et al. define it, in k-space: the samples of line `line` from those of `before` and `after`, by
// weights that fit all places of the ACS lines best, each place divided by its lines' energy. (coil, k).
inline std::vector<std::vector<Complex>> defined_line(const std::vector<std::vector<std::vector<Complex>>>& kspace,
                                                      std::int64_t before, std::int64_t line, std::int64_t after,
                                                      LineRange calibration, double regularization) {
  const std::size_t coils = kspace.size();
  const auto width = static_cast<std::int64_t>(kspace[0][0].size());
  const auto sources_at = [&](std::int64_t first, std::int64_t second, std::int64_t k) {
    std::vector<Complex> sources;
    for (const std::int64_t from : {first, second}) {
      for (std::size_t coil = 0; coil < coils; ++coil) {
        for (std::int64_t tap = -2; tap <= 2; ++tap) {
          sources.push_back(
              kspace[coil][static_cast<std::size_t>(from)][static_cast<std::size_t>((k + tap + 2 * width) % width)]);
        }
      }
    }
    return sources;
  };
  const std::size_t unknowns = 10 * coils;
  std::vector<std::vector<Complex>> gram(unknowns, std::vector<Complex>(unknowns));
  std::vector<std::vector<Complex>> right(unknowns, std::vector<Complex>(coils));
  std::vector<double> energies;
  for (std::int64_t first = calibration.begin; first + after - before < calibration.end; ++first) {
    energies.push_back(0);
    for (std::int64_t from = first; from <= first + after - before; ++from) {
      for (const auto& coil : kspace) {
        for (const Complex& sample : coil[static_cast<std::size_t>(from)]) {
          energies.back() += std::norm(sample);
        }
      }
    }
  }
  const double most = *std::ranges::max_element(energies);
  for (std::int64_t first = calibration.begin; first + after - before < calibration.end; ++first) {
    const double weight = 1 / (energies[static_cast<std::size_t>(first - calibration.begin)] / most + 1e-6);
    for (std::int64_t k = 0; k < width; ++k) {
      const auto sources = sources_at(first, first + after - before, k);
      for (std::size_t i = 0; i < unknowns; ++i) {
        for (std::size_t j = i; j < unknowns; ++j) {
          gram[i][j] += weight * std::conj(sources[i]) * sources[j];
        }
        for (std::size_t coil = 0; coil < coils; ++coil) {
          right[i][coil] += weight * std::conj(sources[i]) *
                            kspace[coil][static_cast<std::size_t>(first + line - before)][static_cast<std::size_t>(k)];
        }
      }
    }
  }
  double trace = 0;
  for (std::size_t i = 0; i < unknowns; ++i) {
    trace += gram[i][i].real();
    for (std::size_t j = 0; j < i; ++j) {
      gram[i][j] = std::conj(gram[j][i]);
    }
  }
  for (std::size_t i = 0; i < unknowns; ++i) {
    gram[i][i] += regularization * trace / static_cast<double>(unknowns);
  }
  const auto weights = eliminated(gram, right);
  std::vector<std::vector<Complex>> found(coils, std::vector<Complex>(static_cast<std::size_t>(width)));
  for (std::int64_t k = 0; k < width; ++k) {
    const auto sources = sources_at(before, after, k);
    for (std::size_t coil = 0; coil < coils; ++coil) {
      for (std::size_t i = 0; i < unknowns; ++i) {
        found[coil][static_cast<std::size_t>(k)] += weights[i][coil] * sources[i];
      }
    }
  }
  return found;
}

}  // namespace mriembed::kernels
