// Separate ACS lines of a 2D volume that is being measured: they are placed as they come, between its imaging lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

#include "separate_lines.hpp"
#include "slice_assembler.hpp"
#include "volume_key.hpp"

namespace mriembed::io {

// Of one volume, of which the assembler has its imaging lines so far.
class EarlyCalibration {
 public:
  // `factor`: the acceleration by the header.
  EarlyCalibration(const VolumeKey& key, std::int64_t factor);

  // Before an imaging line is placed: takes the ACS line out again that stands at its place.
  void make_way(std::int64_t place, SliceAssembler& assembler);
  // Whether it is known between which places imaging lines leave gaps.
  [[nodiscard]] bool knows_gaps() const { return begun_ && step_ != 0; }

  // Places an ACS line with the volume's own counters, if it lies in a gap and was not placed yet.
  void place(const HeldLine& line, SliceAssembler& assembler);
  // Whether this ACS line was placed.
  [[nodiscard]] bool has_placed(std::size_t index) const { return lines_.contains(index); }

 private:
  VolumeKey key_;
  bool begun_ = false;  // an imaging line came
  std::int64_t first_place_ = 0;
  std::int64_t step_;  // between imaging lines, or a part of it, as far as is known; 0: not yet
  std::set<std::size_t> lines_;
  std::set<std::int64_t> places_;  // where they still are
};

}  // namespace mriembed::io
