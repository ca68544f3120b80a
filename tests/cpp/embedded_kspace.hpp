// Random k-space, the rows that an Embedder makes of it, and the error where it makes none.
#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mriembed/embedder.hpp"

namespace mriembed::testing_files {

using Complex = std::complex<float>;
using Shape = std::array<std::int64_t, 4>;

// Models that tests/cpp/export_model_files.py writes.
inline const std::string pca_model = MRIEMBED_MODEL_DIR "/pca.pt";
inline const std::string none_model = MRIEMBED_MODEL_DIR "/none.pt";
inline constexpr std::int64_t embed_dim = 32;

inline std::size_t count_of(const Shape& shape) {
  return static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]);
}

inline std::vector<Complex> random_kspace(const Shape& shape) {
  std::mt19937 generator(1);  // NOLINT(bugprone-random-generator-seed): the same samples on every run
  std::normal_distribution<float> normal;
  std::vector<Complex> kspace(count_of(shape));
  for (Complex& sample : kspace) {
    sample = {normal(generator), normal(generator)};
  }
  return kspace;
}

inline std::vector<float> embed_kspace(const Embedder& embedder, const ArrayView<const Complex, 4>& kspace,
                                       const KspaceOptions& options = {}, Report* report = nullptr) {
  std::vector<float> rows(static_cast<std::size_t>(kspace.shape[0] * embed_dim));
  embedder.embed_kspace(kspace, ArrayView<float, 2>::row_major(rows.data(), {kspace.shape[0], embed_dim}), options,
                        report);
  return rows;
}

template <typename Call>
std::pair<ErrorCode, std::string> error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::internal, "no error"};
}

}  // namespace mriembed::testing_files
