#include "server/received_answers.hpp"

#include <gtest/gtest.h>

#include "io/stream_messages.hpp"
#include "mriembed/error.hpp"
#include "server/memory_streams.hpp"
#include "server/sent_messages.hpp"

namespace mriembed::server {
namespace {

namespace io_messages = io::testing_files;
using testing_streams::MemorySource;

TEST(ReceivedAnswers, read_what_the_server_sends) {
  SentImage image;
  image.width = 2;
  image.series = 100;
  image.label.slice = 3;
  MemorySource source(
      text_message("ERROR   no") +
      image_message(image, "<m><meta><name>a</name><value>1</value></meta></m>", std::vector<float>{5, 6}) +
      error_message("no") + close_message());
  EXPECT_TRUE(std::get<ReceivedText>(take_answer(source)).is_error);
  const auto received = std::get<ReceivedImage>(take_answer(source));
  EXPECT_EQ(received.series, 100);
  EXPECT_EQ(received.label.slice, 3);
  EXPECT_EQ(received.meta.at("a"), "1");
  EXPECT_EQ(received.pixels, (std::vector<float>{5, 6}));
  EXPECT_TRUE(std::get<ReceivedText>(take_answer(source)).is_error);
  EXPECT_TRUE(std::holds_alternative<ReceivedClose>(take_answer(source)));
}

TEST(ReceivedAnswers, skip_what_a_server_passes_on) {
  ISMRMRD::Acquisition line(8, 2);
  const std::string query =
      io_messages::message(6) + std::string(16, '\0') + std::string("\3\0\0\0\0\0\0\0", 8) + "who";
  MemorySource source(config_file_message("x") + header_message("<x/>") + io_messages::acquisition_message(line) +
                      io_messages::waveform_message(2, 3) + query + response_message(1, "well") + close_message());
  EXPECT_TRUE(std::holds_alternative<ReceivedClose>(take_answer(source)));
}

TEST(ReceivedAnswers, give_no_pixels_of_other_types) {
  MemorySource source(io_messages::image_message(7, {4, 4, 1}, 2, "") + close_message());
  EXPECT_TRUE(std::get<ReceivedImage>(take_answer(source)).pixels.empty());
  EXPECT_TRUE(std::holds_alternative<ReceivedClose>(take_answer(source)));
}

TEST(ReceivedAnswers, refuse_what_is_no_message) {
  MemorySource unknown(io_messages::message(4711));
  EXPECT_THROW(take_answer(unknown), Error);
  std::string huge = io_messages::image_message(5, {1, 1, 1}, 1, "");
  for (const std::size_t offset : {16U, 18U, 20U}) {
    huge[2 + offset] = '\xff';
    huge[2 + offset + 1] = '\xff';
  }
  MemorySource source(huge);
  EXPECT_THROW(take_answer(source), Error);
}

}  // namespace
}  // namespace mriembed::server
