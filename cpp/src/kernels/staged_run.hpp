// Some slices on their way through the stages of the network, whatever the compute dtype.
//
// `Stage` is Float32Stage or Bfloat16Stage: a convolution over strips of rows, and the functions that read its rows.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/aligned_vector.hpp"
#include "kernels/network_head.hpp"
#include "kernels/normalization.hpp"
#include "kernels/stage_plan.hpp"
#include "threads/executor.hpp"

namespace mriembed::kernels {

// Memory of a run. Grows to the largest one seen and is not touched when it is large enough.
template <typename Sample>
struct RunMemory {
  struct Slice {
    std::array<AlignedVector<Sample>, 2> image;  // output of a stage before its normalization; stages take turns
    Normalization normalization;                 // of the image that is read
    std::vector<Moments> moments;                // of each unit
    std::vector<std::vector<double>> sums;       // over the pixels of each unit of the mean
    std::atomic<std::uint32_t> peak = 0;         // as the bits of a float
    std::atomic<std::int64_t> units_left = 0;
  };

  struct Participant {
    AlignedVector<Sample> rows;  // normalized input rows of a strip, in a ring
    AlignedVector<float> scratch;
    std::vector<const Sample*> strip;
    // Which rows the ring holds: those of this slice's unit that ended here, in this stage.
    std::int64_t slice = -1;
    std::size_t stage = 0;
    std::int64_t next_unit = 0;
    std::int64_t next_row = 0;  // of the input
  };

  std::vector<std::unique_ptr<Slice>> slices;
  std::vector<Participant> participants;
};

// All units of a stage, of all slices of the run, are there to be taken at once. Each unit's sums are formed apart and
// merged in the order of the units: neither who runs them, nor when, nor how many slices are in the run changes a bit.
template <typename Stage>
class StagedRun {
 public:
  using Sample = typename Stage::Sample;
  using Memory = RunMemory<Sample>;

  // `network_input` is (slices, channels, height, width), contiguous.
  StagedRun(const std::vector<Stage>& stages, const NetworkHead& head, Memory& memory, const float* network_input,
            std::int64_t slices, std::int64_t height, std::int64_t width)
      : stages_(stages),
        head_(head),
        memory_(memory),
        network_input_(network_input),
        slices_(slices),
        in_height_(height),
        in_width_(width),
        plane_(height * width) {
    for (std::int64_t slice = 0; slice < slices; ++slice) {
      at_slice(slice).peak.store(0, std::memory_order_relaxed);
    }
    for (auto& participant : memory.participants) {
      participant.slice = -1;
    }
  }

  // Takes the memory that such runs need.
  static void reserve(const std::vector<Stage>& stages, Memory& memory, std::int64_t slices, std::int64_t height,
                      std::int64_t width, int threads) {
    while (std::ssize(memory.slices) < slices) {
      memory.slices.push_back(std::make_unique<typename Memory::Slice>());
    }
    memory.participants.resize(std::max(memory.participants.size(), static_cast<std::size_t>(threads)));
    for (std::size_t index = 0; index < stages.size(); ++index) {
      const StagePlan plan(stages[index], height, width);
      for (std::int64_t slice = 0; slice < slices; ++slice) {
        auto& held = *memory.slices[static_cast<std::size_t>(slice)];
        grow(held.image[index % 2], plan.image);
        grow(held.moments, plan.units);
        grow(held.sums, plan.mean_units);
      }
      for (auto& participant : memory.participants) {
        grow(participant.rows, plan.slots * plan.row);
        grow(participant.scratch, plan.scratch);
        grow(participant.strip, plan.slots);
      }
      height = plan.given_height;
      width = plan.given_width;
    }
  }

