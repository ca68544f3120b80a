// The partitions of a slab: made ahead, or when it is finished.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "partition_transform.hpp"
#include "slice_assembler.hpp"

namespace mriembed::io {

// Oversampling along z is removed by a centred crop, like that along x and y.
LineSpan SliceAssembler::kept_partitions() const {
  const std::int64_t first = placement_.depth() / 2 - partitions() / 2;
  return {first, first + partitions()};
}

void SliceAssembler::make_partitions(const VolumeKey& key, Volume& volume, const SlabSampling& sampling,
                                     const Calibration& calibration) {
  if (volume.ahead == nullptr || sampling.fills()) {
    leave_partitions(key, volume);
  }
  tell_of_others(key, volume);
  if (volume.ahead != nullptr) {
    for (const std::int64_t y : volume.ahead->finish(volume.samples)) {
      tell_of_partitions(key, *volume.ahead, y, false);
    }
    finished_partitions_ = std::move(volume.ahead->partitions());
    return;
  }
  const auto coils = static_cast<std::int64_t>(coils_.size());
  correct_directions(key, volume);
  completion_.fill(volume.samples, coils, placement_.width(), sampling, calibration.samples);
  transform_partitions(volume.samples, coils, placement_.depth(), placement_.height() * placement_.width());
}

void SliceAssembler::add_to_partitions(const VolumeKey& key, Volume& volume, std::int64_t line) {
  using Added = PartitionsAhead::Added;
  const Added added = volume.ahead->add(line, volume.samples);
  if (added == Added::too_late) {
    leave_partitions(key, volume);
  } else if (added == Added::row) {
    tell_of_partitions(key, *volume.ahead, line % placement_.height(), false);
  }
}

void SliceAssembler::begin_partitions(const VolumeKey& key, Volume& volume) {
  constexpr std::size_t most_bytes = std::size_t{512} << 20U;
  const PartitionsAhead::Slab slab{static_cast<std::int64_t>(coils_.size()),
                                   placement_.depth(),
                                   placement_.height(),
                                   placement_.width(),
                                   placement_.covered_z(),
                                   kept_partitions()};
  const auto samples = static_cast<std::size_t>(slab.coils * slab.height * slab.width * slab.kept.count());
  const bool other = std::ranges::any_of(volumes_, [](const auto& one) { return one.second.ahead != nullptr; });
  volume.made_at_end = other || expected_averages_ > 1 || samples * sizeof(std::complex<float>) > most_bytes;
  if (volume.made_at_end) {
    return;
  }
  volume.ahead = std::make_unique<PartitionsAhead>(slab, std::exchange(finished_partitions_, {}));
  for (std::int64_t line = 0; line < lines() && !volume.made_at_end; ++line) {
    if (volume.told[static_cast<std::size_t>(line)]) {
      add_to_partitions(key, volume, line);
    }
  }
}

void SliceAssembler::tell_of_partitions(const VolumeKey& key, const PartitionsAhead& ahead, std::int64_t y,
                                        bool again) const {
  for (std::int64_t partition = 0; partition < ahead.count(); ++partition) {
    listener_({key, partition, y, again, ahead.samples(partition)});
  }
}

void SliceAssembler::leave_partitions(const VolumeKey& key, Volume& volume) {
  volume.made_at_end = true;
  if (volume.ahead != nullptr) {
    tell_of_partitions(key, *volume.ahead, 0, true);
    volume.ahead.reset();
  }
}

}  // namespace mriembed::io
