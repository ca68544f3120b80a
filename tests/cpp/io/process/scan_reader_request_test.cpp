#include "process/scan_reader_request.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mriembed::io {
namespace {

TEST(ScanReaderRequest, reaches_the_process_with_every_choice_of_options) {
  std::set<std::vector<std::string>> different;
  int requests = 0;
  for (const bool allow_undersampled : {false, true}) {
    for (const std::optional<Domain> domain :
         {std::optional<Domain>(), std::optional(Domain::kspace), std::optional(Domain::image)}) {
      for (const NoiseUse noise : {NoiseUse::own, NoiseUse::none, NoiseUse::alone}) {
        for (const std::string group : {"", "a group", "messages"}) {
          ScanReaderRequest request;
          request.path = "/scans/a b.h5";
          request.options = {domain, allow_undersampled, group, noise};
          const std::vector<std::string> arguments = arguments_of(request);
          const std::optional<ScanReaderRequest> received = request_of(arguments);
          ASSERT_TRUE(received.has_value());
          EXPECT_EQ(received->path, "/scans/a b.h5");
          EXPECT_FALSE(received->messages);
          EXPECT_EQ(received->options.domain, domain);
          EXPECT_EQ(received->options.allow_undersampled, allow_undersampled);
          EXPECT_EQ(received->options.group, group);
          EXPECT_EQ(received->options.noise, noise);
          different.insert(arguments);
          ++requests;
        }
      }
    }
  }
  EXPECT_EQ(static_cast<int>(different.size()), requests);
}

TEST(ScanReaderRequest, asks_for_the_messages_of_a_group) {
  for (const std::string group : {"", "scan_2"}) {
    ScanReaderRequest request;
    request.path = "messages";
    request.options.group = group;
    request.messages = true;
    const std::optional<ScanReaderRequest> received = request_of(arguments_of(request));
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->path, "messages");
    EXPECT_TRUE(received->messages);
    EXPECT_EQ(received->options.group, group);
  }
}

TEST(ScanReaderRequest, is_nothing_for_arguments_of_another_program) {
  const std::vector<std::vector<std::string>> others{{},
                                                     {"scan.h5"},
                                                     {"scan.h5", "messages"},
                                                     {"scan.h5", "complete", "any", ""},
                                                     {"scan.h5", "complete", "any", "", "own-noise", "more"},
                                                     {"scan.h5", "Complete", "any", "", "own-noise"},
                                                     {"scan.h5", "complete", "", "", "own-noise"},
                                                     {"scan.h5", "complete", "any", "own-noise", ""}};
  for (const std::vector<std::string>& arguments : others) {
    EXPECT_FALSE(request_of(arguments).has_value()) << arguments.size();
  }
}

}  // namespace
}  // namespace mriembed::io
