#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "cli/standard_output.hpp"
#include "mriembed/error.hpp"
#include "server/address.hpp"
#include "server/descriptor_stream.hpp"
#include "server/sent_messages.hpp"
#include "server/server_commands.hpp"

namespace mriembed::server {

namespace {

constexpr std::chrono::seconds longest{10};

[[noreturn]] void refuse(const Address& address, const std::string& what) {
  throw Error(ErrorCode::internal, address.text() + ": " + what);
}

std::string answer_of(const Address& address) {
  const io::Descriptor socket = connect_to(address, longest);
  constexpr std::uint64_t correlation = 1;
  DescriptorSink(socket.get()).write(query_message(correlation, "mriembed::state") + close_message());
  const std::atomic<bool> stop = false;
  DescriptorSource source(socket.get(), stop);
  source.set_deadline(DescriptorSource::Clock::now() + longest);
  constexpr std::uint64_t longest_answer = 1U << 16U;
  try {
    const auto number = source.number<std::uint16_t>();
    const auto back = source.number<std::uint64_t>();
    const auto length = source.number<std::uint64_t>();
    if (number != response_number || back != correlation || length > longest_answer) {
      refuse(address, "answers, but is not an mriembed service");
    }
    return source.text(length);
  } catch (const io::ByteSource::CutShort&) {
    refuse(address, "ended the connection without an answer");
  } catch (const TimedOut&) {
    refuse(address, "gives no answer within " + std::to_string(longest.count()) + " s");
  }
}

}  // namespace

cli::Action add_ping_options(CLI::App* command) {
  const auto address = std::make_shared<std::string>();
  command->add_option("ADDRESS", *address, "HOST:PORT")->type_name("")->required();
  command->footer(
      "\nPrints one line: version, model, sessions, slices embedded, time since the start. Exit code 0, or 1 "
      "if there is no answer.");
  return [address] {
    cli::write_standard_output(answer_of(Address::parse(*address)) + "\n");
    return 0;
  };
}

}  // namespace mriembed::server
