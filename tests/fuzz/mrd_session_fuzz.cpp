// A session of the MRD server, from any bytes: the codec, the placement of lines as they come, and the answers, with an
// embedder that only looks at the samples. Every answer must be read again, and the last one must be CLOSE.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "mriembed/error.hpp"
#include "server/received_answers.hpp"
#include "server/session.hpp"

namespace {

namespace server = mriembed::server;

class Bytes final : public mriembed::io::ByteSource {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}

  std::size_t read_some(void* to, std::size_t most) override {
    const auto begin = static_cast<std::size_t>(place_);
    const std::size_t count = std::min(most, bytes_.size() - begin);
    if (count == 0) {
      throw CutShort();
    }
    std::memcpy(to, bytes_.data() + begin, count);
    place_ += static_cast<std::int64_t>(count);
    return count;
  }

 private:
  std::string bytes_;
};

class Kept final : public server::ByteSink {
 public:
  std::size_t write_some(std::string_view bytes) override {
    kept += bytes;
    return bytes.size();
  }
  std::string kept;
};

// Looks at every line as it comes, and once more where the slice lies at the end.
class ArrivingSum final : public server::ArrivingEmbedding {
 public:
  explicit ArrivingSum(const server::ArrivingSamples& samples) : samples_(samples) {}

  void add_line(std::int64_t y) override {
    const auto [coils, height, width] = samples_.shape;
    if (y < 0 || y >= height) {
      std::abort();
    }
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      for (std::int64_t x = 0; x < width; ++x) {
        sum_ += samples_.samples[(coil * height + y) * width + x];
      }
    }
  }

  server::EmbeddedSlice embed(mriembed::io::Slice& slice) override {
    if (slice.samples.data() != samples_.samples) {
      std::abort();
    }
    return {{sum_.real(), sum_.imag()}, slice.channels, 1, "full"};
  }

 private:
  server::ArrivingSamples samples_;
  std::complex<float> sum_ = 0;
};

class SumOfSamples final : public server::SliceEmbedder {
 public:
  [[nodiscard]] const mriembed::cli::ModelIdentity& model() const override { return identity_; }
  [[nodiscard]] server::EmbeddedSlice embed(mriembed::io::Slice& slice,
                                            const server::ScanContext& scan) const override {
    if (static_cast<std::int64_t>(slice.samples.size()) != slice.channels * slice.height * slice.width ||
        (scan.noise.has_value() && scan.noise->coils != slice.channels)) {
      std::abort();
    }
    std::complex<float> sum = 0;
    for (const std::complex<float>& sample : slice.samples) {
      sum += sample;
    }
    return {{sum.real(), sum.imag()}, slice.channels, 1, "full"};
  }
  [[nodiscard]] std::unique_ptr<server::ArrivingEmbedding> begin(
      const server::ArrivingSamples& samples, std::shared_ptr<const server::ScanContext> /*scan*/) const override {
    return std::make_unique<ArrivingSum>(samples);
  }

 private:
  mriembed::cli::ModelIdentity identity_{"model.pt", "0", 2};
};

// Figures of any value.
class AnyFigures final : public server::ScanCheck {
 public:
  mriembed::SliceQuality add(const mriembed::io::Slice& slice, const server::ScanContext& /*scan*/) override {
    mriembed::SliceQuality figures;
    figures.ghost_phase = static_cast<double>(slice.samples.front().real());
    figures.spike.y = slice.height;
    return figures;
  }
  [[nodiscard]] std::vector<std::string> findings() const override { return {"a finding"}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::vector<std::string> warnings;
  static server::NoiseStore noise("", warnings);
  static const auto embedder = [] {
    std::promise<std::shared_ptr<const server::SliceEmbedder>> promise;
    promise.set_value(std::make_shared<const SumOfSamples>());
    return promise.get_future().share();
  }();
  server::Service service;
  service.embedder = embedder;
  service.noise = &noise;
  service.settings.answers = server::Return::both;
  service.new_check = [] { return std::make_unique<AnyFigures>(); };
  Bytes bytes(std::string(reinterpret_cast<const char*>(data), size));
  Kept answers;
  {
    server::Session session(service, "fuzzed", bytes, answers, {});
    session.run();
    session.take_rest();
    if (!session.is_answered(std::chrono::seconds(10))) {
      std::abort();
    }
  }
  Bytes sent(std::move(answers.kept));
  try {
    while (!std::holds_alternative<server::ReceivedClose>(server::take_answer(sent))) {
    }
  } catch (const std::exception&) {
    std::abort();
  }
  return 0;
}
