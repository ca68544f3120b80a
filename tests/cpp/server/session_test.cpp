#include "server/session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/stream_messages.hpp"
#include "mriembed/error.hpp"
#include "server/memory_streams.hpp"
#include "server/received_answers.hpp"

namespace mriembed::server {
namespace {

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

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
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

std::string header(const std::string& more = "") {
  return io_messages::header_message(
      "<ismrmrdHeader>" + more +
      "<encoding><encodedSpace><matrixSize><x>8</x><y>4</y><z>1</z></matrixSize>"
      "<fieldOfView_mm><x>8</x><y>4</y><z>1</z></fieldOfView_mm></encodedSpace><reconSpace><matrixSize><x>8</x><y>4</y>"
      "<z>1</z></matrixSize><fieldOfView_mm><x>8</x><y>4</y><z>1</z></fieldOfView_mm></reconSpace>"
      "<trajectory>cartesian</trajectory></encoding></ismrmrdHeader>");
}

ISMRMRD::Acquisition line(std::uint16_t step, std::uint16_t slice = 0) {
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

std::string slice_lines(std::uint16_t slice, std::uint16_t count = 4) {
  std::string bytes;
  for (std::uint16_t step = 0; step < count; ++step) {
    bytes += io_messages::acquisition_message(line(step, slice));
  }
  return bytes;
}

std::string config(const std::string& name = "any name") {
  std::string field = name;
  field.resize(1024, '\0');
  return io_messages::message(1, field);
}

const std::string close = io_messages::close_message();

TEST_F(SessionTest, answers_each_slice_by_an_image_and_a_row) {
  const Answers answers = answers_to(config() + header() + slice_lines(0) + slice_lines(3) + close);
  ASSERT_EQ(answers.images.size(), 2U);
  EXPECT_EQ(answers.images[1].series, 100);
  EXPECT_EQ(answers.images[1].label.slice, 3);
  EXPECT_EQ(answers.images[1].pixels, (std::vector<float>{3, 2, 4, 0}));
  EXPECT_EQ(answers.images[1].meta.at("mriembed_model_sha256"), "abc");
  EXPECT_EQ(answers.images[1].meta.at("mriembed_energy_kept"), "0.5");
  EXPECT_EQ(answers.images[1].meta.at("mriembed_prewhitened"), "no");
  EXPECT_TRUE(answers.says("INFO    2 slices embedded"));
  EXPECT_TRUE(answers.closed);
  EXPECT_TRUE(answers.nothing_behind_close);
  EXPECT_EQ(rows.files, (std::vector<std::string>{"a_session", "a_session"}));
  EXPECT_EQ(rows.embeddings[0], (std::vector<float>{0, 2, 1, 0}));
  EXPECT_EQ(headers, 1);
}

TEST_F(SessionTest, closes_where_nothing_was_sent) {
  for (const std::string& bytes : {std::string(), close, config() + close, config() + header() + close,
                                   std::string("\x01"), config().substr(0, 500)}) {
    const Answers answers = answers_to(bytes);
    EXPECT_TRUE(answers.closed);
    EXPECT_TRUE(answers.images.empty());
  }
}

TEST_F(SessionTest, keeps_what_is_whole_where_the_client_vanishes) {
  const std::string bytes = config() + header() + slice_lines(0) + slice_lines(1);
  const Answers answers = answers_to(bytes.substr(0, bytes.size() - 30));
  EXPECT_EQ(answers.images.size(), 1U);
  EXPECT_TRUE(answers.says("WARNING the client ended the connection without CLOSE"));
  EXPECT_EQ(rows.files.size(), 1U);
}

TEST_F(SessionTest, goes_on_to_close_after_an_error) {
  ISMRMRD::Acquisition outside = line(200, 5);
  const Answers answers = answers_to(config() + header() + slice_lines(0) + io_messages::acquisition_message(outside) +
                                     slice_lines(1) + close);
  EXPECT_EQ(answers.images.size(), 1U);
  EXPECT_TRUE(answers.says("ERROR   acquisition 4 (encoding steps 200, 0) lies outside the encoded matrix"));
  EXPECT_TRUE(answers.closed);
}

TEST_F(SessionTest, embeds_the_other_slices_beside_a_bad_one) {
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

TEST_F(SessionTest, ends_at_a_message_whose_length_nobody_knows) {
  const Answers answers = answers_to(header() + slice_lines(0) + io_messages::message(4711) + slice_lines(1) + close);
  EXPECT_EQ(answers.images.size(), 1U);
  EXPECT_TRUE(answers.says("ERROR   a message of the unknown number 4711"));
  EXPECT_TRUE(answers.closed);
}

TEST_F(SessionTest, refuses_lengths_that_no_message_has) {
  std::string long_header = io_messages::message(3, std::string("\xff\xff\xff\xff", 4));
  EXPECT_TRUE(answers_to(long_header).says("ERROR   a text of 4294967295 bytes"));
  std::string huge = io_messages::acquisition_message(line(0));
  const std::uint16_t most = 65535;
  std::memcpy(huge.data() + 2 + 34, &most, sizeof(most));
  std::memcpy(huge.data() + 2 + 38, &most, sizeof(most));
  EXPECT_TRUE(answers_to(header() + huge).says("ERROR   an acquisition of 65535 coils and 65535 samples"));
}

TEST_F(SessionTest, skips_waveforms_and_tells_of_images) {
  const std::string image = io_messages::image_message(5, {4, 4, 1}, 1, "<x/>");
  const std::string wave = io_messages::waveform_message(2, 30);
  const Answers answers = answers_to(config() + header() + wave + slice_lines(0) + image + wave + close);
  EXPECT_EQ(answers.images.size(), 1U);
  EXPECT_TRUE(answers.says("WARNING 1 image left out"));
}

TEST_F(SessionTest, takes_images_without_a_scans_header) {
  const std::string image = io_messages::image_message(2, {4, 4, 1}, 1, "");
  const Answers answers = answers_to(config() + io_messages::text_message(3, "Dummy XML header") + image + close);
  EXPECT_TRUE(answers.says("WARNING the header is no scan's"));
  EXPECT_FALSE(answers.says("ERROR"));
}

TEST_F(SessionTest, says_once_that_acquisitions_cannot_be_placed) {
  const Answers answers = answers_to(config() + io_messages::text_message(3, "Dummy") + slice_lines(0) + close);
  EXPECT_EQ(std::ranges::count_if(answers.texts, [](const std::string& text) { return text.starts_with("ERROR"); }), 1);
  EXPECT_TRUE(answers_to(config() + slice_lines(0) + close).says("ERROR   acquisitions came without a header"));
}

TEST_F(SessionTest, sends_gadgetron_no_text_and_errors_as_message_8) {
  const std::string gadgetron = io_messages::text_message(2, "<configuration><mriembed/></configuration>");
  const std::string bytes =
      bytes_after(gadgetron + header() + slice_lines(0) + io_messages::acquisition_message(line(200, 5)) + close);
  MemorySource source(bytes);
  int images = 0;
  int errors = 0;
  for (Answer answer = take_answer(source); !std::holds_alternative<ReceivedClose>(answer);
       answer = take_answer(source)) {
    images += std::holds_alternative<ReceivedImage>(answer) ? 1 : 0;
    const auto* text = std::get_if<ReceivedText>(&answer);
    errors += text != nullptr && text->is_error && text->text.starts_with("acquisition 4") ? 1 : 0;
    EXPECT_TRUE(text == nullptr || text->is_error);  // a TEXT's would begin with ERROR
  }
  EXPECT_EQ(images, 1);
  EXPECT_EQ(errors, 1);
  EXPECT_EQ(static_cast<std::size_t>(source.place()), bytes.size());
}

TEST_F(SessionTest, passes_every_message_on_unchanged) {
  service.settings.answers = Return::tap;
  const std::string bytes = config() + header() + io_messages::waveform_message(1, 8) + slice_lines(0);
  EXPECT_EQ(bytes_after(bytes + close), bytes + close);
  EXPECT_EQ(rows.files.size(), 1U);
  const std::string gadgetron = io_messages::text_message(2, "<configuration/>") + header();
  EXPECT_EQ(bytes_after(gadgetron + slice_lines(0) + close), slice_lines(0) + close);
}

// A message of 40 MB, of which two are more than may wait.
std::string large_message(std::uint16_t number) {
  return io_messages::waveform_message(static_cast<std::uint16_t>(1000 + number), 10'000);
}

TEST_F(SessionTest, waits_for_who_reads_where_messages_go_back) {
  service.settings.answers = Return::tap;
  const std::string bytes = header() + large_message(0) + large_message(1) + slice_lines(0) + large_message(2) + close;
  MemorySource source(bytes);
  MemorySink sink(false);
  Session session(service, "late", source, sink, {});
  auto running = std::async(std::launch::async, [&] { session.run(); });
  EXPECT_EQ(running.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  sink.open();
  running.get();
  EXPECT_TRUE(session.is_answered(std::chrono::seconds(10)));
  EXPECT_TRUE(sink.bytes() == bytes);
  EXPECT_EQ(rows.files.size(), 1U);
}

TEST_F(SessionTest, tells_a_client_that_reads_nothing_back_how_much_it_misses) {
  service.settings.answers = Return::tap;
  std::vector<std::string> log;
  service.log = [&](Service::Level /*level*/, const std::string& line) { log.push_back(line); };
  const std::string passed = header() + large_message(0);
  const std::string again = io_messages::text_message(5, R"({"other": 1})");  // does not begin the tap anew
  MemorySource source(passed + large_message(1) + again + slice_lines(0) + close);
  MemorySink sink(false);
  Session session(service, "stalled", source, sink, {.longest_tap = std::chrono::milliseconds(50)});
  session.run();  // would hang
  EXPECT_EQ(rows.files.size(), 1U);
  sink.open();
  EXPECT_TRUE(session.is_answered(std::chrono::seconds(10)));
  const std::string bytes = sink.bytes();
  ASSERT_TRUE(bytes.starts_with(passed));
  MemorySource answers(bytes.substr(passed.size()));
  std::vector<std::string> texts;
  for (Answer answer = take_answer(answers); !std::holds_alternative<ReceivedClose>(answer);
       answer = take_answer(answers)) {
    texts.push_back(std::get<ReceivedText>(answer).text);
  }
  EXPECT_TRUE(texts.front().starts_with("ERROR   the client takes nothing back of what it sends"));
  EXPECT_EQ(texts.back(), "WARNING 6 messages not passed on: the client did not read in time");
  EXPECT_TRUE(
      std::ranges::any_of(log, [](const std::string& line) { return line.find("6 messages not") != line.npos; }));
}

TEST_F(SessionTest, waits_for_nobody_once_it_is_stopped) {
  service.settings.answers = Return::tap;
  std::atomic<bool> stopped = false;
  MemorySource source(header() + large_message(0) + large_message(1) + close);
  MemorySink sink(false);
  Session session(service, "stopped", source, sink, {.is_stopped = [&] { return stopped.load(); }});
  auto running = std::async(std::launch::async, [&] { session.run(); });
  EXPECT_EQ(running.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  stopped = true;
  running.get();
  sink.give_up();
}

TEST_F(SessionTest, follows_the_clients_parameters) {
  const std::string parameters = R"({"version": "1.1.0", "parameters": {"config": "x", "return": "none"}})";
  EXPECT_TRUE(answers_to(header() + io_messages::text_message(5, parameters) + slice_lines(0) + close).images.empty());
  EXPECT_EQ(rows.files.size(), 1U);
  const std::string wrong = R"({"return": "everything"})";
  EXPECT_TRUE(answers_to(header() + io_messages::text_message(5, wrong) + slice_lines(0) + close)
                  .says("ERROR   the parameter \"return\" is \"everything\""));
  const std::string undersampled = R"({"allow_undersampled": "True"})";
  EXPECT_EQ(answers_to(header() + io_messages::text_message(5, undersampled) + slice_lines(0, 3) + close).images.size(),
            1U);
}

std::string noise_line() {
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

TEST_F(SessionTest, keeps_noise_for_the_scan_that_names_it) {
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

TEST_F(SessionTest, answers_gadgetrons_question_for_noise) {
  const auto question = [](const std::string& file) {
    return io_messages::text_message(2,
                                     "<gadgetronStreamConfiguration><gadget><name>n</name><dll>d</dll><classname>"
                                     "NoiseSummaryGadget</classname><property><name>noise_file</name><value>" +
                                         file + "</value></property></gadget></gadgetronStreamConfiguration>");
  };
  const auto answer_of = [&](const std::string& bytes) {
    MemorySource source(bytes_after(bytes + close));
    EXPECT_EQ(source.number<std::uint16_t>(), 1019);
    const auto length = source.number<std::uint64_t>();
    return source.text(length);
  };
  EXPECT_NE(answer_of(question("GadgetronNoiseCovarianceMatrix_noise_9")).find("<value>failed</value>"),
            std::string::npos);
  answers_to(header("<measurementInformation><measurementID>noise_9</measurementID></measurementInformation>") +
             noise_line() + close);
  const std::string meta = answer_of(question("GadgetronNoiseCovarianceMatrix_noise_9"));
  EXPECT_NE(meta.find("<value>success</value>"), std::string::npos);
  EXPECT_NE(meta.find("<name>channels</name><value>2</value>"), std::string::npos);
  EXPECT_NE(meta.find("<name>noise_dwell_time_us</name><value>5</value>"), std::string::npos);
  // Magnitudes of 2 and 3, over N - 1 of 64 samples.
  EXPECT_NE(meta.find("<name>min_sigma</name><value>2.01"), std::string::npos);
  EXPECT_NE(meta.find("<name>max_sigma</name><value>3.02"), std::string::npos);
}

TEST_F(SessionTest, answers_queries_with_their_number) {
  const auto query = [](std::uint64_t number, const std::string& text) {
    const std::array<std::uint64_t, 3> head{0, number, text.size()};
    return io_messages::message(6, std::string(reinterpret_cast<const char*>(head.data()), sizeof(head)) + text);
  };
  MemorySource source(bytes_after(query(77, "mriembed::state") + query(78, "what?") + close));
  EXPECT_EQ(source.number<std::uint16_t>(), 7);
  EXPECT_EQ(source.number<std::uint64_t>(), 77U);
  EXPECT_TRUE(source.text(source.number<std::uint64_t>()).starts_with("mriembed "));
  EXPECT_EQ(source.number<std::uint16_t>(), 7);
  EXPECT_EQ(source.number<std::uint64_t>(), 78U);
  EXPECT_EQ(source.text(source.number<std::uint64_t>()), "Unknown query");
}

TEST_F(SessionTest, reads_on_while_the_client_takes_no_answers) {
  std::string bytes = config() + header();
  for (std::uint16_t slice = 0; slice < 50; ++slice) {
    bytes += slice_lines(slice);
  }
  MemorySource source(bytes + close);
  MemorySink sink(false);
  Session session(service, "stalled", source, sink, {});
  session.run();  // would hang
  EXPECT_EQ(rows.files.size(), 50U);
  EXPECT_FALSE(session.is_answered(std::chrono::milliseconds(10)));
  sink.open();
  EXPECT_TRUE(session.is_answered(std::chrono::seconds(10)));
  sink.give_up();
}

TEST_F(SessionTest, says_once_that_rows_cannot_be_written_and_goes_on) {
  rows.fails = true;
  const Answers answers = answers_to(header() + slice_lines(0) + slice_lines(1) + close);
  EXPECT_EQ(answers.images.size(), 2U);
  EXPECT_EQ(std::ranges::count_if(answers.texts, [](const std::string& text) { return text.starts_with("ERROR"); }), 1);
}

TEST_F(SessionTest, of_a_model_that_cannot_be_loaded_says_why) {
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

TEST_F(SessionTest, tells_of_each_scan_what_its_check_finds) {
  service.new_check = [] { return std::make_unique<CountingCheck>(); };
  const Answers answers = answers_to(header() + slice_lines(0) + slice_lines(1) + slice_lines(3) + header() +
                                     slice_lines(5) + slice_lines(6) + close);
  EXPECT_EQ(answers.images.size(), 5U);
  for (const char* line : {"WARNING slice 1 is odd", "WARNING slice 3 is odd", "WARNING slice 5 is odd"}) {
    EXPECT_EQ(std::ranges::count(answers.texts, line), 1) << line;
  }
}

TEST_F(SessionTest, gives_each_slice_the_figures_of_its_check) {
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

TEST_F(SessionTest, says_once_that_slices_wait_for_the_scans_end) {
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

TEST_F(SessionTest, takes_several_scans_in_one_session) {
  const Answers answers = answers_to(config() + header() + slice_lines(1) + header() + slice_lines(1) + close);
  EXPECT_EQ(answers.images.size(), 2U);
}

}  // namespace
}  // namespace mriembed::server
