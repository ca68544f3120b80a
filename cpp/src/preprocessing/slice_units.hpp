// The units of work that a step is cut into: spread over the executor's threads, and merged in their order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "kernels/fourier.hpp"
#include "preprocessing/plane_transforms.hpp"
#include "preprocessing/sample_planes.hpp"
#include "preprocessing/slice_workspace.hpp"
#include "threads/executor.hpp"

namespace mriembed {

// Units of a length, of which the last one may be shorter.
constexpr std::int64_t units_of(std::int64_t length, std::int64_t unit) { return (length + unit - 1) / unit; }

// Of one slice. Uses the workspace alone while it lives.
class SliceUnits {
 public:
  using Participant = SliceWorkspace::Participant;
  using Found = SliceWorkspace::Found;

  SliceUnits(SliceWorkspace& workspace, const threads::Executor& executor, std::int64_t coils)
      : workspace_(workspace), executor_(executor) {
    auto& participants = workspace_.participants;
    participants.resize(std::max(participants.size(), static_cast<std::size_t>(executor.threads())));
    for (Participant& participant : participants) {
      participant.block.resize(coils);
    }
  }

  [[nodiscard]] SliceWorkspace& workspace() const { return workspace_; }
  [[nodiscard]] const threads::Executor& executor() const { return executor_; }

  // Runs work(unit, own, found) for the units 0 to units - 1; what they found stands in the workspace afterwards.
  template <typename Work>
  void run(std::int64_t units, const Work& work) const {
    workspace_.found.resize(static_cast<std::size_t>(units));
    executor_.run(units, [&](std::int64_t unit, int participant) {
      Found& found = workspace_.found[static_cast<std::size_t>(unit)];
      found.peak_bits = 0;
      found.energy = 0;
      found.energy_before = 0;
      found.gram.clear();
      work(unit, workspace_.participants[static_cast<std::size_t>(participant)], found);
    });
  }

  // The work of a unit on a plane of its own.
  void transform(const Planes& plane, Axes axes, kernels::Direction direction, Participant& own) const {
    workspace_.transforms.run(plane.samples, plane.height, plane.width, axes, direction, own.transform);
  }

  // Of all that the units found.
  [[nodiscard]] std::int32_t largest_peak() const {
    return std::ranges::max(workspace_.found, {}, &Found::peak_bits).peak_bits;
  }
  [[nodiscard]] double energy() const { return sum_of(&Found::energy); }
  [[nodiscard]] double energy_before() const { return sum_of(&Found::energy_before); }

 private:
  [[nodiscard]] double sum_of(double Found::* figure) const {
    return std::accumulate(workspace_.found.begin(), workspace_.found.end(), 0.0,
                           [figure](double sum, const Found& found) { return sum + found.*figure; });
  }

  SliceWorkspace& workspace_;
  const threads::Executor& executor_;
};

}  // namespace mriembed
