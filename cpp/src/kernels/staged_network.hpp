// One slice after the other through the stages of the network, whatever the arithmetic of a stage.
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
#include <mutex>
#include <utility>
#include <vector>

#include "kernels/aligned_vector.hpp"
#include "kernels/fused_network.hpp"
#include "kernels/network_head.hpp"
#include "kernels/normalization.hpp"
#include "kernels/thread_team.hpp"

namespace mriembed::kernels {

// Memory that grows to what was asked of it at most, and is not touched when it is large enough.
template <typename Element>
Element* at_least(AlignedVector<Element>& memory, std::int64_t elements) {
  if (memory.size() < static_cast<std::size_t>(elements)) {
    memory.resize(static_cast<std::size_t>(elements));
  }
  return memory.data();
}

template <typename Stage>
class StagedNetwork final : public FusedNetwork {
 public:
  explicit StagedNetwork(const NetworkWeights& weights)
      : stages_(weights.stages.begin(), weights.stages.end()), head_(weights.head, weights.normalize) {}

  [[nodiscard]] std::int64_t embed_dim() const noexcept override { return head_.embed_dim(); }

  void embed(const float* stacked, std::int64_t slices, std::int64_t height, std::int64_t width, int threads,
             float* embeddings, float* peaks) const override {
    const std::int64_t slice_floats = stages_.front().in_channels() * height * width;
    const auto embed_slice = [&](std::int64_t slice, int team, Workspace& workspace) {
      Run run(*this, workspace, stacked + slice * slice_floats, height, width, team);
      head_.embed(run.features(), embeddings + slice * embed_dim());
      peaks[slice] = run.peak();
    };

    auto workspaces = take_workspaces(threads);
    const std::int64_t side_by_side = slices / threads * threads;
    if (side_by_side > 0) {
      std::atomic<std::int64_t> next = 0;  // a thread that is held up takes fewer slices
      run_parts(threads, [&](std::int64_t thread) {
        for (std::int64_t slice = next++; slice < side_by_side; slice = next++) {
          embed_slice(slice, 1, *workspaces[static_cast<std::size_t>(thread)]);
        }
      });
    }
    for (std::int64_t slice = side_by_side; slice < slices; ++slice) {
      embed_slice(slice, threads, *workspaces.front());
    }
    give_back(std::move(workspaces));
  }

  void reserve(std::int64_t height, std::int64_t width, int threads) const override {
    auto workspaces = take_workspaces(threads);
    for (const auto& workspace : workspaces) {
      for (const int team : {1, threads}) {
        reserve(*workspace, height, width, team);
      }
    }
    give_back(std::move(workspaces));
  }

 private:
  using Sample = Stage::Sample;

  struct ThreadMemory {
    AlignedVector<Sample> rows;  // normalized input of a strip
    AlignedVector<float> scratch;
  };

  struct Workspace {
    std::array<AlignedVector<Sample>, 2> image;  // output of a stage before its normalization; stages take turns
    std::vector<ThreadMemory> threads;
  };

  // How a stage's image is cut into strips among the threads, and the memory that this takes.
  struct Plan {
    Plan(const Stage& stage, std::int64_t in_height, std::int64_t in_width, int threads)
        : height((in_height - 1) / stage.stride() + 1),
          width((in_width - 1) / stage.stride() + 1),
          image(height * width * stage.output_pixel()),
          strip(stage.strip_rows(width, (height + threads - 1) / threads)),
          strips((height + strip - 1) / strip),
          slots(stage.stride() * (strip - 1) + 3),
          row((stage.input_row(width) + line - 1) / line * line),
          scratch(stage.scratch_floats(strip, width)) {}

    static constexpr auto line = static_cast<std::int64_t>(cache_line / sizeof(Sample));

    std::int64_t height;  // of the output
    std::int64_t width;
    std::int64_t image;  // samples of the output
    std::int64_t strip;  // its rows
    std::int64_t strips;
    std::int64_t slots;    // input rows that a strip reads
    std::int64_t row;      // samples of an input row
    std::int64_t scratch;  // floats
  };

  void reserve(Workspace& workspace, std::int64_t height, std::int64_t width, int threads) const {
    workspace.threads.resize(std::max(workspace.threads.size(), static_cast<std::size_t>(threads)));
    for (std::size_t index = 0; index < stages_.size(); ++index) {
      const Plan plan(stages_[index], height, width, threads);
      at_least(workspace.image[index % 2], plan.image);
      for (int thread = 0; thread < threads; ++thread) {
        ThreadMemory& memory = workspace.threads[static_cast<std::size_t>(thread)];
        at_least(memory.rows, plan.slots * plan.row);
        at_least(memory.scratch, plan.scratch);
      }
      height = plan.height;
      width = plan.width;
    }
  }

  // One slice on its way through the stages.
  class Run {
   public:
    Run(const StagedNetwork& network, Workspace& workspace, const float* stacked, std::int64_t height,
        std::int64_t width, int threads)
        : network_(network),
          workspace_(workspace),
          stacked_(stacked),
          in_height_(height),
          in_width_(width),
          plane_(height * width),
          threads_(threads),
          peaks_(static_cast<std::size_t>(threads)) {
      network.reserve(workspace, height, width, threads);
    }

    // The mean over pixels of the last stage's output.
    std::vector<double> features() {
      for (std::size_t index = 0; index < network_.stages_.size(); ++index) {
        run_stage(index);
      }
      return mean_over_pixels();
    }

    [[nodiscard]] float peak() const { return std::bit_cast<float>(*std::max_element(peaks_.begin(), peaks_.end())); }

