#include "server/session_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mriembed/error.hpp"
#include "server/client_sessions.hpp"

namespace mriembed::server {
namespace {

class SessionScanTest : public ClientSession {};

TEST_F(SessionScanTest, answers_each_slice_by_an_image_and_a_row) {
  const Answers answers = answers_to(config() + header() + slice_lines(0) + slice_lines(3) + close);
  ASSERT_EQ(answers.images.size(), 2U);
  EXPECT_EQ(answers.images[1].series, 100);
  EXPECT_EQ(answers.images[1].label.slice, 3);
  EXPECT_EQ(answers.images[1].pixels, (std::vector<float>{3, 2, 4, 0}));
  EXPECT_EQ(answers.images[1].meta.at("mriembed_model_sha256"), "abc");
  EXPECT_EQ(answers.images[1].meta.at("mriembed_energy_kept"), "0.5");
  EXPECT_EQ(answers.images[1].meta.at("mriembed_slice"), "3");
  EXPECT_EQ(answers.images[1].meta.at("mriembed_repetition"), "0");
  EXPECT_EQ(answers.images[1].meta.at("mriembed_prewhitened"), "no");
  EXPECT_TRUE(answers.says("INFO    2 slices embedded"));
  EXPECT_TRUE(answers.closed);
  EXPECT_TRUE(answers.nothing_behind_close);
  EXPECT_EQ(rows.files, (std::vector<std::string>{"a_session", "a_session"}));
  EXPECT_EQ(rows.embeddings[0], (std::vector<float>{0, 2, 1, 0}));
  EXPECT_EQ(headers, 1);
}

TEST_F(SessionScanTest, embeds_the_other_slices_beside_a_bad_one) {
  ISMRMRD::Acquisition first = line(0, 1);
  first.data(0, 0) = 0;
  std::string bad = io_messages::acquisition_message(first);
  for (std::uint16_t step = 1; step < 4; ++step) {
    bad += io_messages::acquisition_message(line(step, 1));
  }
  const Answers answers = answers_to(header() + slice_lines(0) + bad + slice_lines(2) + close);
  EXPECT_EQ(answers.images.size(), 2U);
  EXPECT_TRUE(answers.says("ERROR   slice 1 is all zero"));
  EXPECT_TRUE(answers.says("INFO    2 slices embedded, 1 refused"));
}

TEST_F(SessionScanTest, says_once_that_acquisitions_cannot_be_placed) {
  const Answers answers = answers_to(config() + io_messages::text_message(3, "Dummy") + slice_lines(0) + close);
  EXPECT_EQ(std::ranges::count_if(answers.texts, [](const std::string& text) { return text.starts_with("ERROR"); }), 1);
  EXPECT_TRUE(answers_to(config() + slice_lines(0) + close).says("ERROR   acquisitions came without a header"));
}

TEST_F(SessionScanTest, keeps_noise_for_the_scan_that_names_it) {
  const std::string own = "<measurementInformation><measurementID>noise_7</measurementID></measurementInformation>";
  answers_to(config() + header(own) + noise_line() + close);
  const std::string dependent =
      "<measurementInformation><measurementID>scan_8</measurementID><measurementDependency><dependencyType>Noise"
      "</dependencyType><measurementID>noise_7</measurementID></measurementDependency></measurementInformation>";
  const Answers answers = answers_to(config() + header(dependent) + slice_lines(0) + close);
  ASSERT_EQ(answers.images.size(), 1U);
  EXPECT_EQ(answers.images[0].pixels.back(), 1);
  EXPECT_EQ(answers.images[0].meta.at("mriembed_prewhitened"), "noise_7");
  EXPECT_EQ(answers_to(config() + header() + slice_lines(0) + close).images[0].pixels.back(), 0);
}

TEST_F(SessionScanTest, says_once_that_rows_cannot_be_written_and_goes_on) {
  rows.fails = true;
  const Answers answers = answers_to(header() + slice_lines(0) + slice_lines(1) + close);
  EXPECT_EQ(answers.images.size(), 2U);
  EXPECT_EQ(std::ranges::count_if(answers.texts, [](const std::string& text) { return text.starts_with("ERROR"); }), 1);
}

TEST_F(SessionScanTest, of_a_model_that_cannot_be_loaded_says_why) {
  std::promise<std::shared_ptr<const SliceEmbedder>> promise;
  promise.set_exception(std::make_exception_ptr(Error(ErrorCode::bad_model_file, "m.pt: damaged")));
  service.embedder = promise.get_future().share();
  EXPECT_TRUE(answers_to(header() + slice_lines(0) + close).says("ERROR   m.pt: damaged"));
}

// Finds something in every second slice; its figures are the slice's number. Slice 9 cannot be looked at.
class CountingCheck final : public ScanCheck {
 public:
  SliceQuality add(const io::Slice& slice, const ScanContext& /*scan*/) override {
    if (slice.label.slice == 9) {
      throw Error(ErrorCode::bad_input, "coil 0 holds samples that are not finite");
    }
    if (slice.label.slice % 2 == 1) {
      lines_.push_back("slice " + std::to_string(slice.label.slice) + " is odd");
    }
    SliceQuality figures;
    figures.ghost_phase = 0.1 + slice.label.slice;
    figures.spike.y = slice.label.slice;
    return figures;
  }
  [[nodiscard]] std::vector<std::string> findings() const override { return lines_; }

