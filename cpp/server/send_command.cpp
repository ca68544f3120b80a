#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "cli/embedding_writer.hpp"
#include "cli/message.hpp"
#include "cli/option_checks.hpp"
#include "io/mrd_header.hpp"
#include "io/mrd_messages.hpp"
#include "io/process/out_of_process_messages.hpp"
#include "io/slice_assembler.hpp"
#include "io/volume_key.hpp"
#include "mriembed/error.hpp"
#include "server/address.hpp"
#include "server/descriptor_stream.hpp"
#include "server/received_answers.hpp"
#include "server/sent_messages.hpp"
#include "server/server_commands.hpp"
#include "server/session_file.hpp"

namespace mriembed::server {

namespace {

using io::Message;

constexpr const char* footer = R"(
SCAN is a raw MRD file: HDF5, an MRD stream, or a session that `serve --save` saved. Of an HDF5 file with several
measurements, the first or that of --group is sent; of a stream its first session. OUT receives the embeddings as
`embed` writes them; texts of the server go to standard error.

Exit codes: 0 if the server sent one embedding for each slice, and CLOSE; 4 if SCAN is invalid; 1 otherwise. A SCAN of
noise lines alone has no slices: the server keeps its noise for later scans.)";

struct Arguments {
  std::string scan;
  std::string address;
  std::string output;
  std::string config = "mriembed";
  std::string group;
  bool real_time = false;
  std::int64_t timeout = 60;
};

double number_of(const std::string& text) {
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Receives in a thread of its own: a server may answer while it is sent to.
class Answers {
 public:
  Answers(int socket, const Arguments& arguments) : arguments_(arguments), source_(socket, stop_) {
    source_.set_idle_timeout(std::chrono::seconds(arguments.timeout));
    if (!arguments.output.empty()) {
      target_ = cli::OutputTarget::parse(arguments.output);
    }
  }

  // Before the first answer is taken.
  void set_header(io::HeaderFacts header) { header_ = std::move(header); }

  // Until CLOSE. What failed is kept for finish().
  void take_all() {
    try {
      while (!closed_) {
        take(take_answer(source_));
      }
    } catch (const io::ByteSource::CutShort&) {
      fail("the server ended the connection without CLOSE");
    } catch (const TimedOut&) {
      fail("the server said nothing for " + std::to_string(arguments_.timeout) + " s");
    } catch (const Error& error) {
      fail(error.what());
    }
  }

  void fail(const std::string& what) {
    cli::print_error(arguments_.address + ": " + what);
    failed_ = true;
  }

  // The exit code. `expected`: how often each volume was sent; `noise_alone`: of noise lines, and none of images.
  int finish(const std::map<io::VolumeKey, int>& expected, bool noise_alone) {
    if (writer_ != nullptr) {
      writer_->finish();
    }
    if (!failed_ && rows_ == 0 && !noise_alone) {
      fail("no embedding came back");
    }
    std::set<io::VolumeKey> answered;
    for (const auto& [place, count] : received_) {
      const auto sent = expected.find(place.first);
      if (!failed_ && (sent == expected.end() || sent->second != count)) {
        fail("slice " + std::to_string(place.first[0]) + ": " + std::to_string(count) + " embeddings came back, " +
             std::to_string(sent == expected.end() ? 0 : sent->second) + " expected");
      }
      answered.insert(place.first);
    }
    if (!failed_ && answered.size() < expected.size()) {
      fail("embeddings of " + std::to_string(answered.size()) + " of " + std::to_string(expected.size()) +
           " slices or slabs came back");
    }
    cli::print_note(arguments_.scan + ": " + std::to_string(rows_) + (rows_ == 1 ? " embedding" : " embeddings") +
                    " came back");
    return failed_ ? 1 : 0;
  }

 private:
  void take(const Answer& answer) {
    if (std::holds_alternative<ReceivedClose>(answer)) {
      closed_ = true;
    } else if (const auto* text = std::get_if<ReceivedText>(&answer)) {
      if (text->is_error) {
        cli::print_error(arguments_.scan + ": " + text->text);
        failed_ = true;
      } else {
        cli::print_note(arguments_.address + ": " + text->text);
      }
    } else if (const auto& image = std::get<ReceivedImage>(answer); image.series == embedding_series) {
      take_embedding(image);
    }
  }

  void take_embedding(const ReceivedImage& image) {
    const auto meta = [&](const char* name) {
      const auto found = image.meta.find(name);
      return found == image.meta.end() ? std::string() : found->second;
    };
    ++rows_;
    const io::SliceLabel& sent = image.label;
    const auto partition = static_cast<int>(number_of(meta("mriembed_partition")));
    const auto counter = [](int value) { return static_cast<std::uint16_t>(value); };
    ++received_[{io::VolumeKey{counter(sent.slice), counter(sent.contrast), counter(sent.phase),
                               counter(sent.repetition), counter(sent.set)},
                 partition}];
    if (!target_.has_value()) {
      return;
    }
    const cli::ModelIdentity model{arguments_.address, meta("mriembed_model_sha256"),
                                   static_cast<std::int64_t>(image.pixels.size())};
    if (writer_ == nullptr) {
      writer_ = cli::open_writer(*target_, model);
      length_ = image.pixels.size();
    }
    if (image.pixels.size() != length_) {
      throw Error(ErrorCode::bad_input, "embeddings of different lengths came back");
    }
    io::SliceLabel label = image.label;
    label.partition = partition;
    writer_->add({arguments_.scan, header_, label, static_cast<std::int64_t>(number_of(meta("mriembed_coils"))),
                  number_of(meta("mriembed_energy_kept")), meta("mriembed_sampling")},
                 image.pixels);
  }

  const Arguments& arguments_;
  const std::atomic<bool> stop_ = false;
  DescriptorSource source_;
  std::optional<cli::OutputTarget> target_;
  io::HeaderFacts header_;
  std::unique_ptr<cli::EmbeddingWriter> writer_;
  std::size_t length_ = 0;  // of an embedding
  std::int64_t rows_ = 0;
  std::map<std::pair<io::VolumeKey, int>, int> received_;  // by volume and partition
  bool closed_ = false;
  bool failed_ = false;
};

// The pace of a scan: acquisition time stamps count 2.5 ms, as on Siemens' scanners; other clocks are not known.
class Pace {
 public:
  void wait_for(std::uint32_t time_stamp) {
    if (!first_.has_value()) {
      first_ = time_stamp;
    }
    constexpr std::chrono::microseconds tick{2500};
    if (time_stamp >= *first_) {
      std::this_thread::sleep_until(begin_ + tick * (time_stamp - *first_));
    }
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::optional<std::uint32_t> first_;
};

// The messages of a scan on their way out, one at a time.
class Sender {
 public:
  Sender(const Arguments& arguments, io::ByteSource& scan, int socket)
      : arguments_(arguments), bytes_(scan, [this](std::string_view part) { message_ += part; }), sink_(socket) {}

  // Up to the header, whose facts it gives. Throws Error bad_input of the scan.
  io::HeaderFacts send_beginning() {
    while (!header_.has_value() && send_next()) {
    }
    return header_.value_or(io::HeaderFacts());
  }

  void send_rest() {
    while (send_next()) {
    }
    count_scan();
  }

  // How often each volume was sent: once for each header before it.
  [[nodiscard]] const std::map<io::VolumeKey, int>& volumes() const { return volumes_; }

  // Whether noise lines were sent, and no imaging line.
  [[nodiscard]] bool is_noise_alone() const { return noise_lines_ > 0 && volumes_.empty(); }

 private:
  struct Space {
    std::set<io::VolumeKey> volumes;
    std::int64_t lines = 0;
  };

  // The scan is over: of several encoding spaces, the image is that of the most lines.
  void count_scan() {
    const auto lines = [](const auto& space) { return space.second.lines; };
    if (const auto image = std::ranges::max_element(spaces_, {}, lines); image != spaces_.end()) {
      for (const io::VolumeKey& key : image->second.volumes) {
        ++volumes_[key];
      }
    }
    spaces_.clear();
  }

  // False: CLOSE was sent, or nobody takes more.
  bool send_next() {
    message_.clear();
    Message number = Message::close;
    try {
      number = static_cast<Message>(bytes_.number<std::uint16_t>());
      take_body(number);
    } catch (const io::ByteSource::CutShort&) {  // what is whole was sent
      message_ = close_message();
      number = Message::close;
    }
    if (!configured_ && number != Message::config_file && number != Message::config_text) {
      sink_.write(config_file_message(arguments_.config));
    }
    configured_ = true;
    return sink_.write(message_) && number != Message::close;
  }

  void take_body(Message number) {
    switch (number) {
      case Message::config_file:
      case Message::config_text:
      case Message::text:
        io::skip_text(number, bytes_);
        break;
      case Message::header:
        count_scan();
        try {
          header_ = io::parse_mrd_header(io::take_text(bytes_)).facts;
        } catch (const Error&) {
          header_.emplace();  // the server says what it makes of it
        }
        break;
      case Message::query:
        static_cast<void>(io::take_query(bytes_));
        break;
      case Message::acquisition: {
        const io::AcquisitionMessage message = io::take_acquisition(bytes_);
        io::skip_samples(message, bytes_);
        const io::LineKind kind = io::kind_of(message.header);
        noise_lines_ += kind == io::LineKind::noise ? 1 : 0;
        if (kind == io::LineKind::imaging) {
          Space& space = spaces_[message.header.encoding_space];
          space.volumes.insert(io::key_of(message.header));
          ++space.lines;
        }
        if (arguments_.real_time) {
          pace_.wait_for(message.origin.time_stamp);
        }
        break;
      }
      case Message::image:
        io::skip_image(bytes_);
        break;
      case Message::waveform:
        io::skip_waveform(bytes_);
        break;
      case Message::close:
        break;
      default:
        throw Error(ErrorCode::bad_input, "it has a message of the unknown number " +
                                              std::to_string(static_cast<std::uint16_t>(number)) + "; it is damaged");
    }
  }

  const Arguments& arguments_;
  std::string message_;
  TappedSource bytes_;
  DescriptorSink sink_;
  std::optional<io::HeaderFacts> header_;
  bool configured_ = false;
  std::map<std::uint16_t, Space> spaces_;  // of the present scan
  std::map<io::VolumeKey, int> volumes_;
  std::int64_t noise_lines_ = 0;
  Pace pace_;
};

std::unique_ptr<io::ByteSource> opened(const Arguments& arguments) {
  try {
    return io::open_messages(arguments.scan, arguments.group);
  } catch (const Error& error) {
    throw Error(arguments.scan, error);
  }
}

int send(const Arguments& arguments) {
  const Address address = Address::parse(arguments.address);
  const std::unique_ptr<io::ByteSource> scan = opened(arguments);
  if (!arguments.output.empty()) {
    static_cast<void>(cli::OutputTarget::parse(arguments.output));  // refuses before anybody is sent anything
  }
  const io::Descriptor socket = connect_to(address, std::chrono::seconds(arguments.timeout));
  Answers answers(socket.get(), arguments);
  Sender sender(arguments, *scan, socket.get());
  std::jthread receiver;
  std::exception_ptr failure;
  try {
    answers.set_header(sender.send_beginning());
    receiver = std::jthread([&] { answers.take_all(); });
    sender.send_rest();
  } catch (const Error& error) {
    failure = std::make_exception_ptr(Error(arguments.scan, error));
    DescriptorSink(socket.get()).write(close_message());
  }
  if (receiver.joinable()) {
    receiver.join();
  }
  if (failure != nullptr) {
    std::rethrow_exception(failure);
  }
  return answers.finish(sender.volumes(), sender.is_noise_alone());
}

}  // namespace

cli::Action add_send_options(CLI::App* command) {
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("SCAN", arguments->scan, "Raw MRD file: HDF5 or an MRD stream")->type_name("")->required();
  command->add_option("ADDRESS", arguments->address, "HOST:PORT")->type_name("")->required();
  command->add_option("-o,--output", arguments->output, "Where the embeddings go: *.npy, *.csv, *.jsonl, or -")
      ->type_name("OUT");
  command->add_option("--config", arguments->config, "Name of the configuration, if SCAN has none")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--group", arguments->group, "Name of the measurement, in an HDF5 file with several")
      ->type_name("NAME");
  command->add_flag("--real-time", arguments->real_time,
                    "Send each acquisition at its time stamp (units of 2.5 ms) instead of as fast as possible");
  constexpr std::int64_t longest = 1'000'000;
  command->add_option("--timeout", arguments->timeout, "Give up after so many seconds without an answer")
      ->type_name("S")
      ->capture_default_str()
      ->check(cli::whole_number(1, longest));
  command->footer(footer);
  return [arguments] { return send(*arguments); };
}

}  // namespace mriembed::server
