#include "partition_transform.hpp"

#include <kiss_fft.h>

#include <cmath>
#include <memory>

#include "refuse.hpp"

namespace mriembed::io {

void transform_partitions(std::vector<std::complex<float>>& volume, std::int64_t coils, std::int64_t z,
                          std::int64_t plane) {
  struct Free {
    void operator()(kiss_fft_state* plan) const { kiss_fft_free(plan); }
  };
  const std::unique_ptr<kiss_fft_state, Free> plan(
      kiss_fft_alloc(static_cast<int>(z), /*inverse_fft=*/1, nullptr, nullptr));
  if (plan == nullptr) {
    refuse("the transform over " + std::to_string(z) + " partitions cannot be planned");
  }
  const auto length = static_cast<std::size_t>(z);
  const float scale = 1.0F / std::sqrt(static_cast<float>(z));
  std::vector<kiss_fft_cpx> before(length);
  std::vector<kiss_fft_cpx> after(length);
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    std::complex<float>* const first = volume.data() + coil * z * plane;
    for (std::int64_t pixel = 0; pixel < plane; ++pixel) {
      for (std::size_t index = 0; index < length; ++index) {
        const std::size_t from = (index + length / 2) % length;  // ifftshift
        const std::complex<float> sample = first[static_cast<std::int64_t>(from) * plane + pixel];
        before[index] = {sample.real(), sample.imag()};
      }
      kiss_fft(plan.get(), before.data(), after.data());
      for (std::size_t index = 0; index < length; ++index) {
        const std::size_t to = (index + length / 2) % length;  // fftshift
        first[static_cast<std::int64_t>(to) * plane + pixel] = {after[index].r * scale, after[index].i * scale};
      }
    }
  }
}

}  // namespace mriembed::io
