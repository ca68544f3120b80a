#include "centred_fft.hpp"

#include <kiss_fft.h>

#include <cmath>
#include <string>

#include "size_limits.hpp"

namespace mriembed::io {

// kissfft's complex numbers are two floats, and so are C++'s, by its standard.
static_assert(sizeof(kiss_fft_cpx) == sizeof(std::complex<float>));

void CentredFft::Free::operator()(kiss_fft_state* plan) const { kiss_fft_free(plan); }

CentredFft::CentredFft(std::int64_t length, Direction direction)
    : plan_(kiss_fft_alloc(static_cast<int>(length), direction == Direction::to_image ? 1 : 0, nullptr, nullptr)),
      scale_(1.0F / std::sqrt(static_cast<float>(length))),
      before_(static_cast<std::size_t>(length)),
      after_(static_cast<std::size_t>(length)) {
  if (plan_ == nullptr) {
    refuse("the transform over " + std::to_string(length) + " samples cannot be planned");
  }
}

void CentredFft::apply(std::complex<float>* first, std::int64_t stride) {
  const auto length = static_cast<std::int64_t>(before_.size());
  const std::int64_t middle = length / 2;
  const std::int64_t upper = length - middle;  // samples from the middle on
  // ifftshift and fftshift of these two halves; a division for each sample would take longer than the transform.
  for (std::int64_t index = 0; index < upper; ++index) {
    before_[static_cast<std::size_t>(index)] = first[(middle + index) * stride];
  }
  for (std::int64_t index = 0; index < middle; ++index) {
    before_[static_cast<std::size_t>(upper + index)] = first[index * stride];
  }
  kiss_fft(plan_.get(), reinterpret_cast<const kiss_fft_cpx*>(before_.data()),
           reinterpret_cast<kiss_fft_cpx*>(after_.data()));
  for (std::int64_t index = 0; index < upper; ++index) {
    first[(middle + index) * stride] = after_[static_cast<std::size_t>(index)] * scale_;
  }
  for (std::int64_t index = 0; index < middle; ++index) {
    first[index * stride] = after_[static_cast<std::size_t>(upper + index)] * scale_;
  }
}

}  // namespace mriembed::io
