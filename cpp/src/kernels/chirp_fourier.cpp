#include "kernels/chirp_fourier.hpp"

#include <algorithm>
#include <numbers>

namespace mriembed::kernels {

namespace {

using Sample = std::complex<float>;

bool has_small_factors(std::int64_t length) {
  for (const std::int64_t factor : {2, 3, 5, 7}) {
    while (length % factor == 0) {
      length /= factor;
    }
  }
  return length == 1;
}

// Long enough that the convolution of a line does not reach around its ends, and fast.
std::int64_t convolution_length(std::int64_t length) {
  std::int64_t served = 2 * length - 1;
  while (!has_small_factors(served)) {
    ++served;
  }
  return served;
}

// Without the care for infinities that std::complex takes.
Sample product(Sample left, Sample right) {
  return {left.real() * right.real() - left.imag() * right.imag(),
          left.real() * right.imag() + left.imag() * right.real()};
}

std::vector<Sample> spectrum_of(const FourierTransform& transform, const std::vector<Sample>& chirp, bool conjugate) {
  std::vector<Sample> samples(static_cast<std::size_t>(transform.length()));
  for (std::size_t k = 0; k < chirp.size(); ++k) {
    samples[k] = conjugate ? std::conj(chirp[k]) : chirp[k];
    if (k > 0) {
      samples[samples.size() - k] = samples[k];
    }
  }
  FourierTransform::Memory memory;
  transform.along_rows(samples.data(), 1, Direction::forward, 1 / static_cast<float>(transform.length()), memory);
  return samples;
}

}  // namespace

ChirpTransform::ChirpTransform(std::int64_t length)
    : convolution_(convolution_length(length)), chirp_(static_cast<std::size_t>(length)) {
  for (std::int64_t k = 0; k < length; ++k) {
    const auto half_turns = static_cast<double>(k * k % (2 * length)) / static_cast<double>(length);
    chirp_[static_cast<std::size_t>(k)] = Sample(std::polar(1.0, -std::numbers::pi * half_turns));
  }
  forward_ = spectrum_of(convolution_, chirp_, /*conjugate=*/true);
  inverse_ = spectrum_of(convolution_, chirp_, /*conjugate=*/false);
}

void ChirpTransform::along_rows(Sample* plane, std::int64_t rows, Direction direction, float scale,
                                Memory& memory) const {
  transform(rows, [&](std::int64_t row) { return Line{plane + row * length(), 1}; }, direction, scale, memory);
}

void ChirpTransform::along_columns(Sample* plane, std::int64_t columns, Direction direction, float scale,
                                   Memory& memory) const {
  transform(columns, [&](std::int64_t column) { return Line{plane + column, columns}; }, direction, scale, memory);
}

template <typename LineAt>
void ChirpTransform::transform(std::int64_t lines, const LineAt& line_at, Direction direction, float scale,
                               Memory& memory) const {
  const bool forward = direction == Direction::forward;
  const std::vector<Sample>& spectrum = forward ? forward_ : inverse_;
  const std::int64_t longer = convolution_.length();
  const auto chirp = [&](std::int64_t k) {
    const Sample value = chirp_[static_cast<std::size_t>(k)];
    return forward ? value : std::conj(value);
  };
  memory.rows.resize(static_cast<std::size_t>(std::min(lines, FourierTransform::most_lanes) * longer));
  for (std::int64_t first = 0; first < lines; first += FourierTransform::most_lanes) {
    const std::int64_t count = std::min(FourierTransform::most_lanes, lines - first);
    for (std::int64_t line = 0; line < count; ++line) {
      const Line from = line_at(first + line);
      Sample* row = memory.rows.data() + line * longer;
      for (std::int64_t k = 0; k < length(); ++k) {
        row[k] = product(from.first[k * from.step], chirp(k));
      }
      std::fill(row + length(), row + longer, Sample(0));
    }
    convolution_.along_rows(memory.rows.data(), count, Direction::forward, 1, memory.transform);
    for (std::int64_t line = 0; line < count; ++line) {
      Sample* row = memory.rows.data() + line * longer;
      for (std::int64_t k = 0; k < longer; ++k) {
        row[k] = product(row[k], spectrum[static_cast<std::size_t>(k)]);
      }
    }
    convolution_.along_rows(memory.rows.data(), count, Direction::inverse, scale, memory.transform);
    for (std::int64_t line = 0; line < count; ++line) {
      const Line to = line_at(first + line);
      const Sample* row = memory.rows.data() + line * longer;
      for (std::int64_t k = 0; k < length(); ++k) {
        to.first[k * to.step] = product(row[k], chirp(k));
      }
    }
  }
}

}  // namespace mriembed::kernels