  // `embeddings` is (slices, embed_dim), contiguous; `peaks` (slices).
  void embed(const threads::Executor& executor, float* embeddings, float* peaks) {
    for (std::size_t index = 0; index < stages_.size(); ++index) {
      const Plan plan(stages_[index], in_height_, in_width_);
      run_stage(executor, index, plan);
      image_height_ = plan.height;
      image_width_ = plan.width;
      in_height_ = plan.given_height;
      in_width_ = plan.given_width;
      if (index + 1 == stages_.size()) {
        average(executor, index, plan, embeddings);
      }
    }
    for (std::int64_t slice = 0; slice < slices_; ++slice) {
      peaks[slice] = std::bit_cast<float>(at_slice(slice).peak.load(std::memory_order_relaxed));
    }
  }

 private:
  using Plan = StagePlan<Stage>;

  template <typename Vector>
  static void grow(Vector& memory, std::int64_t elements) {
    if (std::ssize(memory) < elements) {
      memory.resize(static_cast<std::size_t>(elements));
    }
  }

  [[nodiscard]] typename Memory::Slice& at_slice(std::int64_t slice) {
    return *memory_.slices[static_cast<std::size_t>(slice)];
  }

  // Runs part(slice, unit, participant) for all units of all slices, and last(slice) once a slice's units have ended:
  // whoever ends the last one does it.
  template <typename Part, typename Last>
  void run_units(const threads::Executor& executor, std::int64_t units, const Part& part, const Last& last) {
    for (std::int64_t slice = 0; slice < slices_; ++slice) {
      at_slice(slice).units_left.store(units, std::memory_order_relaxed);
    }
    executor.run(slices_ * units, [&](std::int64_t index, int participant) {
      const std::int64_t slice = index / units;
      part(slice, index % units, participant);
      if (at_slice(slice).units_left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        last(slice);
      }
    });
  }

  void run_stage(const threads::Executor& executor, std::size_t index, const Plan& plan) {
    run_units(
        executor, plan.units,
        [&](std::int64_t slice, std::int64_t unit, int participant) {
          convolve(index, plan, slice, unit, memory_.participants[static_cast<std::size_t>(participant)]);
        },
        [&](std::int64_t slice) {
          auto& held = at_slice(slice);
          for (std::int64_t unit = 1; unit < plan.units; ++unit) {
            merge(held.moments[static_cast<std::size_t>(unit)], held.moments[0]);
          }
          held.normalization = stages_[index].normalization(held.moments[0]);
        });
  }

  // The output rows of a unit. Input rows that two strips share are read once: they stay in a ring, from one unit to
  // the next one, too, where the participant has that before.
  void convolve(std::size_t index, const Plan& plan, std::int64_t slice, std::int64_t unit,
                typename Memory::Participant& own) {
    const Stage& stage = stages_[index];
    auto& held = at_slice(slice);
    Moments& moments = held.moments[static_cast<std::size_t>(unit)];
    moments.reset(stage.output_pixel());
    Sample* output = held.image[index % 2].data();
    const std::int64_t first = unit * plan.unit;
    const std::int64_t last = std::min(plan.height, first + plan.unit);
    const bool goes_on = own.slice == slice && own.stage == index && own.next_unit == unit;
    std::int64_t unread = goes_on ? own.next_row : first * stage.stride() - 1;
    std::uint32_t peak = 0;
    for (std::int64_t row = first; row < last; row += plan.strip) {
      const std::int64_t top = row * stage.stride() - 1;
      for (std::int64_t slot = 0; slot < plan.slots; ++slot) {
        Sample* to = own.rows.data() + (top + slot + 1) % plan.slots * plan.row;
        if (top + slot >= unread) {
          peak = std::max(peak, read_row(index, held, slice, top + slot, to, plan.row, own.scratch.data()));
        }
        own.strip[static_cast<std::size_t>(slot)] = to;
      }
      unread = top + plan.slots;
      stage.convolve(own.strip.data(), std::min(plan.strip, last - row), plan.width,
                     output + row * plan.width * stage.output_pixel(), own.scratch.data(), moments);
    }
    own.slice = slice;
    own.stage = index;
    own.next_unit = unit + 1;
    own.next_row = unread;
    raise(held.peak, peak);
  }

