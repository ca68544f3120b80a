// Stacks of planes of complex samples, in memory that is used again.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>

#include "kernels/aligned_vector.hpp"

namespace mriembed {

using SampleBuffer = kernels::AlignedVector<std::complex<float>>;

// (count, height, width), contiguous. The samples are the buffer's.
struct Planes {
  std::complex<float>* samples = nullptr;
  std::int64_t count = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  [[nodiscard]] std::int64_t pixels() const { return height * width; }
  // One of them, as a stack of one.
  [[nodiscard]] Planes at(std::int64_t index) const { return {samples + index * pixels(), 1, height, width}; }
};

// Coils that are read: planes whose pixels follow each other in memory.
struct CoilSamples {
  const std::complex<float>* samples;
  std::int64_t count;
  std::int64_t stride;  // from a coil to the next
  std::int64_t height;
  std::int64_t width;
};

// Rows, columns or pixels that follow each other: `begin` to `end - 1`.
struct SampleRange {
  std::int64_t begin;
  std::int64_t end;

  [[nodiscard]] std::int64_t length() const { return end - begin; }
};

// The first samples of a buffer that grows to the largest stack asked for. What they hold is undefined.
inline Planes sized(SampleBuffer& buffer, std::int64_t count, std::int64_t height, std::int64_t width) {
  const auto samples = static_cast<std::size_t>(count * height * width);
  if (buffer.size() < samples) {
    buffer.clear();  // nothing of it is to be copied
    buffer.resize(samples);
  }
  return {buffer.data(), count, height, width};
}

}  // namespace mriembed
