#include "server/client_texts.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "server/memory_streams.hpp"
#include "server/received_answers.hpp"

namespace mriembed::server {
namespace {

class ClientTextsTest : public testing::Test {
 protected:
  ClientTextsTest() {
    service.log = [this](Service::Level level, const std::string& line) {
      log.push_back((level == Service::Level::error ? "error: " : "note: ") + line);
    };
  }

  // What the client has got so far.
  std::vector<std::string> received() {
    EXPECT_TRUE(outbox.flush(std::chrono::seconds(10)));
    testing_streams::MemorySource source(sink.bytes());
    std::vector<std::string> texts;
    while (static_cast<std::size_t>(source.place()) < sink.bytes().size()) {
      texts.push_back(std::get<ReceivedText>(take_answer(source)).text);
    }
    return texts;
  }

  Service service;
  std::vector<std::string> log;
  testing_streams::MemorySink sink;
  Outbox outbox{sink};
};

TEST_F(ClientTextsTest, tell_the_client_and_the_log) {
  ClientTexts texts(service, "one", outbox, false);
  texts.inform("a");
  texts.warn("b");
  texts.fail("c");
  EXPECT_EQ(received(), (std::vector<std::string>{"INFO    a", "WARNING b", "ERROR   c"}));
  EXPECT_EQ(log, (std::vector<std::string>{"note: session one: b", "error: session one: c"}));
}

// Of Gadgetron's message 8, which begin with no word.
TEST_F(ClientTextsTest, give_gadgetron_errors_alone) {
  ClientTexts texts(service, "one", outbox, false);
  texts.speak_gadgetron();
  texts.inform("a");
  texts.warn("b");
  texts.warn_always("c");
  texts.fail("d");
  texts.fail_always("e");
  EXPECT_EQ(received(), (std::vector<std::string>{"d", "e"}));
}

TEST_F(ClientTextsTest, of_a_silent_session_are_those_alone_that_must_not_be_lost) {
  ClientTexts texts(service, "one", outbox, false);
  texts.set_silent(true);
  texts.inform("a");
  texts.warn("b");
  texts.fail("c");
  texts.warn_always("d");
  texts.fail_always("e");
  EXPECT_EQ(received(), (std::vector<std::string>{"WARNING d", "ERROR   e"}));
  EXPECT_EQ(log.size(), 4U);
}

}  // namespace
}  // namespace mriembed::server