  static void raise(std::atomic<std::uint32_t>& peak, std::uint32_t to) {
    std::uint32_t before = peak.load(std::memory_order_relaxed);
    while (before < to && !peak.compare_exchange_weak(before, to, std::memory_order_relaxed)) {
    }
  }

  // Row `row` of the stage's input, with a pixel of zeros on the left and zeros to its end; outside the image all
  // zeros. Returns the peak of the network's input, 0 in later stages.
  std::uint32_t read_row(std::size_t index, const typename Memory::Slice& held, std::int64_t slice, std::int64_t row,
                         Sample* to, std::int64_t row_samples, float* scratch) const {
    if (row < 0 || row >= in_height_) {
      std::fill_n(to, row_samples, Sample{});
      return 0;
    }
    const Stage& stage = stages_[index];
    const std::int64_t pixel = stage.input_pixel();
    std::uint32_t peak = 0;
    if (index > 0 && stages_[index - 1].pools()) {
      Stage::pool_rows(image_row(held, index - 1, 2 * row), std::min<std::int64_t>(2, image_height_ - 2 * row),
                       image_width_, held.normalization, to + pixel, pixel);
    } else if (index > 0) {
      Stage::normalize_row(image_row(held, index - 1, row), image_width_, held.normalization, to + pixel, pixel);
    } else {
      const float* planes = network_input_ + slice * stage.in_channels() * plane_;
      peak = stage.read_planes(planes + row * in_width_, plane_, in_width_, to + pixel, scratch);
    }
    std::fill_n(to, pixel, Sample{});
    std::fill(to + (in_width_ + 1) * pixel, to + row_samples, Sample{});
    return peak;
  }

  // A row of the image that stage `index`, the one before the present one, left.
  const Sample* image_row(const typename Memory::Slice& held, std::size_t index, std::int64_t row) const {
    return held.image[index % 2].data() + row * image_width_ * std::ssize(held.normalization.mean);
  }

  // The mean over pixels of the output of stage `index`, the last one, and from there the head.
  void average(const threads::Executor& executor, std::size_t index, const Plan& plan, float* embeddings) {
    run_units(
        executor, plan.mean_units,
        [&](std::int64_t slice, std::int64_t unit, int /*participant*/) {
          auto& held = at_slice(slice);
          std::vector<double>& sums = held.sums[static_cast<std::size_t>(unit)];
          sums.assign(held.normalization.mean.size(), 0.0);
          const std::int64_t row_samples = plan.width * std::ssize(held.normalization.mean);
          const std::int64_t end = std::min(plan.height, (unit + 1) * plan.mean_rows);
          for (std::int64_t row = unit * plan.mean_rows; row < end; ++row) {
            Stage::sum_normalized_row(held.image[index % 2].data() + row * row_samples, plan.width, held.normalization,
                                      sums);
          }
        },
        [&](std::int64_t slice) {
          std::vector<double> features = at_slice(slice).sums[0];
          for (std::size_t channel = 0; channel < features.size(); ++channel) {
            for (std::int64_t unit = 1; unit < plan.mean_units; ++unit) {
              features[channel] += at_slice(slice).sums[static_cast<std::size_t>(unit)][channel];
            }
            features[channel] /= static_cast<double>(plan.height * plan.width);
          }
          head_.embed(std::move(features), embeddings + slice * head_.embed_dim());
        });
  }

  const std::vector<Stage>& stages_;
  const NetworkHead& head_;
  Memory& memory_;
  const float* network_input_;
  std::int64_t slices_;
  std::int64_t image_height_ = 0;  // that the stage before left
  std::int64_t image_width_ = 0;
  std::int64_t in_height_;  // that the present stage reads: half of it where the one before pools
  std::int64_t in_width_;
  std::int64_t plane_;
};

}  // namespace mriembed::kernels
