// Tensors of complex64 samples as memory that is used again, and as the library's own type.
#pragma once

#include <ATen/ATen.h>

#include <complex>
#include <cstdint>

namespace mriembed {

// The first samples of a buffer that grows to the largest shape asked for.
inline at::Tensor sized(at::Tensor& buffer, at::IntArrayRef shape) {
  const std::int64_t samples = c10::multiply_integers(shape);
  if (!buffer.defined() || buffer.numel() < samples) {
    buffer = at::empty({samples}, at::kComplexFloat);
  }
  return buffer.narrow(0, 0, samples).view(shape);
}

inline std::complex<float>* samples_of(const at::Tensor& tensor) {
  return reinterpret_cast<std::complex<float>*>(tensor.mutable_data_ptr<c10::complex<float>>());
}

inline const std::complex<float>* const_samples_of(const at::Tensor& tensor) {
  return reinterpret_cast<const std::complex<float>*>(tensor.const_data_ptr<c10::complex<float>>());
}

}  // namespace mriembed
