#include "kernels/fourier.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fourier.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "kernels/fourier_steps-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

// With real and imaginary parts exchanged, before and after, an inverse transform is a forward one.
struct Parts {
  std::int64_t real;
  std::int64_t imaginary;
};

constexpr Parts parts_of(Direction direction) {
  return direction == Direction::inverse ? Parts{0, lanes} : Parts{lanes, 0};
}

void columns_in_lanes(const FourierTransform& fourier, float* plane, std::int64_t columns, Direction direction,
                      float scale, float* HWY_RESTRICT memory) {
  const Lanes d;
  const std::int64_t length = fourier.length();
  const std::int64_t* source = fourier.source();
  const Parts parts = parts_of(direction);
  const Vector factor = hn::Set(d, scale);
  HWY_ALIGN float edge[sample_floats] = {};
  for (std::int64_t column = 0; column < columns; column += lanes) {
    const std::int64_t count = std::min(lanes, columns - column);
    float* const first = plane + 2 * column;
    for (std::int64_t index = 0; index < length; ++index) {
      const float* from = first + 2 * columns * source[index];
      if (count < lanes) {
        from = std::copy_n(from, 2 * count, edge) - 2 * count;
      }
      float* to = memory + index * sample_floats;
      Vector real;
      Vector imaginary;
      hn::LoadInterleaved2(d, from, real, imaginary);
      hn::Store(real, d, to + parts.real);
      hn::Store(imaginary, d, to + parts.imaginary);
    }
    run_steps(fourier, memory);
    for (std::int64_t index = 0; index < length; ++index) {
      const float* from = memory + index * sample_floats;
      const Vector real = hn::Mul(hn::Load(d, from + parts.real), factor);
      const Vector imaginary = hn::Mul(hn::Load(d, from + parts.imaginary), factor);
      float* to = first + 2 * columns * index;
      if (count == lanes) {
        hn::StoreInterleaved2(real, imaginary, d, to);
      } else {
        hn::StoreInterleaved2(real, imaginary, d, edge);
        std::copy_n(edge, 2 * count, to);
      }
    }
  }
}

// A cache line of as many rows as lanes: rows that lie a power of two apart compete for the same places in the cache.
constexpr std::int64_t tile_samples = 8;
constexpr std::int64_t tile_floats = 2 * tile_samples;

HWY_INLINE void copy_tile_row(const float* HWY_RESTRICT from, std::int64_t samples, float* HWY_RESTRICT to) {
  const hn::CappedTag<float, 4> d;  // as tiles are written: processors forward what was stored to loads of its size
  if (samples == tile_samples) {
    for (std::size_t at = 0; at < tile_floats; at += hn::MaxLanes(d)) {
      hn::StoreU(hn::LoadU(d, from + at), d, to + at);
    }
  } else {
    std::copy_n(from, 2 * samples, to);
  }
}

#if HWY_TARGET == HWY_SCALAR

constexpr std::int64_t samples_at_once = 1;

HWY_INLINE void load_rows(const float* HWY_RESTRICT tile, Complex* samples) {
  const Lanes d;
  samples[0] = {hn::Load(d, tile), hn::Load(d, tile + 1)};
}

HWY_INLINE void store_rows(const Complex* samples, float* HWY_RESTRICT tile) {
  const Lanes d;
  hn::Store(samples[0].real, d, tile);
  hn::Store(samples[0].imaginary, d, tile + 1);
}

#else

constexpr std::int64_t samples_at_once = 2;
constexpr std::int64_t block = 4;  // lanes, within which vectors are interleaved: 128 bits

// Within each block, the four vectors' columns become rows.
HWY_INLINE void transpose_blocks(std::array<Vector, 4>& v) {
  const Lanes d;
  const Vector lower_even = hn::InterleaveLower(d, v[0], v[2]);
  const Vector lower_odd = hn::InterleaveLower(d, v[1], v[3]);
  const Vector upper_even = hn::InterleaveUpper(d, v[0], v[2]);
  const Vector upper_odd = hn::InterleaveUpper(d, v[1], v[3]);
  v[0] = hn::InterleaveLower(d, lower_even, lower_odd);
  v[1] = hn::InterleaveUpper(d, lower_even, lower_odd);
  v[2] = hn::InterleaveLower(d, upper_even, upper_odd);
  v[3] = hn::InterleaveUpper(d, upper_even, upper_odd);
}

// Two samples of every row. Block b of vector k is read from row b * block + k: real and imaginary part of the one
// sample, then of the other.
HWY_INLINE void load_rows(const float* HWY_RESTRICT tile, Complex* samples) {
  const Lanes d;
  std::array<Vector, 4> v;
  for (std::int64_t k = 0; k < block; ++k) {
    Vector rows = hn::LoadDup128(d, tile + k * tile_floats);
    for (std::int64_t first = block; first < lanes; first += block) {
      const Vector others = hn::LoadDup128(d, tile + (first + k) * tile_floats);
      rows = hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(first)), rows, others);
    }
    v[static_cast<std::size_t>(k)] = rows;
  }
  transpose_blocks(v);
  samples[0] = {v[0], v[1]};
  samples[1] = {v[2], v[3]};
}

HWY_INLINE void store_rows(const Complex* samples, float* HWY_RESTRICT tile) {
  const Lanes d;
  std::array<Vector, 4> v{samples[0].real, samples[0].imaginary, samples[1].real, samples[1].imaginary};
  transpose_blocks(v);
  for (std::int64_t k = 0; k < block; ++k) {
    HWY_ALIGN float blocks[lanes];
    hn::Store(v[static_cast<std::size_t>(k)], d, blocks);
    for (std::int64_t first = 0; first < lanes; first += block) {
      std::copy_n(blocks + first, block, tile + (first + k) * tile_floats);
    }
  }
}

