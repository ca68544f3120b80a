// The steps of the transforms of fourier.cpp, on vectors that hold one sample of as many rows or columns as they have
// lanes. Included once per instruction set.

#include <hwy/highway.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>

#include "kernels/fourier.hpp"

// Highway's own guard: the content is compiled anew for every target.
#if defined(MRIEMBED_FOURIER_STEPS_TARGET) == defined(HWY_TARGET_TOGGLE)
#ifdef MRIEMBED_FOURIER_STEPS_TARGET
#undef MRIEMBED_FOURIER_STEPS_TARGET
#else
#define MRIEMBED_FOURIER_STEPS_TARGET
#endif

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {  // NOLINT(misc-anonymous-namespace-in-header): each file compiles its own for each instruction set

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, static_cast<std::size_t>(FourierTransform::most_lanes)>;
using Vector = hn::Vec<Lanes>;

constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes()));

// In memory, a sample is a vector of real parts and one of imaginary parts, of as many rows or columns as lanes.
constexpr std::int64_t sample_floats = 2 * lanes;

struct Complex {
  Vector real;
  Vector imaginary;
};

HWY_INLINE Complex load(const float* HWY_RESTRICT sample) {
  const Lanes d;
  return {hn::Load(d, sample), hn::Load(d, sample + lanes)};
}

HWY_INLINE void store(const Complex& value, float* HWY_RESTRICT sample) {
  const Lanes d;
  hn::Store(value.real, d, sample);
  hn::Store(value.imaginary, d, sample + lanes);
}

HWY_INLINE Complex operator+(const Complex& a, const Complex& b) {
  return {hn::Add(a.real, b.real), hn::Add(a.imaginary, b.imaginary)};
}

HWY_INLINE Complex operator-(const Complex& a, const Complex& b) {
  return {hn::Sub(a.real, b.real), hn::Sub(a.imaginary, b.imaginary)};
}

HWY_INLINE Complex plus_i_times(const Complex& a, const Complex& b) {
  return {hn::Sub(a.real, b.imaginary), hn::Add(a.imaginary, b.real)};
}

HWY_INLINE Complex minus_i_times(const Complex& a, const Complex& b) {
  return {hn::Add(a.real, b.imaginary), hn::Sub(a.imaginary, b.real)};
}

HWY_INLINE Complex times(const Complex& a, Vector real, Vector imaginary) {
  return {hn::NegMulAdd(a.imaginary, imaginary, hn::Mul(a.real, real)),
          hn::MulAdd(a.imaginary, real, hn::Mul(a.real, imaginary))};
}

// The inverse transforms of 2, 4 and odd samples, in place. `circle` holds exp(2 pi i k / Factor).
HWY_INLINE void transform(std::array<Complex, 2>& v, const std::complex<float>* /*circle*/) {
  const Complex sum = v[0] + v[1];
  v[1] = v[0] - v[1];
  v[0] = sum;
}

HWY_INLINE void transform(std::array<Complex, 4>& v, const std::complex<float>* /*circle*/) {
  const Complex even_sum = v[0] + v[2];
  const Complex even_difference = v[0] - v[2];
  const Complex odd_sum = v[1] + v[3];
  const Complex odd_difference = v[1] - v[3];
  v[0] = even_sum + odd_sum;
  v[1] = plus_i_times(even_difference, odd_difference);
  v[2] = even_sum - odd_sum;
  v[3] = minus_i_times(even_difference, odd_difference);
}

// Samples n and Factor - n have the same cosine and opposite sines.
template <std::size_t Factor>
HWY_INLINE void transform(std::array<Complex, Factor>& v, const std::complex<float>* circle) {
  constexpr std::size_t pairs = Factor / 2;
  const Lanes d;
  std::array<Complex, pairs> sum;
  std::array<Complex, pairs> difference;
  const Complex first = v[0];
  for (std::size_t n = 0; n < pairs; ++n) {
    sum[n] = v[n + 1] + v[Factor - 1 - n];
    difference[n] = v[n + 1] - v[Factor - 1 - n];
    v[0] = v[0] + sum[n];
  }
  for (std::size_t k = 1; k <= pairs; ++k) {
    Complex even = first;
    Complex odd = {hn::Zero(d), hn::Zero(d)};
    for (std::size_t n = 0; n < pairs; ++n) {
      const std::complex<float> root = circle[(n + 1) * k % Factor];
      const Vector cosine = hn::Set(d, root.real());
      const Vector sine = hn::Set(d, root.imag());
      even = {hn::MulAdd(sum[n].real, cosine, even.real), hn::MulAdd(sum[n].imaginary, cosine, even.imaginary)};
      odd = {hn::MulAdd(difference[n].real, sine, odd.real), hn::MulAdd(difference[n].imaginary, sine, odd.imaginary)};
    }
    v[k] = plus_i_times(even, odd);
    v[Factor - k] = minus_i_times(even, odd);
  }
}

