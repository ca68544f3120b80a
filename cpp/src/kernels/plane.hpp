// Images of virtual coils and their k-space, with the centre in the middle or at the front: where transforms leave it.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// One virtual coil, rows one after the other. Along an axis that is shifted the centre is at the front, otherwise at
// length / 2. The samples are the caller's.
struct Plane {
  const std::complex<float>* samples;
  std::int64_t height;
  std::int64_t width;
  bool shift_y;
  bool shift_x;
};

// Where an index goes when the centre, length / 2, comes to the front (ifftshift).
constexpr std::int64_t to_front(std::int64_t index, std::int64_t length) {
  return (index + length - length / 2) % length;
}

// Crops or pads a plane around its centre to `height` x `width` samples, whose centre is at the front of both axes.
void resize(const Plane& plane, std::complex<float>* resized, std::int64_t height, std::int64_t width);

}  // namespace mriembed::kernels
