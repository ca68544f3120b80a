#include "kernels/coherence.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/coherence.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Lanes>;

constexpr std::int64_t run_samples = 1024;

// Real and imaginary part of the product, and both energies, of at most run_samples.
void add_run(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t count, Coherence& sums) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  Vector real = hn::Zero(d);
  Vector imaginary = hn::Zero(d);
  Vector energy_of_a = hn::Zero(d);
  Vector energy_of_b = hn::Zero(d);
  std::int64_t sample = 0;
  for (; sample + lanes <= count; sample += lanes) {
    Vector a_real;
    Vector a_imaginary;
    Vector b_real;
    Vector b_imaginary;
    hn::LoadInterleaved2(d, a + 2 * sample, a_real, a_imaginary);
    hn::LoadInterleaved2(d, b + 2 * sample, b_real, b_imaginary);
    real = hn::MulAdd(a_imaginary, b_imaginary, hn::MulAdd(a_real, b_real, real));
    imaginary = hn::NegMulAdd(a_imaginary, b_real, hn::MulAdd(a_real, b_imaginary, imaginary));
    energy_of_a = hn::MulAdd(a_imaginary, a_imaginary, hn::MulAdd(a_real, a_real, energy_of_a));
    energy_of_b = hn::MulAdd(b_imaginary, b_imaginary, hn::MulAdd(b_real, b_real, energy_of_b));
  }
  const auto sum_of = [&](Vector sum) { return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum))); };
  sums.product += std::complex<double>(sum_of(real), sum_of(imaginary));
  sums.energy_of_a += sum_of(energy_of_a);
  sums.energy_of_b += sum_of(energy_of_b);
  for (; sample < count; ++sample) {
    const std::complex<double> one(a[2 * sample], a[2 * sample + 1]);
    const std::complex<double> other(b[2 * sample], b[2 * sample + 1]);
    sums.product += std::conj(one) * other;
    sums.energy_of_a += std::norm(one);
    sums.energy_of_b += std::norm(other);
  }
}

void add_in_lanes(const float* a, const float* b, std::int64_t count, Coherence& sums) {
  for (std::int64_t first = 0; first < count; first += run_samples) {
    add_run(a + 2 * first, b + 2 * first, std::min(run_samples, count - first), sums);
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(add_in_lanes);

void Coherence::add(const std::complex<float>* a, const std::complex<float>* b, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(add_in_lanes)
  (reinterpret_cast<const float*>(a), reinterpret_cast<const float*>(b), count, *this);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
