#include "kernels/fused_network.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <numbers>
#include <utility>

namespace mriembed::kernels {

namespace {

// Normalized input rows that a thread keeps at once: they, and the weights of two blocks, fit a core's L2 cache.
constexpr std::int64_t chunk_floats = 65536;

std::size_t size_of(std::int64_t number) { return static_cast<std::size_t>(number); }

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

// A row of (channels, height, width) to channels last.
void interleave_row(const float* row, std::int64_t plane, std::int64_t channels, std::int64_t width, float* output) {
  const std::int64_t padded = padded_channels(channels);
  for (std::int64_t first = 0; first < channels; first += channel_block) {
    const std::int64_t count = std::min(channel_block, channels - first);
    for (std::int64_t pixel = 0; pixel < width; ++pixel) {
      for (std::int64_t channel = 0; channel < count; ++channel) {
        output[pixel * padded + first + channel] = row[(first + channel) * plane + pixel];
      }
    }
  }
}

double gelu(double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); }

}  // namespace

struct FusedNetwork::Stage {
  explicit Stage(const StageWeights& weights)
      : convolution(weights.in_channels, weights.out_channels, weights.weight, weights.bias),
        stride(weights.stride),
        groups(weights.groups),
        epsilon(weights.epsilon),
        norm_weight(weights.norm_weight),
        norm_bias(weights.norm_bias) {}

  [[nodiscard]] std::int64_t in_padded() const { return padded_channels(convolution.in_channels()); }
  [[nodiscard]] std::int64_t out_padded() const { return convolution.blocks() * channel_block; }

  PackedConvolution convolution;
  std::int64_t stride;
  std::int64_t groups;
  double epsilon;
  std::vector<float> norm_weight;
  std::vector<float> norm_bias;
};

// Grows to the largest slice seen and is reused from then on.
struct FusedNetwork::Workspace {
  std::array<std::vector<float>, 2> image;  // output of a stage before its normalization; stages take turns
  std::vector<std::vector<float>> rows;     // of each thread: normalized input
};

// One slice on its way through the stages.
class FusedNetwork::Run {
 public:
  Run(const FusedNetwork& network, Workspace& workspace, const float* stacked, std::int64_t height, std::int64_t width,
      int threads)
      : network_(network),
        workspace_(workspace),
        stacked_(stacked),
        in_height_(height),
        in_width_(width),
        plane_(height * width),
        threads_(threads) {
    workspace_.rows.resize(std::max(workspace_.rows.size(), static_cast<std::size_t>(threads)));
  }

  // The mean over pixels of the last stage's output.
  std::vector<double> features() {
    for (std::size_t index = 0; index < network_.stages_.size(); ++index) {
      run_stage(index);
    }
    return mean_over_pixels();
  }

 private:
  void run_stage(std::size_t index) {
    const Stage& stage = network_.stages_[index];
    const std::int64_t height = (in_height_ - 1) / stage.stride + 1;
    const std::int64_t width = (in_width_ - 1) / stage.stride + 1;
    std::vector<float>& output = workspace_.image[index % 2];
    output.resize(std::max(output.size(), size_of(height * width * stage.out_padded())));
    const float* input = index > 0 ? workspace_.image[(index + 1) % 2].data() : nullptr;

    std::vector<Moments> moments(static_cast<std::size_t>(threads_), Moments(stage.out_padded()));
    in_threads(threads_, [&](int thread) {
      const std::int64_t first = height * thread / threads_;
      const std::int64_t last = height * (thread + 1) / threads_;
      convolve(stage, input, first, last, width, workspace_.rows[static_cast<std::size_t>(thread)], output.data(),
               moments[static_cast<std::size_t>(thread)]);
    });
    for (std::size_t thread = 1; thread < moments.size(); ++thread) {
      merge(moments[thread], moments[0]);
    }
    normalization_ = group_normalization(moments[0], stage.groups, stage.epsilon, stage.norm_weight, stage.norm_bias);
    in_height_ = height;
    in_width_ = width;
  }

  // Output rows first to last - 1 of a stage, in chunks whose input stays in cache.
  void convolve(const Stage& stage, const float* input, std::int64_t first, std::int64_t last, std::int64_t width,
                std::vector<float>& rows, float* output, Moments& moments) const {
    const std::int64_t row_floats = (in_width_ + 2) * stage.in_padded();
    const std::int64_t most = std::max<std::int64_t>(1, (chunk_floats / row_floats - 3) / stage.stride + 1);
    const std::int64_t out_row = width * stage.out_padded();
    rows.resize(std::max(rows.size(), size_of((stage.stride * (most - 1) + 3) * row_floats)));
    for (std::int64_t chunk = first; chunk < last; chunk += most) {
      const std::int64_t end = std::min(last, chunk + most);
      const std::int64_t top = chunk * stage.stride - 1;
      for (std::int64_t row = top; row <= (end - 1) * stage.stride + 1; ++row) {
        read_row(stage, input, row, rows.data() + (row - top) * row_floats, row_floats);
      }
      for (std::int64_t block = 0; block < stage.convolution.blocks(); block += 2) {
        for (std::int64_t row = chunk; row < end; ++row) {
          const float* above = rows.data() + (row - chunk) * stage.stride * row_floats;
          convolve_row(stage.convolution, block,
                       {{above, above + row_floats, above + 2 * row_floats}, stage.in_padded()}, stage.stride, width,
                       output + row * out_row, stage.out_padded());
        }
      }
      for (std::int64_t row = chunk; row < end; ++row) {
        add_row(output + row * out_row, width, moments);
      }
    }
  }

