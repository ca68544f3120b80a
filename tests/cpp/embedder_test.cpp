#include "mriembed/embedder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "embedded_kspace.hpp"

namespace mriembed::testing_files {
namespace {

template <typename Call>
std::optional<std::int64_t> slice_at_fault(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.slice();
  }
  return std::nullopt;
}

TEST(Embedder, reproduces_the_reference_embedding_of_the_model_file) {
  const Verification result = Embedder::load(pca_model).verify();
  EXPECT_TRUE(result.weights_match);
  EXPECT_LE(result.largest_difference, 1e-6);
  EXPECT_TRUE(result.passed);
}

TEST(Embedder, asks_every_few_slices_whether_to_go_on) {
  const Shape shape{40, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  const auto samples = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  Options options;
  options.threads = 1;
  const auto expected = embed_kspace(Embedder::load(pca_model, options), samples);
  int questions = 0;
  int most = 1000;
  options.interrupted = [&] { return ++questions > most; };
  const Embedder embedder = Embedder::load(pca_model, options);
  questions = 0;
  EXPECT_EQ(embed_kspace(embedder, samples), expected);
  EXPECT_GE(questions, 10);

  questions = 0;
  most = 3;
  std::vector<float> rows(static_cast<std::size_t>(40 * embedder.info().embed_dim), 7.0F);
  const auto to = ArrayView<float, 2>::row_major(rows.data(), {40, embedder.info().embed_dim});
  EXPECT_EQ(error_of([&] { embedder.embed_kspace(samples, to); }),
            (std::pair<ErrorCode, std::string>(ErrorCode::interrupted, "interrupted")));
  EXPECT_EQ(questions, 4);
  EXPECT_EQ(std::count(rows.begin(), rows.end(), 7.0F), 40 * embedder.info().embed_dim) << "nothing was written";
}

TEST(Embedder, asks_after_each_slice_that_takes_long_whether_to_go_on) {
  const Shape shape{5, 32, 256, 160};
  const std::vector<Complex> slice(static_cast<std::size_t>(shape[1] * shape[2] * shape[3]), Complex(1, 2));
  const ArrayView<const Complex, 4> samples{slice.data(), shape, {0, shape[2] * shape[3], shape[3], 1}};
  Options options;
  options.threads = 1;
  int questions = 0;
  options.interrupted = [&] { return ++questions < 0; };
  for (const Backend backend : {Backend::native, Backend::torch}) {
    options.backend = backend;
    const Embedder embedder = Embedder::load(pca_model, options);
    questions = 0;
    embed_kspace(embedder, samples);
    EXPECT_EQ(questions, shape[0]);
  }
}

TEST(Embedder, in_bfloat16_stays_within_a_cosine_of_0_999) {
  Options options;
  options.precision = Precision::bfloat16;
  for (const Backend backend : {Backend::native, Backend::torch}) {
    options.backend = backend;
    const Embedder embedder = Embedder::load(pca_model, options);
    const Verification result = embedder.verify();
    EXPECT_GE(result.cosine, 0.999);
    EXPECT_EQ(result.largest_difference > 1e-5, embedder.compute_dtype() == Precision::bfloat16);
    EXPECT_TRUE(result.passed);
  }
}

TEST(Embedder, in_bfloat16_computes_in_float32_at_most_where_its_own_kernels_run) {
  Options options;
  EXPECT_EQ(Embedder::load(pca_model, options).compute_dtype(), Precision::float32);
  options.precision = Precision::bfloat16;
  const Embedder own = Embedder::load(pca_model, options);
  options.backend = Backend::torch;
  EXPECT_EQ(Embedder::load(pca_model, options).compute_dtype(), Precision::bfloat16);

  const Shape shape{2, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  const auto samples = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  const bool same = embed_kspace(own, samples) == embed_kspace(Embedder::load(pca_model), samples);
  EXPECT_EQ(same, own.compute_dtype() == Precision::float32);
}

TEST(Embedder, gives_unit_vectors_and_reports_the_energy_kept) {
  const Shape shape{3, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  Report report;
  const auto rows = embed_kspace(Embedder::load(pca_model),
                                 ArrayView<const Complex, 4>::row_major(kspace.data(), shape), {}, &report);
  for (std::size_t row = 0; row < 3; ++row) {
    double norm = 0;
    for (std::size_t index = 0; index < embed_dim; ++index) {
      norm += std::pow(rows[row * embed_dim + index], 2);
    }
    EXPECT_NEAR(norm, 1.0, 1e-5);
  }
  ASSERT_EQ(report.energy_kept.size(), 3U);
  for (const double kept : report.energy_kept) {
    EXPECT_GT(kept, 0.5);  // 4 of 6 coils of equal noise
    EXPECT_LT(kept, 0.9);
  }
}

TEST(Embedder, writes_through_the_strides_of_the_destination) {
  const Shape shape{2, 4, 12, 14};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  const Embedder embedder = Embedder::load(pca_model);
  const auto rows = embed_kspace(embedder, view);
  std::vector<float> columns(rows.size());
  ArrayView<float, 2> destination;
  destination.data = columns.data();
  destination.shape = {2, embed_dim};
  destination.strides = {1, 2};
  embedder.embed_kspace(view, destination);
  for (std::size_t index = 0; index < embed_dim; ++index) {
    EXPECT_EQ(columns[2 * index], rows[index]);
    EXPECT_EQ(columns[2 * index + 1], rows[embed_dim + index]);
  }
}

TEST(Embedder, lets_failures_of_the_host_s_parallel_for_through) {
  const Shape shape{1, 6, 24, 24};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  Options options;
  options.threads = 2;
  enum class Host { works, fails, does_nothing } host = Host::works;
  options.parallel_for = [&host](std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
    if (host == Host::fails) {
      throw Error(ErrorCode::internal, "the scheduler is gone");
    }
    for (std::int64_t index = 0; index < tasks && host == Host::works; ++index) {
      task(index);
    }
  };
  const Embedder embedder = Embedder::load(pca_model, options);
  host = Host::fails;
  auto [code, message] = error_of([&] { static_cast<void>(embed_kspace(embedder, view)); });
  EXPECT_EQ(code, ErrorCode::internal);
  EXPECT_EQ(message, "the scheduler is gone");
  std::tie(code, message) = error_of([&] { static_cast<void>(Embedder::load(pca_model, options)); });
  EXPECT_EQ(message, "the scheduler is gone") << "load() computes the reference embedding";

  host = Host::does_nothing;
  std::tie(code, message) = error_of([&] { static_cast<void>(embed_kspace(embedder, view)); });
  EXPECT_EQ(code, ErrorCode::internal);
  EXPECT_EQ(message, "the host's parallel_for returned before every task had run");
}

TEST(Embedder, names_the_slice_that_is_zero_or_not_finite_and_writes_nothing) {
  const Shape shape{3, 4, 10, 10};
  auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  const Embedder embedder = Embedder::load(pca_model);
  std::vector<float> rows(std::size_t{3} * embed_dim, -7.0F);
  const auto destination = ArrayView<float, 2>::row_major(rows.data(), {3, embed_dim});

  kspace[2 * 400 + 5] = {std::numeric_limits<float>::quiet_NaN(), 0};
  auto [code, message] = error_of([&] { embedder.embed_kspace(view, destination); });
  EXPECT_EQ(code, ErrorCode::bad_input);
  EXPECT_EQ(message, "slice 2 holds NaN or infinite samples; only finite samples can be embedded");

  std::fill(kspace.begin() + 400, kspace.begin() + 800, Complex(0));
  std::tie(code, message) = error_of([&] { embedder.embed_images(view, destination); });
  EXPECT_EQ(code, ErrorCode::bad_input);
  EXPECT_EQ(message, "slice 1 is all zero; a slice needs signal to be embedded");

  const std::vector<float> network_input(std::size_t{2} * 8 * 100, 0.0F);
  std::tie(code, message) = error_of([&] {
    embedder.embed(ArrayView<const float, 4>::row_major(network_input.data(), {2, 8, 10, 10}),
                   ArrayView<float, 2>::row_major(rows.data(), {2, embed_dim}));
  });
  EXPECT_EQ(code, ErrorCode::bad_input);
  EXPECT_EQ(rows, std::vector<float>(3 * embed_dim, -7.0F));
}

TEST(Embedder, of_no_slices_gives_no_rows) {
  const std::vector<float> nothing;
  const Embedder embedder = Embedder::load(pca_model);
  EXPECT_NO_THROW(embedder.embed_kspace(ArrayView<const Complex, 4>::row_major(nullptr, {0, 4, 10, 10}),
                                        ArrayView<float, 2>::row_major(nullptr, {0, embed_dim})));
}

TEST(Embedder, gives_the_same_rows_in_parts_that_fit_little_memory) {
  const Shape shape{11, 6, 40, 31};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  for (const Backend backend : {Backend::native, Backend::torch}) {
    Options options;
    options.backend = backend;
    Report whole_report;
    const auto whole = embed_kspace(Embedder::load(pca_model, options), view, {}, &whole_report);
    options.memory_mib = 1;
    Report report;
    const auto parts = embed_kspace(Embedder::load(pca_model, options), view, {}, &report);
    ASSERT_EQ(parts.size(), whole.size());
    for (std::size_t index = 0; index < whole.size(); ++index) {
      ASSERT_NEAR(parts[index], whole[index], 1e-6);
    }
    ASSERT_EQ(report.energy_kept.size(), 11U);
    for (std::size_t slice = 0; slice < 11; ++slice) {
      EXPECT_NEAR(report.energy_kept[slice], whole_report.energy_kept[slice], 1e-6);
    }
    EXPECT_GT(report.preprocessing_seconds, 0);
    EXPECT_GT(report.network_seconds, 0);
  }
}

TEST(Embedder, counts_the_slices_of_the_call_where_it_runs_in_parts) {
  const Shape shape{11, 6, 40, 31};
  auto kspace = random_kspace(shape);
  kspace[std::size_t{9} * 6 * 40 * 31 + 5] = {std::numeric_limits<float>::infinity(), 0};
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  std::vector<float> network_input(std::size_t{11} * 8 * 40 * 31, 1.0F);
  std::fill_n(network_input.begin() + std::ptrdiff_t{10} * 8 * 40 * 31, 8 * 40 * 31, 0.0F);
  std::vector<float> rows(std::size_t{11} * embed_dim, -7.0F);
  const auto destination = ArrayView<float, 2>::row_major(rows.data(), {11, embed_dim});
  for (const Backend backend : {Backend::native, Backend::torch}) {
    Options options;
    options.memory_mib = 1;
    options.backend = backend;
    const Embedder embedder = Embedder::load(pca_model, options);
    auto [code, message] = error_of([&] { embedder.embed_kspace(view, destination); });
    EXPECT_EQ(code, ErrorCode::bad_input);
    EXPECT_EQ(message, "slice 9 holds NaN or infinite samples; only finite samples can be embedded");
    EXPECT_EQ(slice_at_fault([&] { embedder.embed_kspace(view, destination); }), 9);
    std::tie(code, message) = error_of([&] {
      embedder.embed(ArrayView<const float, 4>::row_major(network_input.data(), {11, 8, 40, 31}), destination);
    });
    EXPECT_EQ(code, ErrorCode::bad_input);
    EXPECT_EQ(message, "slice 10 is all zero; a slice needs signal to be embedded");
  }
  EXPECT_EQ(rows, std::vector<float>(std::size_t{11} * embed_dim, -7.0F)) << "nothing is written on failure";
}

TEST(Embedder, can_be_moved) {
  Embedder first = Embedder::load(pca_model);
  const Embedder second = std::move(first);
  EXPECT_TRUE(second.verify().passed);
}

}  // namespace
}  // namespace mriembed::testing_files
