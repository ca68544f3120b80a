// Lines of a volume that are measured several times: their sums, and the means that take their place.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <vector>

#include "kspace_placement.hpp"

namespace mriembed::io {

// Of one volume, whose samples are those of the matrix (coils, lines, width).
class LineAverages {
 public:
  using Samples = std::vector<std::complex<float>>;

  LineAverages(std::int64_t coils, std::int64_t lines, std::int64_t width);

  // A readout follows, which is to be added to what stands in the line. True: it is the first, and nothing stands there
  // yet.
  bool count(std::int64_t line, const ReadoutPlace& place, Samples& samples);
  // The next readout of this line is its first.
  void forget(std::int64_t line);

  // Readouts of a line.
  [[nodiscard]] int of(std::int64_t line) const { return counts_[static_cast<std::size_t>(line)]; }
  // Those of the line that was measured least often, at least 1; 0 where no line was measured.
  [[nodiscard]] int fewest() const;

  // Divides a line by the number of its readouts, before it is known that no further one follows: the sum is kept until
  // then.
  void divide_ahead(std::int64_t line, Samples& samples);
  // Divides all other lines. No readout follows.
  void divide(Samples& samples) const;
  // Adds other readouts of the same lines, whose means are `others`: by how many readouts hold each sample, where both
  // were divided.
  void merge(Samples& samples, const LineAverages& other, const Samples& others);

 private:
  // How many readouts hold a sample of a line.
  [[nodiscard]] float held(std::int64_t line, std::int64_t x) const;
  void divide_line(std::int64_t line, Samples& samples) const;
  template <typename Take>
  void for_each_row(std::int64_t line, Samples& samples, const Take& take) const;

  std::int64_t coils_;
  std::int64_t lines_;
  std::int64_t width_;
  std::vector<int> counts_;
  std::vector<ReadoutPlace> first_;  // the place of each line's first readout
  // Of lines whose readouts reach over different samples, as the two directions of a bipolar readout may: how many hold
  // each sample.
  std::map<std::int64_t, std::vector<float>> uneven_;
  std::map<std::int64_t, Samples> sums_;  // of lines that were divided ahead, (coils, width)
};

}  // namespace mriembed::io
