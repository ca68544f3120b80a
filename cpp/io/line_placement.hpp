// Where the lines of a Cartesian MRD scan belong in its matrix.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"

namespace mriembed::io {

// A readout's kept samples and their place along x.
struct ReadoutPlace {
  std::int64_t first_sample = 0;
  std::int64_t count = 0;
  std::int64_t first_x = 0;
};

// Lines go by their encoding steps, never by order of arrival; readouts by their length and, where that is shorter than
// the matrix (asymmetric echo), by the sample that lies at the centre of k-space.
class LinePlacement {
 public:
  LinePlacement(const MrdEncoding& header, const std::vector<Acquisition>& imaging_lines);

  // Samples along x: the encoded matrix, or the reconstructed one where the scanner has removed the oversampling.
  [[nodiscard]] std::int64_t width() const { return width_; }
  // Pixels that remain once readout oversampling is removed; 0 where there is none to remove.
  [[nodiscard]] std::int64_t readout_width() const { return readout_width_; }

  // z * matrix y + y. Refuses a line outside the matrix, naming the acquisition by `index`.
  [[nodiscard]] std::int64_t line_of(const Acquisition& line, std::size_t index) const;
  [[nodiscard]] ReadoutPlace readout_of(const Acquisition& line, std::size_t index) const;

  // Lines inside the encoding limits (the whole matrix where the header has none) that were not acquired.
  [[nodiscard]] std::int64_t missing_lines(const std::vector<bool>& acquired) const;

  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  // How steps map to positions along y or z, and which positions the limits cover.
  struct Axis {
    std::int64_t size = 1;
    std::int64_t shift = 0;  // position = step + shift
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  static Axis axis_of(std::int64_t size, const std::optional<EncodingLimit>& limit);
  void note_uncovered(const Axis& axis, const char* name);

  std::int64_t width_ = 1;
  std::int64_t readout_width_ = 0;
  Axis y_;
  Axis z_;
  std::vector<std::string> notes_;
};

}  // namespace mriembed::io
