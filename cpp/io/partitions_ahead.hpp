// The partitions of a slab while its lines are measured.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "partition_transform.hpp"
#include "slab_sampling.hpp"

namespace mriembed::io {

// Row y of the partitions is made once all lines of this y are there, whatever order they come in. All bits are those
// of transform_partitions().
class PartitionsAhead {
 public:
  using Samples = std::vector<std::complex<float>>;

  struct Slab {
    std::int64_t coils, depth, height, width;
    LineSpan measured;  // the steps along z that are expected of each y
    LineSpan kept;      // the partitions that are wanted
  };

  // Takes the memory of all partitions at once. `memory`: of others, to be used again.
  explicit PartitionsAhead(const Slab& slab, std::vector<Samples> memory = {});

  // What a line has led to.
  enum class Added {
    nothing,  // others of its y are expected
    row,      // its y was made of all partitions
    too_late  // its y had been made without it: the partitions are of no use
  };
  // Line `line`, z * height + y, of `volume`, (coils, z, y, x), is there, and stays as it is.
  Added add(std::int64_t line, const Samples& volume);

  // No line follows: makes each y of which some lines are there, and returns those. What was not measured is zero.
  std::vector<std::int64_t> finish(const Samples& volume);

  // Those that are kept; each is (coils, y, x).
  [[nodiscard]] std::int64_t count() const { return slab_.kept.count(); }
  [[nodiscard]] const std::complex<float>* samples(std::int64_t partition) const {
    return partitions_[static_cast<std::size_t>(partition)].data();
  }
  [[nodiscard]] std::vector<Samples>& partitions() { return partitions_; }

 private:
  struct Row {
    std::vector<bool> there;  // of each step along z
    std::int64_t missing;     // of those that are expected
    bool made;
  };

  void make(std::int64_t y, const Samples& volume);

  Slab slab_;
  PartitionTransform transform_;
  std::vector<Row> rows_;
  std::vector<Samples> partitions_;
};

}  // namespace mriembed::io