template <std::size_t Factor>
void run_step(std::int64_t length, std::int64_t done, const std::complex<float>* circle, float* HWY_RESTRICT memory) {
  const Lanes d;
  const std::int64_t apart = done * sample_floats;
  const std::complex<float>* roots = circle + Factor;
  for (std::int64_t block = 0; block < length; block += static_cast<std::int64_t>(Factor) * done) {
    for (std::int64_t p = 0; p < done; ++p) {
      float* const samples = memory + (block + p) * sample_floats;
      const std::complex<float>* root = roots + p * static_cast<std::int64_t>(Factor - 1);
      std::array<Complex, Factor> v;
      for (std::size_t k = 0; k < Factor; ++k) {
        v[k] = load(samples + static_cast<std::int64_t>(k) * apart);
        if (p > 0 && k > 0) {
          v[k] = times(v[k], hn::Set(d, root[k - 1].real()), hn::Set(d, root[k - 1].imag()));
        }
      }
      transform(v, circle);
      for (std::size_t k = 0; k < Factor; ++k) {
        store(v[k], samples + static_cast<std::int64_t>(k) * apart);
      }
    }
  }
}

// The same for odd factors that are rare: without code of their own.
void run_odd_step(std::int64_t odd, std::int64_t length, std::int64_t done, const std::complex<float>* circle,
                  float* HWY_RESTRICT memory) {
  const Lanes d;
  const std::int64_t apart = done * sample_floats;
  const auto factor = static_cast<std::size_t>(odd);
  const std::size_t pairs = factor / 2;
  const std::complex<float>* roots = circle + odd;
  for (std::int64_t block = 0; block < length; block += odd * done) {
    for (std::int64_t p = 0; p < done; ++p) {
      float* const samples = memory + (block + p) * sample_floats;
      const std::complex<float>* root = roots + p * (odd - 1);
      const auto sample = [&](std::size_t k) HWY_ATTR {
        const Complex value = load(samples + static_cast<std::int64_t>(k) * apart);
        return p > 0 ? times(value, hn::Set(d, root[k - 1].real()), hn::Set(d, root[k - 1].imag())) : value;
      };
      std::array<Complex, FourierTransform::largest_factor / 2> sum;
      std::array<Complex, FourierTransform::largest_factor / 2> difference;
      const Complex first = load(samples);
      Complex total = first;
      for (std::size_t n = 0; n < pairs; ++n) {
        const Complex before = sample(n + 1);
        const Complex after = sample(factor - 1 - n);
        sum[n] = before + after;
        difference[n] = before - after;
        total = total + sum[n];
      }
      store(total, samples);
      for (std::size_t k = 1; k <= pairs; ++k) {
        Complex even = first;
        Complex turned = {hn::Zero(d), hn::Zero(d)};
        for (std::size_t n = 0; n < pairs; ++n) {
          const std::complex<float> of_pair = circle[(n + 1) * k % factor];
          const Vector cosine = hn::Set(d, of_pair.real());
          const Vector sine = hn::Set(d, of_pair.imag());
          even = {hn::MulAdd(sum[n].real, cosine, even.real), hn::MulAdd(sum[n].imaginary, cosine, even.imaginary)};
          turned = {hn::MulAdd(difference[n].real, sine, turned.real),
                    hn::MulAdd(difference[n].imaginary, sine, turned.imaginary)};
        }
        store(plus_i_times(even, turned), samples + static_cast<std::int64_t>(k) * apart);
        store(minus_i_times(even, turned), samples + static_cast<std::int64_t>(factor - k) * apart);
      }
    }
  }
}

void run_steps(const FourierTransform& fourier, float* memory) {
  for (const FourierTransform::Step& step : fourier.steps()) {
    const std::complex<float>* circle = fourier.roots(step);
    switch (step.factor) {
      case 2:
        run_step<2>(fourier.length(), step.done, circle, memory);
        break;
      case 3:
        run_step<3>(fourier.length(), step.done, circle, memory);
        break;
      case 4:
        run_step<4>(fourier.length(), step.done, circle, memory);
        break;
      case 5:
        run_step<5>(fourier.length(), step.done, circle, memory);
        break;
      case 7:
        run_step<7>(fourier.length(), step.done, circle, memory);
        break;
      default:
        run_odd_step(step.factor, fourier.length(), step.done, circle, memory);
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
