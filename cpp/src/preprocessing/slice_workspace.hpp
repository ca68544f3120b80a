// What the steps of SlicePreprocessor keep of one slice, in memory that the next one uses again.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "kernels/coil_block.hpp"
#include "kernels/coil_gram.hpp"
#include "kernels/virtual_coils.hpp"
#include "preprocessing/echo_position.hpp"
#include "preprocessing/line_completion.hpp"
#include "preprocessing/plane_transforms.hpp"
#include "preprocessing/sample_planes.hpp"
#include "preprocessing/slice_channels.hpp"

namespace mriembed {

// Memory that slices use one after the other. Grows to the largest one seen and is reused from then on.
struct SliceWorkspace {
  // What each participant has for itself.
  struct Participant {
    kernels::CoilBlock block;
    kernels::CoilGram gram;
    PlaneTransforms::Memory transform;
    SampleBuffer padded;  // k-space of a virtual coil whose image is padded to a square
    SampleBuffer image;   // of a coil, on its way to the calibration region
  };

  // What a unit of work has found. Units depend on the shape alone and are merged in their order: no bit of a slice
  // depends on who has run them.
  struct Found {
    std::int32_t peak_bits = 0;
    double energy = 0;
    double energy_before = 0;                // the same before a crop
    std::vector<std::complex<double>> gram;  // (coils, coils), row-major
    EchoEnergies echo;
  };

  std::vector<Participant> participants;
  std::vector<Found> found;
  std::vector<std::complex<double>> gram;  // of the calibration region, (coils, coils), row-major
  kernels::CoilWeights weights;
  PlaneTransforms transforms;
  LineCompletion completion;
  SampleBuffer contiguous;
  SampleBuffer readouts;     // of the calibration region, as they were measured
  SampleBuffer calibration;  // (coils, lines of the calibration region, x)
  SampleBuffer virtual_coils;
  SampleBuffer cropped;  // virtual coils transformed and cropped
  SampleBuffer row;      // one line of all virtual coils, as it arrives, and once it is cropped
  SampleBuffer transformed_row;
  SampleBuffer spectra;  // k-space of the virtual coils
  SampleBuffer kspace;   // the same at the matrix, the echo at its centre
  ChannelMemory channels;
};

}  // namespace mriembed
