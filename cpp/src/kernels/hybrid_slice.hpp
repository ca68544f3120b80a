// A slice whose missing lines are filled in.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mriembed::kernels {

// Coils of a slice as k-space along y and as images along x. x may be cropped, and may begin at any pixel. Lines that
// nobody needs may be left out at both ends.
struct HybridSlice {
  std::complex<float>* samples;
  std::int64_t coils;
  std::int64_t lines;  // that are there
  std::int64_t width;
  std::int64_t coil_stride;  // samples from a coil to the next
  std::int64_t front;        // the line that lies first in memory; the others follow it cyclically
  std::int64_t first = 0;    // the first line that is there

  [[nodiscard]] std::int64_t row(std::int64_t line) const noexcept { return (line - front + lines) % lines; }
  [[nodiscard]] bool holds(std::int64_t line) const noexcept { return first <= line && line < first + lines; }
  // Of the first coil.
  [[nodiscard]] std::complex<float>* line(std::int64_t number) const noexcept { return samples + row(number) * width; }
};

// Lines begin to end - 1.
struct LineRange {
  std::int64_t begin;
  std::int64_t end;

  [[nodiscard]] bool contains(std::int64_t line) const noexcept { return begin <= line && line < end; }
};

// The longest run of lines that were measured (not 0), the first one of several: the ACS lines of an
// accelerated scan, or what partial Fourier has measured.
inline LineRange longest_run(std::span<const std::uint8_t> measured) noexcept {
  LineRange longest{0, 0};
  std::int64_t begin = 0;
  for (std::size_t line = 0; line < measured.size(); ++line) {
    const auto end = static_cast<std::int64_t>(line) + 1;
    if (measured[line] == 0) {
      begin = end;
    } else if (end - begin > longest.end - longest.begin) {
      longest = {begin, end};
    }
  }
  return longest;
}

// Numbers of lines.
struct Completion {
  std::int64_t filled = 0;
  std::int64_t left = 0;  // missing still
};

}  // namespace mriembed::kernels