   private:
    void run_stage(std::size_t index) {
      const Stage& stage = network_.stages_[index];
      const Plan plan(stage, in_height_, in_width_, threads_);
      Sample* output = workspace_.image[index % 2].data();
      const Sample* input = index > 0 ? workspace_.image[(index + 1) % 2].data() : nullptr;
      std::vector<Moments> moments(static_cast<std::size_t>(threads_), Moments(stage.output_pixel()));
      run_parts(threads_, [&](std::int64_t thread) {
        const std::int64_t first = plan.strips * thread / threads_ * plan.strip;
        const std::int64_t last = std::min(plan.height, plan.strips * (thread + 1) / threads_ * plan.strip);
        convolve(stage, plan, input, first, last, output, static_cast<std::size_t>(thread), moments);
      });
      for (std::size_t thread = 1; thread < moments.size(); ++thread) {
        merge(moments[thread], moments[0]);
      }
      normalization_ = stage.normalization(moments[0]);
      in_height_ = plan.height;
      in_width_ = plan.width;
    }

    // Output rows first to last - 1 of a stage. Input rows that two strips share are read once: they stay in a ring.
    void convolve(const Stage& stage, const Plan& plan, const Sample* input, std::int64_t first, std::int64_t last,
                  Sample* output, std::size_t thread, std::vector<Moments>& moments) {
      Sample* ring = workspace_.threads[thread].rows.data();
      float* scratch = workspace_.threads[thread].scratch.data();
      std::vector<const Sample*> rows(static_cast<std::size_t>(plan.slots));
      std::int64_t unread = first * stage.stride() - 1;
      for (std::int64_t row = first; row < last; row += plan.strip) {
        const std::int64_t top = row * stage.stride() - 1;
        for (std::int64_t slot = 0; slot < plan.slots; ++slot) {
          Sample* to = ring + (top + slot + 1) % plan.slots * plan.row;
          if (top + slot >= unread) {
            read_row(stage, input, top + slot, to, plan.row, scratch, peaks_[thread]);
          }
          rows[static_cast<std::size_t>(slot)] = to;
        }
        unread = top + plan.slots;
        stage.convolve(rows.data(), std::min(plan.strip, last - row), plan.width,
                       output + row * plan.width * stage.output_pixel(), scratch, moments[thread]);
      }
    }

    // Row `row` of the stage's input, with a pixel of zeros on the left and zeros to its end; outside the image all
    // zeros.
    void read_row(const Stage& stage, const Sample* input, std::int64_t row, Sample* to, std::int64_t row_samples,
                  float* scratch, std::uint32_t& peak) const {
      if (row < 0 || row >= in_height_) {
        std::fill_n(to, row_samples, Sample{});
        return;
      }
      const std::int64_t pixel = stage.input_pixel();
      if (input != nullptr) {
        Stage::normalize_row(input + row * in_width_ * padded_of(normalization_), in_width_, normalization_, to + pixel,
                             pixel);
      } else {
        peak = std::max(peak, stage.read_planes(stacked_ + row * in_width_, plane_, in_width_, to + pixel, scratch));
      }
      std::fill_n(to, pixel, Sample{});
      std::fill(to + (in_width_ + 1) * pixel, to + row_samples, Sample{});
    }

    static std::int64_t padded_of(const Normalization& normalization) {
      return static_cast<std::int64_t>(normalization.mean.size());
    }

    std::vector<double> mean_over_pixels() const {
      const Sample* image = workspace_.image[(network_.stages_.size() - 1) % 2].data();
      const std::int64_t row_samples = in_width_ * padded_of(normalization_);
      std::vector<std::vector<double>> sums(static_cast<std::size_t>(threads_),
                                            std::vector<double>(normalization_.mean.size()));
      run_parts(threads_, [&](std::int64_t thread) {
        for (std::int64_t row = in_height_ * thread / threads_; row < in_height_ * (thread + 1) / threads_; ++row) {
          Stage::sum_normalized_row(image + row * row_samples, in_width_, normalization_,
                                    sums[static_cast<std::size_t>(thread)]);
        }
      });
      for (std::size_t channel = 0; channel < sums[0].size(); ++channel) {
        for (std::size_t thread = 1; thread < sums.size(); ++thread) {
          sums[0][channel] += sums[thread][channel];
        }
        sums[0][channel] /= static_cast<double>(in_height_ * in_width_);
      }
      return sums[0];
    }

    const StagedNetwork& network_;
    Workspace& workspace_;
    const float* stacked_;
    std::int64_t in_height_;
    std::int64_t in_width_;
    std::int64_t plane_;
    int threads_;
    std::vector<std::uint32_t> peaks_;  // of each thread, as the bits of a float
    Normalization normalization_;
  };

  [[nodiscard]] std::vector<std::unique_ptr<Workspace>> take_workspaces(int count) const {
    std::vector<std::unique_ptr<Workspace>> workspaces(static_cast<std::size_t>(count));
    const std::scoped_lock lock(mutex_);
    for (auto& workspace : workspaces) {
      if (free_workspaces_.empty()) {
        workspace = std::make_unique<Workspace>();
      } else {
        workspace = std::move(free_workspaces_.back());
        free_workspaces_.pop_back();
      }
    }
    return workspaces;
  }

  void give_back(std::vector<std::unique_ptr<Workspace>> workspaces) const {
    const std::scoped_lock lock(mutex_);
    std::move(workspaces.begin(), workspaces.end(), std::back_inserter(free_workspaces_));
  }

  std::vector<Stage> stages_;
  NetworkHead head_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> free_workspaces_;
};

}  // namespace mriembed::kernels
