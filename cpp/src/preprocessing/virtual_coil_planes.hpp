// Virtual coils at some of a slice's samples, as planes that the transforms read.
#pragma once

#include <complex>
#include <cstdint>
#include <span>

#include "kernels/virtual_coils.hpp"
#include "preprocessing/sample_planes.hpp"
#include "preprocessing/slice_units.hpp"

namespace mriembed {

// Rows and columns of a slice.
struct SampleWindow {
  SampleRange rows;
  SampleRange columns;
};

struct VirtualCoilPlanes {
  CoilSamples source;
  bool kspace;  // of the samples: the centre of the planes is at the front; images are taken as a whole
  SampleWindow window;
  float scale;  // of the samples
  const kernels::CoilWeights& weights;
  Planes planes;  // (virtual coils, rows and columns of the window)
  // For each row of k-space, 0 where all of its samples are zero; empty: not known.
  std::span<const std::uint8_t> measured = {};
};

// Largest of a coil's samples but those in the window, as bits. `measured` as above.
std::int32_t peak_outside(const CoilSamples& source, const SampleWindow& window, std::span<const std::uint8_t> measured,
                          std::int64_t coil);

// Computes the virtual coils at pixels of the slice that follow each other in memory. What is found is their peak
// before scaling.
void compress_run(const VirtualCoilPlanes& to, SampleRange pixels, SliceUnits::Participant& own,
                  SliceUnits::Found& found);

// The same for the whole window. Returns the peak before scaling, as bits, of the window or of the whole slice.
std::int32_t compress_window(const VirtualCoilPlanes& to, bool look_outside, const SliceUnits& units);

}  // namespace mriembed
