// Where the echo of a slice lies in k-space: step 5 of the preprocessing (docs/preprocessing.md).
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace mriembed {

// Energy of the samples in which the echo is looked for, along each axis and summed over the other one.
struct EchoEnergies {
  std::vector<double> y;
  std::vector<double> x;
};

// Of the central `rows` x `columns` samples of k-space (height, width) whose centre is at the front.
void find_echo_energies(const std::complex<float>* spectrum, std::int64_t height, std::int64_t width, std::int64_t rows,
                        std::int64_t columns, EchoEnergies& energies);

// The circular mean of the energies of an axis (Ahn and Cho 1987, IEEE Trans. Med. Imaging 6, 32), in whole samples of
// a grid of `grid` samples. The axis has `length` pixels, of which `energies` are the central samples.
std::int64_t echo_position(const std::vector<double>& energies, std::int64_t length, std::int64_t grid);

}  // namespace mriembed