#endif

void rows_in_lanes(const FourierTransform& fourier, float* plane, std::int64_t rows, Direction direction, float scale,
                   float* HWY_RESTRICT memory) {
  const Lanes d;
  const std::int64_t length = fourier.length();
  const std::int64_t* place = fourier.place();
  const Parts parts = parts_of(direction);
  const Vector factor = hn::Set(d, scale);
  HWY_ALIGN float tile[lanes * tile_floats] = {};
  for (std::int64_t first = 0; first < rows; first += lanes) {
    const std::int64_t count = std::min(lanes, rows - first);
    for (std::int64_t index = 0; index < length; index += tile_samples) {
      const std::int64_t taken = std::min(tile_samples, length - index);
      for (std::int64_t lane = 0; lane < count; ++lane) {
        copy_tile_row(plane + 2 * ((first + lane) * length + index), taken, tile + lane * tile_floats);
      }
      for (std::int64_t sample = 0; sample < taken; sample += samples_at_once) {
        std::array<Complex, samples_at_once> samples;
        load_rows(tile + 2 * sample, samples.data());
        for (std::int64_t next = 0; next < std::min(samples_at_once, taken - sample); ++next) {
          const Complex& value = samples[static_cast<std::size_t>(next)];
          float* to = memory + place[index + sample + next] * sample_floats;
          hn::Store(value.real, d, to + parts.real);
          hn::Store(value.imaginary, d, to + parts.imaginary);
        }
      }
    }
    run_steps(fourier, memory);
    for (std::int64_t index = 0; index < length; index += tile_samples) {
      const std::int64_t taken = std::min(tile_samples, length - index);
      for (std::int64_t sample = 0; sample < taken; sample += samples_at_once) {
        std::array<Complex, samples_at_once> samples;
        for (std::int64_t next = 0; next < samples_at_once; ++next) {  // memory goes on behind the last sample
          const float* from = memory + (index + sample + next) * sample_floats;
          samples[static_cast<std::size_t>(next)] = {hn::Mul(hn::Load(d, from + parts.real), factor),
                                                     hn::Mul(hn::Load(d, from + parts.imaginary), factor)};
        }
        store_rows(samples.data(), tile + 2 * sample);
      }
      for (std::int64_t lane = 0; lane < count; ++lane) {
        copy_tile_row(tile + lane * tile_floats, taken, plane + 2 * ((first + lane) * length + index));
      }
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

namespace {

HWY_EXPORT(columns_in_lanes);
HWY_EXPORT(rows_in_lanes);

// 4 as often as possible, and last: it costs least for what it does. Empty where other factors are left.
std::vector<std::int64_t> factors_of(std::int64_t length) {
  std::vector<std::int64_t> factors;
  for (const std::int64_t factor : {61, 59, 53, 47, 43, 41, 37, 31, 29, 23, 19, 17, 13, 11, 7, 5, 3}) {
    for (; length % factor == 0; length /= factor) {
      factors.push_back(factor);
    }
  }
  const auto odd_factors = static_cast<std::ptrdiff_t>(factors.size());
  for (; length % 4 == 0; length /= 4) {
    factors.push_back(4);
  }
  if (length % 2 == 0) {
    factors.insert(factors.begin() + odd_factors, 2);
    length /= 2;
  }
  return length == 1 ? factors : std::vector<std::int64_t>();
}

std::complex<float> root_of_unity(std::int64_t turns, std::int64_t length) {
  return std::complex<float>(
      std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(turns) / static_cast<double>(length)));
}

}  // namespace

bool FourierTransform::serves(std::int64_t length) {
  return length == 1 || (length > 0 && !factors_of(length).empty());
}

FourierTransform::FourierTransform(std::int64_t length) : source_{0}, place_(static_cast<std::size_t>(length)) {
  std::int64_t done = 1;
  for (const std::int64_t factor : factors_of(length)) {
    steps_.push_back({factor, done, roots_.size()});
    for (std::int64_t k = 0; k < factor; ++k) {
      roots_.emplace_back(root_of_unity(k, factor));
    }
    for (std::int64_t p = 0; p < done; ++p) {
      for (std::int64_t k = 1; k < factor; ++k) {
        roots_.emplace_back(root_of_unity(p * k, factor * done));
      }
    }
    // Of `factor` times as many samples, the shorter transforms take every `factor`th, from the k-th on.
    std::vector<std::int64_t> longer;
    for (std::int64_t k = 0; k < factor; ++k) {
      for (const std::int64_t index : source_) {
        longer.push_back(index * factor + k);
      }
    }
    source_ = std::move(longer);
    done *= factor;
  }
  for (std::size_t index = 0; index < source_.size(); ++index) {
    place_[static_cast<std::size_t>(source_[index])] = static_cast<std::int64_t>(index);
  }
}

void FourierTransform::along_rows(std::complex<float>* plane, std::int64_t rows, Direction direction, float scale,
                                  Memory& memory) const {
  make_room(memory);
  HWY_DYNAMIC_DISPATCH(rows_in_lanes)
  (*this, reinterpret_cast<float*>(plane), rows, direction, scale, memory.data());
}

void FourierTransform::along_columns(std::complex<float>* plane, std::int64_t columns, Direction direction, float scale,
                                     Memory& memory) const {
  make_room(memory);
  HWY_DYNAMIC_DISPATCH(columns_in_lanes)
  (*this, reinterpret_cast<float*>(plane), columns, direction, scale, memory.data());
}

// One sample more: rows are written two samples at once.
void FourierTransform::make_room(Memory& memory) const {
  const auto floats = static_cast<std::size_t>(most_lanes * 2 * (length() + 1));
  if (memory.size() < floats) {
    memory.resize(floats);
  }
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
