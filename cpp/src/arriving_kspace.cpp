#include "mriembed/arriving_kspace.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "argument_checks.hpp"
#include "embedder_implementation.hpp"
#include "library_call.hpp"
#include "preprocessing/arriving_slice.hpp"
#include "preprocessing/line_completion.hpp"

namespace mriembed {

class ArrivingKspace::Implementation {
 public:
  Implementation(const Embedder& embedder, const ArrayView<const std::complex<float>, 3>& kspace,
                 const KspaceOptions& options, ExpectedLines expected)
      : embedder_(embedder),
        slice_(ArrayView<const std::complex<float>, 4>::row_major(
            kspace.data, {1, kspace.shape[0], kspace.shape[1], kspace.shape[2]})),
        options_(options) {
    if (kspace.strides != ArrayView<const std::complex<float>, 3>::row_major(nullptr, kspace.shape).strides) {
      refuse_argument("k-space whose lines arrive: expected row-major samples");
    }
    embedder.implementation_->check_kspace(slice_, options);
    arriving_ = embedder.implementation_->preprocessor().arriving(slice_, options, expected == ExpectedLines::some,
                                                                  embedder.implementation_->executor());
  }

  void add_line(std::int64_t y) {
    if (y < 0 || y >= slice_.shape[2]) {
      refuse_argument("line " + std::to_string(y) + " of " + std::to_string(slice_.shape[2]));
    }
    if (arriving_ != nullptr) {
      arriving_->add_line(y);
    }
  }

  void embed(const ArrayView<float, 1>& embedding, Report* report) {
    ArrayView<float, 2> row;
    row.data = embedding.data;
    row.shape = {1, embedding.shape[0]};
    row.strides = {embedding.shape[0] * embedding.strides[0], embedding.strides[0]};
    if (!embed_preprocessed(row, report)) {
      embedder_.embed_kspace(slice_, row, options_, report);
    }
  }

 private:
  bool embed_preprocessed(const ArrayView<float, 2>& row, Report* report) {
    const Embedder::Implementation& of_embedder = *embedder_.implementation_;
    if (arriving_ == nullptr) {
      return false;
    }
    Stopwatch stopwatch;
    NetworkInput input = of_embedder.preprocessor().room_for(1, slice_, options_);
    const std::optional<double> energy_kept = arriving_->finish(input.memory.get());
    if (!energy_kept.has_value()) {
      return false;
    }
    of_embedder.check_destination(1, row);
    const double preprocessing_seconds = stopwatch.lap();
    std::vector<float> values(static_cast<std::size_t>(of_embedder.info().embed_dim));
    {
      const threads::Executor::Presence presence(of_embedder.executor());
      of_embedder.embed_part(input, 1, values.data());
    }
    if (report != nullptr) {
      *report = Report();
      report->energy_kept = {*energy_kept};
      report->preprocessing_seconds = preprocessing_seconds;
      report->network_seconds = stopwatch.lap();
      report->sampling = {sampling_of(arriving_->measured())};
    }
    for (std::size_t component = 0; component < values.size(); ++component) {
      row.data[static_cast<std::int64_t>(component) * row.strides[1]] = values[component];
    }
    return true;
  }

  const Embedder& embedder_;
  ArrayView<const std::complex<float>, 4> slice_;
  KspaceOptions options_;
  std::unique_ptr<ArrivingSlice> arriving_;  // null: the model's slices are preprocessed as a whole
};

ArrivingKspace::ArrivingKspace(const Embedder& embedder, const ArrayView<const std::complex<float>, 3>& kspace,
                               const KspaceOptions& options, ExpectedLines expected)
    : implementation_(
          library_call([&] { return std::make_unique<Implementation>(embedder, kspace, options, expected); })) {}
ArrivingKspace::ArrivingKspace(ArrivingKspace&&) noexcept = default;
ArrivingKspace& ArrivingKspace::operator=(ArrivingKspace&&) noexcept = default;
ArrivingKspace::~ArrivingKspace() = default;

void ArrivingKspace::add_line(std::int64_t y) {
  library_call([&] { implementation_->add_line(y); });
}

void ArrivingKspace::embed(const ArrayView<float, 1>& embedding, Report* report) {
  library_call([&] { implementation_->embed(embedding, report); });
}

}  // namespace mriembed
