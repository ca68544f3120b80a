#include "server/session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <complex>
#include <exception>
#include <future>
#include <limits>
#include <string>
#include <utility>

#include "mriembed/error.hpp"
#include "server/image_meta.hpp"
#include "server/no_more_bytes.hpp"
#include "server/sent_messages.hpp"
#include "text/number_text.hpp"

namespace mriembed::server {

namespace {

using io::Message;

constexpr std::int64_t largest_acquisition = std::int64_t{256} << 20U;
constexpr std::size_t most_unsaved = std::size_t{16} << 20U;

std::string counted(std::int64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

}  // namespace

Session::Session(Service& service, std::string name, io::ByteSource& bytes, ByteSink& answers, SessionHost host)
    : service_(service),
      name_(std::move(name)),
      settings_(service.settings),
      taps_(settings_.answers == Return::tap),
      bytes_(bytes,
             [this](std::string_view part) {
               save(part);
               if (taps_) {
                 tapped_ += part;
               }
             }),
      outbox_(answers),
      texts_(service, name_, outbox_, settings_.gadgetron),
      host_(std::move(host)),
      worker_(service, name_, outbox_, [this](const std::string& reason) { texts_.fail(reason); }),
      scan_(service, settings_, texts_, worker_) {
  texts_.set_silent(taps_);
}

void Session::run() {
  try {
    take_messages();
  } catch (const io::ByteSource::CutShort&) {
    if (acquisitions_ > 0 && !closed_) {
      texts_.warn("the client ended the connection without CLOSE");
    }
  } catch (const Stopped&) {
    tell_of_stop();
    scan_.forget();
  } catch (const TimedOut&) {
    texts_.fail(scans_ == 0 ? "no header came in time" : "nothing came for too long");
  } catch (const Lost& lost) {
    texts_.fail(lost.reason);
  }
  finish();
}

void Session::tell_of_stop() {
  try {
    if (service_.embedder.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
      static_cast<void>(service_.embedder.get());
    }
    texts_.warn("the server is being stopped");
  } catch (const Error& error) {
    texts_.fail("the server is being stopped: " + std::string(error.what()));
  }
}

void Session::take_rest() {
  set_tap(false);
  std::array<char, 4096> bytes{};
  for (;;) {
    try {
      bytes_.read_some(bytes.data(), bytes.size());
    } catch (const io::ByteSource::CutShort&) {
      return;
    } catch (const Stopped&) {
      return;
    } catch (const TimedOut&) {
      return;
    }
  }
}

void Session::take_messages() {
  for (;;) {
    tapped_.clear();
    const auto number = bytes_.number<std::uint16_t>();
    bool more = true;
    try {
      more = take(number);
    } catch (const Error& error) {
      // Of the protocol itself: where the next message begins is not known.
      throw Lost(error.what());
    }
    if (!more) {
      return;
    }
    constexpr std::uint16_t first_data_message = 1000;
    if (number >= first_data_message || !texts_.is_gadgetron()) {  // Gadgetron takes no other message back
      pass_on();
    }
  }
}

void Session::set_tap(bool taps) {
  taps_ = taps;
  texts_.set_silent(taps);
}

void Session::pass_on() {
  if (!taps_) {
    not_passed_on_ += tap_has_ended_ ? 1 : 0;
    return;
  }
  if (outbox_.wait_for_room(tapped_.size(), host_.longest_tap, host_.is_stopped)) {
    outbox_.put_always(std::exchange(tapped_, {}));
  } else if (!host_.is_stopped()) {
    settings_.answers = Return::none;
    set_tap(false);
    tap_has_ended_ = true;
    ++not_passed_on_;
    texts_.fail_always(
        "the client takes nothing back of what it sends: no further message is passed on; "
        "a client of --return tap must read while it sends");
  }
}

bool Session::take(std::uint16_t number) {
  switch (static_cast<Message>(number)) {
    case Message::config_file:
      static_cast<void>(io::take_config_file(bytes_));
      break;
    case Message::config_text:
      take_configuration(io::take_text(bytes_));
      break;
    case Message::header:
      begin_scan(io::take_text(bytes_));
      break;
    case Message::close:
      closed_ = true;
      return false;
    case Message::text:
      take_parameters(io::take_text(bytes_));
      break;
    case Message::query:
      answer_query();
      break;
    case Message::acquisition:
      take_acquisition();
      break;
    case Message::image:
      io::skip_image(bytes_);
      ++images_;
      break;
    case Message::waveform:
      io::skip_waveform(bytes_);
      break;
    default:
      throw Lost("a message of the unknown number " + std::to_string(number) + " at byte " +
                 std::to_string(bytes_.place() - 2) + ": the stream is damaged, or of another protocol than MRD v1");
  }
  return true;
}

void Session::take_configuration(const std::string& text) {
  if (is_gadgetron_configuration(text)) {
    texts_.speak_gadgetron();
    // Warnings, not errors: an error ends Gadgetron's reconstruction.
    std::ranges::for_each(apply_attributes(text, settings_), [this](const std::string& line) { texts_.warn(line); });
    set_tap(settings_.answers == Return::tap);
  }
  noise_query_ = noise_asked_for(text);
  take_parameters(text);
}

void Session::take_parameters(const std::string& text) {
  try {
    apply_parameters(text, settings_);
    set_tap(settings_.answers == Return::tap);
  } catch (const Error& error) {
    texts_.fail(error.what());
  }
}

// Sessions without a scan are not kept, unless they are long: others only ask how the service is.
void Session::save(std::string_view part) {
  if (service_.save_folder.empty()) {
    return;
  }
  if (file_ == nullptr && unsaved_.size() + part.size() > most_unsaved) {
    begin_file();
  }
  if (file_ != nullptr) {
    file_->append(part);
  } else {
    unsaved_ += part;
  }
}

void Session::begin_file() {
  file_ = std::make_unique<SessionFile>(service_.save_folder + "/" + name_ + ".mrd", *service_.saved,
                                        [this](const std::string& reason) { texts_.fail(reason); });
  file_->append(std::exchange(unsaved_, {}));
}

void Session::begin_scan(const std::string& xml) {
  if (scans_ == 0) {
    host_.header_came();
    texts_.log("begins");
    if (!service_.save_folder.empty() && file_ == nullptr) {
      begin_file();
    }
  }
  scan_.begin(xml);
  ++scans_;
  noise_query_.reset();
}

void Session::take_acquisition() {
  const io::AcquisitionMessage message = io::take_acquisition(bytes_);
  ++acquisitions_;
  const auto size = static_cast<std::int64_t>(message.header.samples) * message.header.coils *
                    static_cast<std::int64_t>(sizeof(std::complex<float>));
  if (size > largest_acquisition && message.compression == 0) {
    throw Lost("an acquisition of " + std::to_string(message.header.coils) + " coils and " +
               std::to_string(message.header.samples) + " samples: the stream is damaged");
  }
  const bool is_taken = scan_.takes_acquisitions();
  if (!is_taken || message.compression > 0) {
    io::skip_samples(message, bytes_);
    if (is_taken) {
      scan_.abandon("its acquisitions are compressed (flag " + std::to_string(message.compression) +
                    "); have the client send them uncompressed");
    }
    return;
  }
  // Memory is taken as the bytes come: a header alone may claim any size.
  constexpr std::size_t part = std::size_t{1} << 17U;
  const auto count = static_cast<std::size_t>(message.header.samples) * message.header.coils;
  samples_.clear();
  while (samples_.size() < count) {
    const std::size_t before = samples_.size();
    samples_.resize(std::min(count, std::max(before + part, std::min(count, samples_.capacity()))));
    bytes_.read(samples_.data() + before, (samples_.size() - before) * sizeof(samples_[0]));
  }
  scan_.add(message.header, message.origin, samples_);
}

void Session::answer_query() {
  const io::QueryMessage message = io::take_query(bytes_);
  const bool known =
      message.query == "mriembed::state" || message.query == "gadgetron::info" || message.query == "ismrmrd::version";
  outbox_.put(response_message(message.correlation, known ? service_.state() : "Unknown query"));
}

void Session::answer_dependency() {
  ImageMeta meta;
  const std::optional<io::MeasuredNoise> noise = service_.noise->named_in(*noise_query_);
  meta.add("status", noise.has_value() ? "success" : "failed");
  if (noise.has_value()) {
    const io::NoiseCovariance& covariance = *noise->covariance;
    double least = std::numeric_limits<double>::infinity();
    double most = 0;
    double sum = 0;
    for (std::int64_t coil = 0; coil < covariance.coils; ++coil) {
      const double sigma =
          std::sqrt(covariance.values[static_cast<std::size_t>(coil * covariance.coils + coil)].real());
      least = std::min(least, sigma);
      most = std::max(most, sigma);
      sum += sigma;
    }
    meta.add("noise_dwell_time_us", text::shortest(noise->dwell_time_us));
    meta.add("channels", std::to_string(covariance.coils));
    meta.add("min_sigma", text::shortest(least));
    meta.add("max_sigma", text::shortest(most));
    meta.add("mean_sigma", text::shortest(sum / static_cast<double>(covariance.coils)));
  }
  outbox_.put(dependency_message(meta.text()));
}

void Session::finish() {
  scan_.end();
  worker_.drain();
  if (noise_query_.has_value() && scans_ == 0) {
    answer_dependency();
  }
  if (images_ > 0) {
    texts_.warn(counted(images_, "image") + " left out: embeddings come from acquisitions");
  }
  if (scans_ > 0) {
    const std::string refused = worker_.refused() > 0 ? ", " + std::to_string(worker_.refused()) + " refused" : "";
    texts_.inform(counted(worker_.embedded(), "slice") + " embedded" + refused);
    texts_.log(counted(worker_.embedded(), "slice") + " embedded" + refused);
  }
  if (const std::int64_t lost = outbox_.lost(); lost > 0) {
    const std::string text = counted(lost, "answer") + " left out: the client did not read them in time";
    if (taps_) {
      texts_.log(text);
    } else {
      texts_.warn_always(text);
    }
  }
  if (not_passed_on_ > 0) {
    texts_.warn_always(counted(not_passed_on_, "message") + " not passed on: the client did not read in time");
  }
  outbox_.put_always(close_message());
}

}  // namespace mriembed::server
