#include "server/session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "server/client_sessions.hpp"
#include "server/no_more_bytes.hpp"

namespace mriembed::server {
namespace {

class SessionTest : public ClientSession {};

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

// A server that is being stopped before more bytes come.
class StoppedSource final : public io::ByteSource {
 public:
  std::size_t read_some(void* /*to*/, std::size_t /*most*/) override { throw Stopped(); }
};

TEST_F(SessionTest, says_why_the_server_stops_where_the_model_cannot_be_loaded) {
  const auto answers_of_stopped_server = [this] {
    StoppedSource source;
    MemorySink sink;
    Session session(service, "a_session", source, sink, {});
    session.run();
    EXPECT_TRUE(session.is_answered(std::chrono::seconds(10)));
    return sink.bytes();
  };
  EXPECT_TRUE(answers_of_stopped_server().find("WARNING the server is being stopped") != std::string::npos);
  std::promise<std::shared_ptr<const SliceEmbedder>> promise;
  service.embedder = promise.get_future().share();
  EXPECT_TRUE(answers_of_stopped_server().find("WARNING the server is being stopped") != std::string::npos);
  promise.set_exception(std::make_exception_ptr(Error(ErrorCode::bad_model_file, "model.pt: it is damaged")));
  EXPECT_TRUE(answers_of_stopped_server().find("ERROR   the server is being stopped: model.pt: it is damaged") !=
              std::string::npos);
}

TEST_F(SessionTest, goes_on_to_close_after_an_error) {
  ISMRMRD::Acquisition outside = line(200, 5);
  const Answers answers = answers_to(config() + header() + slice_lines(0) + io_messages::acquisition_message(outside) +
                                     slice_lines(1) + close);
  EXPECT_EQ(answers.images.size(), 1U);
  EXPECT_TRUE(answers.says("ERROR   acquisition 4 (encoding steps 200, 0) lies outside the encoded matrix"));
  EXPECT_TRUE(answers.closed);
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
  EXPECT_TRUE(answers.says("WARNING the header is not that of a scan"));
  EXPECT_FALSE(answers.says("ERROR"));
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

}  // namespace
}  // namespace mriembed::server