 private:
  std::vector<std::string> lines_;
};

TEST_F(SessionScanTest, tells_of_each_scan_what_its_check_finds) {
  service.new_check = [] { return std::make_unique<CountingCheck>(); };
  const Answers answers = answers_to(header() + slice_lines(0) + slice_lines(1) + slice_lines(3) + header() +
                                     slice_lines(5) + slice_lines(6) + close);
  EXPECT_EQ(answers.images.size(), 5U);
  for (const char* line : {"WARNING slice 1 is odd", "WARNING slice 3 is odd", "WARNING slice 5 is odd"}) {
    EXPECT_EQ(std::ranges::count(answers.texts, line), 1) << line;
  }
}

TEST_F(SessionScanTest, gives_each_slice_the_figures_of_its_check) {
  const Answers unchecked = answers_to(header() + slice_lines(0) + close);
  EXPECT_FALSE(unchecked.images.front().meta.contains("mriembed_quality"));
  EXPECT_FALSE(rows.qualities.back().has_value());
  service.new_check = [] { return std::make_unique<CountingCheck>(); };
  service.settings.answers = Return::both;
  const Answers answers = answers_to(header() + slice_lines(2) + slice_lines(9) + slice_lines(3) + close);
  ASSERT_EQ(answers.images.size(), 6U);
  for (const ReceivedImage& image : answers.images) {
    ASSERT_EQ(image.meta.contains("mriembed_quality"), image.label.slice != 9);
    if (image.label.slice == 9) {
      continue;
    }
    const auto quality = nlohmann::json::parse(image.meta.at("mriembed_quality"));
    EXPECT_EQ(quality["ghost_phase"].get<double>(), 0.1 + image.label.slice);
    EXPECT_EQ(quality["spike"]["y"].get<int>(), image.label.slice);
  }
  EXPECT_TRUE(answers.says("ERROR   slice 9 cannot be checked: coil 0 holds samples that are not finite"));
  EXPECT_TRUE(answers.says("INFO    3 slices embedded"));
  ASSERT_EQ(rows.qualities.size(), 4U);
  EXPECT_EQ(rows.qualities[1].value().spike.y, 2);
  EXPECT_FALSE(rows.qualities[2].has_value());
  EXPECT_EQ(rows.qualities[3].value().spike.y, 3);
}

// The "embedding" of a slice whose lines arrive: its partition, its lines, and whether they lie where the slice does.
class LinesThatArrived final : public SliceEmbedder {
 public:
  class Lines final : public ArrivingEmbedding {
   public:
    explicit Lines(const std::complex<float>* samples) : samples_(samples) {}
    void add_line(std::int64_t /*y*/) override { ++lines_; }
    EmbeddedSlice embed(io::Slice& slice) override {
      const float there = slice.samples.data() == samples_ ? 1.0F : 0.0F;
      return {{static_cast<float>(slice.label.partition), lines_, there}, slice.channels, 1, "full"};
    }

   private:
    const std::complex<float>* samples_;
    float lines_ = 0;
  };

  [[nodiscard]] const cli::ModelIdentity& model() const override { return identity_; }
  [[nodiscard]] EmbeddedSlice embed(io::Slice& slice, const ScanContext& /*scan*/) const override {
    return {{static_cast<float>(slice.label.partition), -1, -1}, slice.channels, 1, "full"};
  }
  [[nodiscard]] std::unique_ptr<ArrivingEmbedding> begin(const ArrivingSamples& samples,
                                                         std::shared_ptr<const ScanContext> /*scan*/) const override {
    return std::make_unique<Lines>(samples.samples);
  }

