// Sessions of a client in memory: what it sends, the answers that it gets, and the rows that are written.
#pragma once

#include <gtest/gtest.h>
#include <ismrmrd/ismrmrd.h>

#include <algorithm>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "io/stream_messages.hpp"
#include "mriembed/error.hpp"
#include "server/memory_streams.hpp"
#include "server/received_answers.hpp"
#include "server/session.hpp"

namespace mriembed::server {

namespace io_messages = io::testing_files;
using testing_streams::MemorySink;
using testing_streams::MemorySource;
using Complex = std::complex<float>;

// The "embedding" of a slice: its number, its coils, and its first sample.
class FirstSample final : public SliceEmbedder {
 public:
  [[nodiscard]] const cli::ModelIdentity& model() const override { return identity_; }
  [[nodiscard]] EmbeddedSlice embed(io::Slice& slice, const ScanContext& scan) const override {
    if (slice.samples.front() == Complex(0)) {
      throw Error(ErrorCode::bad_input, "slice " + std::to_string(slice.label.slice) + " is all zero");
    }
    return {{static_cast<float>(slice.label.slice), static_cast<float>(slice.channels), slice.samples.front().real(),
             scan.noise.has_value() ? 1.0F : 0.0F},
            slice.channels,
            0.5,
            "full"};
  }
  [[nodiscard]] std::unique_ptr<ArrivingEmbedding> begin(const ArrivingSamples& /*samples*/,
                                                         std::shared_ptr<const ScanContext> /*scan*/) const override {
    return nullptr;
  }

 private:
  cli::ModelIdentity identity_{"model.pt", "abc", 4};
};

class Rows final : public RowSink {
 public:
  void add(const cli::EmbeddingSource& source, const cli::ModelIdentity& /*model*/,
           std::span<const float> embedding) override {
    const std::scoped_lock lock(mutex_);
    if (fails) {
      throw Error(ErrorCode::internal, "rows.jsonl: a row cannot be written: No space left on device");
    }
    files.push_back(source.file);
    qualities.push_back(source.quality);
    embeddings.emplace_back(embedding.begin(), embedding.end());
  }
  bool fails = false;
  std::vector<std::string> files;
  std::vector<std::optional<SliceQuality>> qualities;
  std::vector<std::vector<float>> embeddings;

 private:
  std::mutex mutex_;
};

struct Answers {
  std::vector<ReceivedImage> images;
  std::vector<std::string> texts;
  bool closed = false;
  bool nothing_behind_close = false;

  [[nodiscard]] bool says(const std::string& beginning) const {
    return std::ranges::any_of(texts, [&](const std::string& text) { return text.starts_with(beginning); });
  }
};

// Its slices are embedded by FirstSample.
class ClientSession : public testing::Test {
 protected:
  ClientSession() {
    std::promise<std::shared_ptr<const SliceEmbedder>> promise;
    promise.set_value(std::make_shared<const FirstSample>());
    service.embedder = promise.get_future().share();
    service.noise = &noise;
    service.rows = &rows;
  }

  Answers answers_to(const std::string& bytes) {
    sent = bytes_after(bytes);
    MemorySource source(sent);
    Answers answers;
    try {
      while (!answers.closed) {
        const Answer answer = take_answer(source);
        if (const auto* image = std::get_if<ReceivedImage>(&answer)) {
          answers.images.push_back(*image);
        } else if (const auto* text = std::get_if<ReceivedText>(&answer)) {
          answers.texts.push_back(text->text);
        } else {
          answers.closed = true;
        }
      }
      answers.nothing_behind_close = static_cast<std::size_t>(source.place()) == sent.size();
    } catch (const io::ByteSource::CutShort&) {
      answers.closed = false;
    }
    return answers;
  }

  std::string bytes_after(const std::string& bytes) {
    MemorySource source(bytes);
    MemorySink sink;
    Session session(service, "a_session", source, sink, {.header_came = [this] { ++headers; }});
    session.run();
    EXPECT_TRUE(session.is_answered(std::chrono::seconds(10)));
    return sink.bytes();
  }

  std::vector<std::string> warnings;
  NoiseStore noise{"", warnings};
  Rows rows;
  Service service;
  int headers = 0;
  std::string sent;
};

// Of a scan of slices of 4 x 8 samples of two coils.
inline std::string header(const std::string& more = "") {
  return io_messages::header_message(
      "<ismrmrdHeader>" + more +
      "<encoding><encodedSpace><matrixSize><x>8</x><y>4</y><z>1</z></matrixSize>"
      "<fieldOfView_mm><x>8</x><y>4</y><z>1</z></fieldOfView_mm></encodedSpace><reconSpace><matrixSize><x>8</x><y>4</y>"
      "<z>1</z></matrixSize><fieldOfView_mm><x>8</x><y>4</y><z>1</z></fieldOfView_mm></reconSpace>"
      "<trajectory>cartesian</trajectory></encoding></ismrmrdHeader>");
}

inline ISMRMRD::Acquisition line(std::uint16_t step, std::uint16_t slice = 0) {
  ISMRMRD::Acquisition acquisition(8, 2);
  acquisition.idx().kspace_encode_step_1 = step;
  acquisition.idx().slice = slice;
  acquisition.center_sample() = 4;
  for (std::uint16_t coil = 0; coil < 2; ++coil) {
    for (std::uint16_t x = 0; x < 8; ++x) {
      acquisition.data(x, coil) = Complex(static_cast<float>(1 + slice), static_cast<float>(x));
    }
  }
  return acquisition;
}

inline std::string slice_lines(std::uint16_t slice, std::uint16_t count = 4) {
  std::string bytes;
  for (std::uint16_t step = 0; step < count; ++step) {
    bytes += io_messages::acquisition_message(line(step, slice));
  }
  return bytes;
}

inline std::string config(const std::string& name = "any name") {
  std::string field = name;
  field.resize(1024, '\0');
  return io_messages::message(1, field);
}

inline const std::string close = io_messages::close_message();

// Of noise with standard deviations of 2 and 3.
inline std::string noise_line() {
  ISMRMRD::Acquisition acquisition(64, 2);
  acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  ISMRMRD::AcquisitionHeader head = acquisition.getHead();  // is packed: references to members may lie unaligned
  head.sample_time_us = 5;
  acquisition.setHead(head);
  for (std::uint16_t x = 0; x < 64; ++x) {
    acquisition.data(x, 0) = Complex(x % 2 == 0 ? 2 : -2, 0);
    acquisition.data(x, 1) = Complex(0, x % 4 < 2 ? 3 : -3);
  }
  return io_messages::acquisition_message(acquisition);
}

}  // namespace mriembed::server
