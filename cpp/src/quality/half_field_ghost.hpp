// The N/2 ghost of few coils, from the part of the field of view that the object leaves empty.
//
// Even lines alone and odd lines alone make images with the object in two places, half a field of view apart along y.
// With the object M and odd lines turned by p, these images are
//
//   E(y) = (M(y) + M(y + N/2)) / 2,  O(y) = exp(i p) (M(y) - M(y + N/2)) / 2.
//
// If only one of the two places has signal, O = exp(i p) E or O = -exp(i p) E, in every coil, whatever the object and
// the coils are (Buonocore and Gao, Magn. Reson. Med. 38:89, 1997). All lines together make an image with a ghost of
// tan(|p| / 2) times the object: the ghost-to-signal ratio of acceptance tests (AAPM Report 100).
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "kernels/fourier.hpp"
#include "mriembed/array_view.hpp"
#include "quality/central_lines.hpp"

namespace mriembed::quality {

struct HalfFieldGhost {
  bool judged = false;
  double phase = 0;  // of odd lines relative to even ones; 0 if not judged
};

// From the central 64 samples of the lines around the centre, up to a quarter of k-space and 32 lines either way, with
// a Hann window along both axes against noise.
//
// Blocks of 2 x 2 pixels count in which E and O, over all coils, have a coherence of at least 0.98, and at least 0.02
// of the strongest block's energy. Parts of the object that lie half a field apart may satisfy this by chance, so the
// phase is the one that most blocks agree on: the median of those within 0.08 rad. Not judged: fewer than 16 such
// blocks, fewer than max(0.7, 0.9 - 0.35 s) of all that count, of which the share of the blocks with this energy is s
// (small if the object fills the field of view), fewer than 24 lines side by side, or a phase beyond pi / 4. Such a
// ghost would have more than 0.41 of the object's magnitude, and two similar objects half a field apart look the same.
class HalfFieldGhostCheck {
 public:
  // `measured`: the lines of which at least half of the samples were measured. `scales`: with which the samples of each
  // coil have a mean power near 1; 0: the coil is zero.
  HalfFieldGhost of(const ArrayView<const std::complex<float>, 3>& kspace, const std::vector<bool>& measured,
                    const std::vector<float>& scales);

 private:
  // What the pixels of a block have in common, over all coils.
  struct Block {
    std::complex<double> product;  // O conj(E)
    double energy = 0;             // (|E|^2 + |O|^2) / 2
  };

  void read(const ArrayView<const std::complex<float>, 3>& kspace, std::int64_t coil, float scale, LineRange lines);
  void add_to_blocks();
  // The phases of the blocks that count, from -pi / 2 to pi / 2.
  [[nodiscard]] static std::vector<double> phases(const std::vector<Block>& of_object);

  std::int64_t rows_ = 0;   // of each image: half of the lines
  std::int64_t width_ = 0;  // a multiple of the block's
  std::vector<float> window_along_y_;
  std::vector<float> window_along_x_;      // from k = 0 on
  std::vector<std::complex<float>> even_;  // (rows, x), of the last coil
  std::vector<std::complex<float>> odd_;
  std::vector<Block> blocks_;
  kernels::FourierTransform::Memory memory_;
};

}  // namespace mriembed::quality
