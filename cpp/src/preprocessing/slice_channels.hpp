// Steps 6 to 8 of the preprocessing (docs/preprocessing.md): from the k-space of virtual coils to the channels
// that the network reads.
#pragma once

#include <cstdint>
#include <vector>

#include "preprocessing/plane_transforms.hpp"
#include "preprocessing/sample_planes.hpp"
#include "threads/executor.hpp"

namespace mriembed {

// Memory that slices use one after the other.
struct ChannelMemory {
  struct Participant {
    PlaneTransforms::Memory transform;
    SampleBuffer local;  // the local brightness of a channel
  };

  std::vector<Participant> participants;
  SampleBuffer low;       // low-resolution images of the virtual coils
  SampleBuffer combined;  // one image of all coils
  SampleBuffer power;     // its squared magnitude, and the transform of that
};

// Writes the channels (2 x num_coils, y, x), float32, of k-space (virtual coils, y, x), with the echo at the front of
// both axes; uses that up. `transforms` are prepared for y and x. Units of work depend on the shape alone. Throws Error
// bad_input, which names slice `index`, if the low-resolution images hold no signal.
void write_channels(const Planes& kspace, std::int64_t num_coils, std::int64_t index, const PlaneTransforms& transforms,
                    const threads::Executor& executor, ChannelMemory& memory, float* channels);

}  // namespace mriembed
