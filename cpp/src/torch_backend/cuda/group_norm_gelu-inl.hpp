// Device code of group_norm_gelu.hpp. Written in what CUDA and the unit tests' stand-in for it (tests/cpp/cuda) both
// have: one-dimensional blocks, shared memory and a barrier, no instructions of a warp.
#pragma once

#include <cmath>
#include <cstdint>

#include "torch_backend/cuda/launch_plan.hpp"

namespace mriembed::cuda {

// Images of one batch, channels last.
struct ImageShape {
  std::int64_t pixels;
  int channels;
  int groups;
};

// Mean and sum of squared deviations of some values; in float64, so that a mean that is large against the standard
// deviation costs no digits.
struct Moments {
  double count;
  double mean;
  double squares;
};

// Those of both (Chan, Golub and LeVeque 1979). Either may be of no values.
__device__ inline Moments merged(const Moments& one, const Moments& other) {
  const double count = one.count + other.count;
  if (count == 0) {
    return one;
  }
  const double share = other.count / count;
  const double distance = other.mean - one.mean;
  return {count, one.mean + distance * share, one.squares + other.squares + distance * distance * one.count * share};
}

// Merges `rows` rows of `columns` moments each into the first row. All threads of the block call it; thread
// row * columns + column has written its moments, and a barrier ends the call.
__device__ inline void merge_rows(Moments* moments, int rows, int columns) {
  const int thread = static_cast<int>(threadIdx.x);
  __syncthreads();
  while (rows > 1) {
    const int half = (rows + 1) / 2;
    if (thread < (rows - half) * columns) {
      moments[thread] = merged(moments[thread], moments[thread + half * columns]);
    }
    __syncthreads();
    rows = half;
  }
}

// Adjacent channels that one thread reads and writes at once.
template <typename T, int Width>
struct alignas(sizeof(T) * Width) Channels {
  T values[Width];
};

// A block sees `rows` pixels at once, each in `columns` bundles of channels. Threads beyond these rest.
template <int Width>
struct Place {
  __device__ explicit Place(const ImageShape& shape)
      : columns(shape.channels / Width),
        rows(block_threads / columns),
        column(static_cast<int>(threadIdx.x) % columns),
        row(static_cast<int>(threadIdx.x) / columns) {}

  int columns;
  int rows;
  int column;
  int row;
};

// Moments of each group over a part of the pixels of each image; `shift` is added to each pixel's channels first.
//
// Grid: (images, parts). `moments` is (images, parts, groups). Each thread sums about the first value that it meets, in
// float32.
template <typename T, int Width>
__global__ void moments_of_parts(const T* images, const float* shift, ImageShape shape, Moments* moments) {
  __shared__ Moments found[block_threads];
  const Place<Width> place(shape);
  Moments mine{0, 0, 0};
  if (place.row < place.rows) {
    const auto* image = reinterpret_cast<const Channels<T, Width>*>(images) +
                        static_cast<std::int64_t>(blockIdx.x) * shape.pixels * place.columns + place.column;
    float added[Width];
    for (int channel = 0; channel < Width; ++channel) {
      added[channel] = shift[place.column * Width + channel];
    }
    const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * place.rows + place.row;
    const std::int64_t step = static_cast<std::int64_t>(gridDim.y) * place.rows;
    float pivot = 0;
    float sum = 0;
    float squares = 0;
    std::int64_t count = 0;
    for (std::int64_t pixel = first; pixel < shape.pixels; pixel += step) {
      const Channels<T, Width> read = image[pixel * place.columns];
      if (pixel == first) {
        pivot = static_cast<float>(read.values[0]) + added[0];
      }
      for (int channel = 0; channel < Width; ++channel) {
        const float distance = static_cast<float>(read.values[channel]) + added[channel] - pivot;
        sum += distance;
        squares += distance * distance;
      }
      count += Width;
    }
    if (count > 0) {
      const double mean = static_cast<double>(sum) / static_cast<double>(count);
      const double deviations = static_cast<double>(squares) - mean * static_cast<double>(sum);
      mine = {static_cast<double>(count), static_cast<double>(pivot) + mean, deviations > 0 ? deviations : 0};
    }
  }
  found[threadIdx.x] = mine;
  merge_rows(found, place.rows, place.columns);
  const int group = static_cast<int>(threadIdx.x);
  if (group < shape.groups) {
    const int members = place.columns / shape.groups;
    const int first = group * members;
    Moments all = found[first];
    for (int member = first + 1; member < first + members; ++member) {
      all = merged(all, found[member]);
    }
    moments[(static_cast<std::int64_t>(blockIdx.x) * gridDim.y + blockIdx.y) * shape.groups + group] = all;
  }
}

// x to gelu((x + shift - mean) / sqrt(variance + epsilon) * weight + bias), in place, by the moments of all parts.
//
// Grid: (images, any number of blocks, which share an image's pixels).
template <typename T, int Width>
__global__ void normalize_and_activate(T* images, const float* shift, const float* weight, const float* bias,
                                       double epsilon, ImageShape shape, const Moments* moments, int parts) {
  __shared__ Moments found[block_threads];
  const int lanes = block_threads / shape.groups;
  const int lane = static_cast<int>(threadIdx.x) / shape.groups;
  const int reads = static_cast<int>(threadIdx.x) % shape.groups;
  Moments mine{0, 0, 0};
  for (int part = lane; lane < lanes && part < parts; part += lanes) {
    const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * parts + part;
    mine = merged(mine, moments[row * shape.groups + reads]);
  }
  found[threadIdx.x] = mine;
  merge_rows(found, lanes, shape.groups);

  const Place<Width> place(shape);
  if (place.row >= place.rows) {
    return;
  }
  const Moments all = found[place.column / (place.columns / shape.groups)];
  const double inverse = 1 / sqrt(all.squares / all.count + epsilon);
  float mean[Width];
  float scale[Width];
  float offset[Width];
  for (int index = 0; index < Width; ++index) {
    const int channel = place.column * Width + index;
    mean[index] = static_cast<float>(all.mean - static_cast<double>(shift[channel]));
    scale[index] = static_cast<float>(inverse * static_cast<double>(weight[channel]));
    offset[index] = bias[channel];
  }
  auto* image = reinterpret_cast<Channels<T, Width>*>(images) +
                static_cast<std::int64_t>(blockIdx.x) * shape.pixels * place.columns + place.column;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * place.rows + place.row;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.y) * place.rows;
  for (std::int64_t pixel = first; pixel < shape.pixels; pixel += step) {
    Channels<T, Width> values = image[pixel * place.columns];
    for (int index = 0; index < Width; ++index) {
      const float x = (static_cast<float>(values.values[index]) - mean[index]) * scale[index] + offset[index];
      values.values[index] = static_cast<T>(0.5F * x * (1.0F + erff(x * 0.70710678118654752F)));
    }
    image[pixel * place.columns] = values;
  }
}

}  // namespace mriembed::cuda
