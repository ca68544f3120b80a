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
#include <exception>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "kernels/aligned_vector.hpp"
#include "kernels/fused_network.hpp"
#include "kernels/network_head.hpp"
#include "kernels/normalization.hpp"

namespace mriembed::kernels {

// Runs part(0) to part(threads - 1), each in its own thread; rethrows what one of them threw. The threads are those
// of torch's OpenMP runtime, whose count the caller has set: a second set would compete with them for the cores.
template <typename Part>
void in_threads(int threads, const Part& part) {
  if (threads == 1) {
    part(0);
    return;
  }
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(threads));
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int thread = 0; thread < threads; ++thread) {
    try {
      part(thread);
    } catch (...) {
      failures[static_cast<std::size_t>(thread)] = std::current_exception();
    }
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
}

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

    std::vector<std::unique_ptr<Workspace>> workspaces(static_cast<std::size_t>(threads));
    std::generate(workspaces.begin(), workspaces.end(), [&] { return take_workspace(); });
    const std::int64_t side_by_side = slices / threads * threads;
    if (side_by_side > 0) {
      std::atomic<std::int64_t> next = 0;  // a thread that is held up takes fewer slices
      in_threads(threads, [&](int thread) {
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

 private:
  using Sample = typename Stage::Sample;

  struct ThreadMemory {
    AlignedVector<Sample> rows;  // normalized input of a strip
    AlignedVector<float> scratch;
  };

  struct Workspace {
    std::array<AlignedVector<Sample>, 2> image;  // output of a stage before its normalization; stages take turns
    std::vector<ThreadMemory> threads;
  };

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
      workspace_.threads.resize(std::max(workspace_.threads.size(), static_cast<std::size_t>(threads)));
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
      const std::int64_t height = (in_height_ - 1) / stage.stride() + 1;
      const std::int64_t width = (in_width_ - 1) / stage.stride() + 1;
      Sample* output = at_least(workspace_.image[index % 2], height * width * stage.output_pixel());
      const Sample* input = index > 0 ? workspace_.image[(index + 1) % 2].data() : nullptr;

      std::vector<Moments> moments(static_cast<std::size_t>(threads_), Moments(stage.output_pixel()));
      const std::int64_t strip = stage.strip_rows(width, (height + threads_ - 1) / threads_);
      const std::int64_t strips = (height + strip - 1) / strip;
      in_threads(threads_, [&](int thread) {
        const std::int64_t first = strips * thread / threads_ * strip;
        const std::int64_t last = std::min(height, strips * (thread + 1) / threads_ * strip);
        convolve(stage, input, first, last, strip, width, output, static_cast<std::size_t>(thread), moments);
      });
      for (std::size_t thread = 1; thread < moments.size(); ++thread) {
        merge(moments[thread], moments[0]);
      }
      normalization_ = stage.normalization(moments[0]);
      in_height_ = height;
      in_width_ = width;
    }

    // Output rows first to last - 1 of a stage. Input rows that two strips share are read once: they stay in a ring.
    void convolve(const Stage& stage, const Sample* input, std::int64_t first, std::int64_t last, std::int64_t strip,
                  std::int64_t width, Sample* output, std::size_t thread, std::vector<Moments>& moments) {
      const std::int64_t slots = stage.stride() * (strip - 1) + 3;
      constexpr auto line = static_cast<std::int64_t>(cache_line / sizeof(Sample));
      const std::int64_t row_samples = (stage.input_row(width) + line - 1) / line * line;
      Sample* ring = at_least(workspace_.threads[thread].rows, slots * row_samples);
      float* scratch = at_least(workspace_.threads[thread].scratch, stage.scratch_floats(strip, width));
      std::vector<const Sample*> rows(static_cast<std::size_t>(slots));
      std::int64_t unread = first * stage.stride() - 1;
      for (std::int64_t row = first; row < last; row += strip) {
        const std::int64_t top = row * stage.stride() - 1;
        for (std::int64_t slot = 0; slot < slots; ++slot) {
          Sample* to = ring + (top + slot + 1) % slots * row_samples;
          if (top + slot >= unread) {
            read_row(stage, input, top + slot, to, row_samples, scratch, peaks_[thread]);
          }
          rows[static_cast<std::size_t>(slot)] = to;
        }
        unread = top + slots;
        stage.convolve(rows.data(), std::min(strip, last - row), width, output + row * width * stage.output_pixel(),
                       scratch, moments[thread]);
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
      in_threads(threads_, [&](int thread) {
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

  [[nodiscard]] std::unique_ptr<Workspace> take_workspace() const {
    const std::scoped_lock lock(mutex_);
    if (free_workspaces_.empty()) {
      return std::make_unique<Workspace>();
    }
    auto workspace = std::move(free_workspaces_.back());
    free_workspaces_.pop_back();
    return workspace;
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