  // Row `row` of the stage's input, with a pixel of zeros on either side; outside the image all zeros.
  void read_row(const Stage& stage, const float* input, std::int64_t row, float* to, std::int64_t row_floats) const {
    if (row < 0 || row >= in_height_) {
      std::fill_n(to, row_floats, 0.0F);
      return;
    }
    const std::int64_t padded = stage.in_padded();
    std::fill_n(to, padded, 0.0F);
    std::fill_n(to + row_floats - padded, padded, 0.0F);
    if (input != nullptr) {
      normalize_row(input + row * in_width_ * padded, in_width_, normalization_, to + padded);
    } else {
      interleave_row(stacked_ + row * in_width_, plane_, stage.convolution.in_channels(), in_width_, to + padded);
    }
  }

  std::vector<double> mean_over_pixels() const {
    const float* image = workspace_.image[(network_.stages_.size() - 1) % 2].data();
    const std::size_t channels = normalization_.mean.size();
    const std::int64_t row_floats = in_width_ * static_cast<std::int64_t>(channels);
    std::vector<std::vector<double>> sums(static_cast<std::size_t>(threads_), std::vector<double>(channels));
    in_threads(threads_, [&](int thread) {
      for (std::int64_t row = in_height_ * thread / threads_; row < in_height_ * (thread + 1) / threads_; ++row) {
        sum_normalized_row(image + row * row_floats, in_width_, normalization_, sums[static_cast<std::size_t>(thread)]);
      }
    });
    for (std::size_t channel = 0; channel < channels; ++channel) {
      for (std::size_t thread = 1; thread < sums.size(); ++thread) {
        sums[0][channel] += sums[thread][channel];
      }
      sums[0][channel] /= static_cast<double>(in_height_ * in_width_);
    }
    return sums[0];
  }

  const FusedNetwork& network_;
  Workspace& workspace_;
  const float* stacked_;
  std::int64_t in_height_;
  std::int64_t in_width_;
  std::int64_t plane_;
  int threads_;
  Normalization normalization_;
};

FusedNetwork::FusedNetwork(const NetworkWeights& weights)
    : stages_(weights.stages.begin(), weights.stages.end()), head_(weights.head), normalize_(weights.normalize) {}

FusedNetwork::~FusedNetwork() = default;

std::unique_ptr<FusedNetwork::Workspace> FusedNetwork::take_workspace() const {
  const std::scoped_lock lock(mutex_);
  if (free_workspaces_.empty()) {
    return std::make_unique<Workspace>();
  }
  auto workspace = std::move(free_workspaces_.back());
  free_workspaces_.pop_back();
  return workspace;
}

void FusedNetwork::give_back(std::unique_ptr<Workspace> workspace) const {
  const std::scoped_lock lock(mutex_);
  free_workspaces_.push_back(std::move(workspace));
}

void FusedNetwork::finish(std::vector<double> features, float* embedding) const {
  for (std::size_t layer = 0; layer < head_.size(); ++layer) {
    const LinearWeights& linear = head_[layer];
    std::vector<double> outputs(linear.bias.begin(), linear.bias.end());
    for (std::size_t out = 0; out < outputs.size(); ++out) {
      const float* row = linear.weight.data() + out * size_of(linear.in_features);
      for (std::size_t in = 0; in < size_of(linear.in_features); ++in) {
        outputs[out] += static_cast<double>(row[in]) * features[in];
      }
    }
    if (layer + 1 < head_.size()) {
      std::transform(outputs.begin(), outputs.end(), outputs.begin(), gelu);
    }
    features = std::move(outputs);
  }
  double squares = 0;
  for (const double value : features) {
    squares += value * value;
  }
  const double divisor = normalize_ ? std::max(std::sqrt(squares), 1e-12) : 1;
  std::transform(features.begin(), features.end(), embedding,
                 [&](double value) { return static_cast<float>(value / divisor); });
}

void FusedNetwork::embed(const float* stacked, std::int64_t slices, std::int64_t height, std::int64_t width,
                         int threads, float* embeddings) const {
  const std::int64_t slice_floats = stages_.front().convolution.in_channels() * height * width;
  const auto embed_slice = [&](std::int64_t slice, int team, Workspace& workspace) {
    Run run(*this, workspace, stacked + slice * slice_floats, height, width, team);
    finish(run.features(), embeddings + slice * embed_dim());
  };

  std::vector<std::unique_ptr<Workspace>> workspaces(static_cast<std::size_t>(threads));
  std::generate(workspaces.begin(), workspaces.end(), [&] { return take_workspace(); });
  const std::int64_t side_by_side = slices / threads * threads;
  if (side_by_side > 0) {
    in_threads(threads, [&](int thread) {
      for (std::int64_t slice = thread; slice < side_by_side; slice += threads) {
        embed_slice(slice, 1, *workspaces[static_cast<std::size_t>(thread)]);
      }
    });
  }
  for (std::int64_t slice = side_by_side; slice < slices; ++slice) {
    embed_slice(slice, threads, *workspaces.front());
  }
  for (auto& workspace : workspaces) {
    give_back(std::move(workspace));
  }
}

}  // namespace mriembed::kernels