 private:
  cli::ModelIdentity identity_{"model.pt", "abc", 3};
};

std::string slab_header(int partitions) {
  std::string xml = header().substr(6);
  const std::string last = std::to_string(partitions - 1);
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = xml.find(from); at != std::string::npos; at = xml.find(from, at + to.size())) {
      xml.replace(at, from.size(), to);
    }
  };
  replace("<z>1</z></matrixSize>", "<z>" + std::to_string(partitions) + "</z></matrixSize>");
  replace("<trajectory>",
          "<encodingLimits><kspace_encoding_step_1><minimum>0</minimum><maximum>3</maximum><center>2</center>"
          "</kspace_encoding_step_1><kspace_encoding_step_2><minimum>0</minimum><maximum>" +
              last + "</maximum><center>" + std::to_string(partitions / 2) +
              "</center></kspace_encoding_step_2></encodingLimits><trajectory>");
  return io_messages::header_message(xml);
}

// `twice`: so many of the first lines of the last partition.
std::string slab_lines(std::uint16_t partitions, std::uint16_t twice = 0) {
  std::string bytes;
  for (std::uint16_t partition = 0; partition < partitions; ++partition) {
    for (std::uint16_t step = 0; step < 4; ++step) {
      ISMRMRD::Acquisition acquisition = line(step);
      acquisition.idx().kspace_encode_step_2 = partition;
      bytes += io_messages::acquisition_message(acquisition);
      if (partition + 1 == partitions && step < twice) {
        bytes += io_messages::acquisition_message(acquisition);
      }
    }
  }
  return bytes;
}

class SlabSession : public ClientSession {
 protected:
  SlabSession() {
    std::promise<std::shared_ptr<const SliceEmbedder>> promise;
    promise.set_value(std::make_shared<const LinesThatArrived>());
    service.embedder = promise.get_future().share();
  }
};

TEST_F(SlabSession, embeds_each_partition_by_its_lines_as_they_arrived) {
  const Answers answers = answers_to(slab_header(6) + slab_lines(6) + close);
  ASSERT_EQ(answers.images.size(), 6U);
  for (std::size_t partition = 0; partition < 6; ++partition) {
    EXPECT_EQ(answers.images[partition].pixels, (std::vector<float>{static_cast<float>(partition), 4, 1}));
  }
}

TEST_F(SlabSession, embeds_partitions_as_a_whole_where_a_line_comes_twice) {
  const Answers answers = answers_to(slab_header(6) + slab_lines(6, 1) + close);
  ASSERT_EQ(answers.images.size(), 6U);
  for (std::size_t partition = 0; partition < 6; ++partition) {
    EXPECT_EQ(answers.images[partition].pixels, (std::vector<float>{static_cast<float>(partition), -1, -1}));
  }
}

TEST_F(SlabSession, embeds_the_partitions_beyond_16_as_a_whole) {
  const Answers answers = answers_to(slab_header(20) + slab_lines(20) + close);
  ASSERT_EQ(answers.images.size(), 20U);
  EXPECT_EQ(answers.images[15].pixels, (std::vector<float>{15, 4, 1}));
  EXPECT_EQ(answers.images[16].pixels, (std::vector<float>{16, -1, -1}));
}

TEST_F(SessionScanTest, says_once_that_slices_wait_for_the_scans_end) {
  std::string partitions = header();
  const std::string flat = "<z>1</z></matrixSize>";
  partitions = io_messages::header_message(
      std::string(partitions.substr(6)).replace(partitions.substr(6).find(flat), flat.size(), "<z>2</z></matrixSize>"));
  const Answers answers = answers_to(partitions + slice_lines(0) + slice_lines(1) + close);
  EXPECT_EQ(answers.images.size(), 2U);
  EXPECT_EQ(std::ranges::count_if(answers.texts,
                                  [](const std::string& text) {
                                    return text.starts_with(
                                        "INFO    lines of this scan can be placed once all of them are there");
                                  }),
            1);
}

TEST_F(SessionScanTest, takes_several_scans_in_one_session) {
  const Answers answers = answers_to(config() + header() + slice_lines(1) + header() + slice_lines(1) + close);
  EXPECT_EQ(answers.images.size(), 2U);
}

}  // namespace
}  // namespace mriembed::server
