// The phase by which the two directions of an echo-planar readout differ, and which gives a ghost half a field of view
// away (Bruder et al. 1992, doi:10.1002/mrm.1910230211).
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mriembed::io {

// In which direction a line was read out. none: it was not measured; both: it was averaged, in a scan that is no
// echo-planar one.
enum class LineDirection : std::uint8_t { none, forward, reversed, both };

// Of reversed lines to forward ones at pixel x along the readout: constant + slope * (x - width / 2), in radians.
struct ReadoutPhase {
  double constant = 0;
  double slope = 0;
};

// Navigator lines: measured like the lines of the image, in turn in both directions, but without phase encoding.
class NavigatorLines {
 public:
  // Lines of one average whose numbers follow each other are those of one train of echoes, along which phases drift.
  struct Order {
    LineDirection direction;
    std::uint16_t average;
    std::size_t number;
  };

  explicit NavigatorLines(std::int64_t width);

  // One line, (coils, width), k-space in the order of rising k. Lines are added in the order of their measurement; all
  // have as many coils.
  void add(const Order& order, std::span<const std::complex<float>> line);

  [[nodiscard]] std::size_t count() const { return lines_.size(); }

  // Whether three lines of a train, in turn in both directions, tell what drifts from line to line. Of two lines it
  // counts as a part of what the directions differ in.
  [[nodiscard]] bool tell_drift() const;

  // What neighbours of a train differ in (of trains of one line, neighbouring trains), where the drift between every
  // second line is taken out first; a straight line is fitted, weighted by the signal (Ahn and Cho 1987,
  // doi:10.1109/TMI.1987.4307795). None without two directions.
  [[nodiscard]] std::optional<ReadoutPhase> phase() const;

 private:
  [[nodiscard]] bool alternate(std::size_t left, bool in_trains) const;
  [[nodiscard]] bool have_trains() const;

  struct Line {
    Order order;
    std::vector<std::complex<float>> image;  // (coils, width)
  };

  std::int64_t width_;
  std::vector<Line> lines_;
};

// How an image looks with the phase that leaves the least ghost.
struct GhostSearch {
  ReadoutPhase phase;
  // Sum of the square root of the image's magnitude: of images of one energy, one without a ghost has the least, for a
  // faint ghost on dark ground raises it most.
  double as_it_is = 0;
  double corrected = 0;  // the same with `phase` taken out
};

// For a slice without navigators, (coils, height, width) k-space all of whose lines between the first and the last one
// were measured; ACS lines suffice. Where directions alternate, two phases that differ by pi only shift the image by
// half of its field of view: the one nearer to zero is given, unless most of the image then lies at the edge.
GhostSearch search_ghost(std::span<const std::complex<float>> slice, std::int64_t coils,
                         const std::vector<LineDirection>& directions, std::int64_t width);

// Takes the phase out of lines (coils, lines, width), half of it from each direction. Lines of both directions stay.
void take_out(const ReadoutPhase& phase, std::span<std::complex<float>> volume, std::int64_t coils,
              const std::vector<LineDirection>& directions, std::int64_t width);

}  // namespace mriembed::io
