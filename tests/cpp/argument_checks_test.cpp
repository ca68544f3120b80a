// Arguments that an Embedder refuses.
#include <gtest/gtest.h>

#include <complex>
#include <limits>
#include <string>
#include <vector>

#include "embedded_kspace.hpp"

namespace mriembed::testing_files {
namespace {

TEST(ArgumentChecks, refuses_arguments_that_cannot_be_right) {
  const Embedder embedder = Embedder::load(pca_model);
  const Shape shape{1, 4, 10, 10};
  const auto kspace = random_kspace(shape);
  const auto good = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  std::vector<float> row(embed_dim);
  const auto destination = ArrayView<float, 2>::row_major(row.data(), {1, embed_dim});
  const auto code_of = [&](const ArrayView<const Complex, 4>& view, const ArrayView<float, 2>& rows,
                           const KspaceOptions& options = {}) {
    return error_of([&] { embedder.embed_kspace(view, rows, options); }).first;
  };

  auto view = good;
  view.data = nullptr;
  EXPECT_EQ(code_of(view, destination), ErrorCode::invalid_argument);
  view = good;
  view.strides[2] = -10;
  EXPECT_EQ(code_of(view, destination), ErrorCode::invalid_argument);
  view = good;
  view.shape[3] = 0;
  EXPECT_EQ(code_of(view, destination), ErrorCode::invalid_argument);
  view = good;
  view.shape[0] = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(code_of(view, destination), ErrorCode::invalid_argument);

  EXPECT_EQ(code_of(good, ArrayView<float, 2>::row_major(row.data(), {1, embed_dim - 1})), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(good, ArrayView<float, 2>::row_major(nullptr, {1, embed_dim})), ErrorCode::invalid_argument);
  auto overlapping = destination;
  overlapping.strides[1] = 0;
  EXPECT_EQ(code_of(good, overlapping), ErrorCode::invalid_argument);

  KspaceOptions options;
  options.readout_width = 11;
  EXPECT_EQ(code_of(good, destination, options), ErrorCode::invalid_argument);
  options = {};
  const std::vector<std::complex<double>> covariance(9);
  options.noise_covariance = ArrayView<const std::complex<double>, 2>::row_major(covariance.data(), {3, 3});
  EXPECT_EQ(code_of(good, destination, options), ErrorCode::invalid_argument);

  EXPECT_EQ(error_of([&] { embedder.warm_up(1, 0, 8); }).first, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([&] { embedder.warm_up_kspace({1, 0, 8, 8}); }).first, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([&] { embedder.warm_up_kspace({1, 4, 8, 8}, 9); }).first, ErrorCode::invalid_argument);
}

TEST(ArgumentChecks, without_compression_demands_exactly_its_number_of_coils) {
  const Embedder embedder = Embedder::load(none_model);
  const Shape shape{1, 5, 10, 10};
  const auto kspace = random_kspace(shape);
  const auto [code, message] =
      error_of([&] { embed_kspace(embedder, ArrayView<const Complex, 4>::row_major(kspace.data(), shape)); });
  EXPECT_EQ(code, ErrorCode::invalid_argument);
  EXPECT_NE(message.find("exactly 4 coils"), std::string::npos);
}

TEST(ArgumentChecks, refuses_unknown_devices_and_precisions_with_their_own_code) {
  const auto code_of = [](const std::string& device, Precision precision, int threads = 0) {
    Options options;
    options.device = device;
    options.precision = precision;
    options.threads = threads;
    return error_of([&] { Embedder::load(pca_model, options); }).first;
  };
  EXPECT_EQ(code_of("cuda:127", Precision::float32), ErrorCode::device_not_available);
  EXPECT_EQ(code_of("cpu", Precision::float16), ErrorCode::device_not_available);
  EXPECT_EQ(code_of("tpu", Precision::float32), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("cuda:-1", Precision::float32), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("cuda:99999999999", Precision::float32), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("cpu", Precision::float32, -1), ErrorCode::invalid_argument);
}

TEST(ArgumentChecks, refuses_a_memory_that_is_none) {
  Options options;
  for (const std::int64_t memory : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    options.memory_mib = memory;
    EXPECT_EQ(error_of([&] { Embedder::load(pca_model, options); }).first, ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace mriembed::testing_files
