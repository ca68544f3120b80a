#include "server/session.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <exception>
#include <limits>
#include <utility>

#include "cli/message.hpp"
#include "cli/number_text.hpp"
#include "io/mrd_header.hpp"
#include "mriembed/error.hpp"
#include "server/image_meta.hpp"
#include "server/no_more_bytes.hpp"
#include "server/sent_messages.hpp"

namespace mriembed::server {

namespace {

using io::Message;

constexpr std::string_view info = "INFO    ";  // hosts colour lines by such beginnings
constexpr std::string_view warning = "WARNING ";
constexpr std::string_view error_prefix = "ERROR   ";

constexpr std::int64_t largest_acquisition = std::int64_t{256} << 20U;

std::string counted(std::int64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

}  // namespace

Session::Session(Service& service, std::string name, io::ByteSource& bytes, ByteSink& answers, SessionHost host)
    : service_(service),
      name_(std::move(name)),
      settings_(service.settings),
      gadgetron_(settings_.gadgetron),
      taps_(settings_.answers == Return::tap),
      bytes_(bytes,
             [this](std::string_view part) {
               save(part);
               if (taps_) {
                 tapped_ += part;
               }
             }),
      outbox_(answers),
      host_(std::move(host)),
      worker_(service, name_, outbox_, [this](const std::string& reason) { fail(reason); }) {}

void Session::run() {
  try {
    take_messages();
  } catch (const io::ByteSource::CutShort&) {
    if (acquisitions_ > 0 && !closed_) {
      warn("the client ended the connection without CLOSE");
    }
  } catch (const Stopped&) {
    warn("the server is being stopped");
    forget_scan();
  } catch (const TimedOut&) {
    fail(scans_ == 0 ? "no header came in time" : "nothing came for too long");
  } catch (const Lost& lost) {
    fail(lost.reason);
  }
  finish();
}

void Session::take_rest() {
  taps_ = false;
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
    if (number >= first_data_message || !gadgetron_) {  // Gadgetron takes no other message back
      pass_on();
    }
  }
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
    taps_ = false;
    tap_has_ended_ = true;
    ++not_passed_on_;
    const std::string text =
        "the client takes nothing back of what it sends: no further message is passed on; "
        "a client of --return tap must read while it sends";
    service_.log(Service::Level::error, "session " + name_ + ": " + text);
    outbox_.put_always(gadgetron_ ? error_message(text) : text_message(std::string(error_prefix) + text));
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
  gadgetron_ = gadgetron_ || is_gadgetron_configuration(text);
  noise_query_ = noise_asked_for(text);
  take_parameters(text);
}

void Session::take_parameters(const std::string& text) {
  try {
    apply_parameters(text, settings_);
    taps_ = settings_.answers == Return::tap;
  } catch (const Error& error) {
    fail(error.what());
  }
}

// Sessions without a scan are not kept: others only ask how the service is.
void Session::save(std::string_view part) {
  if (service_.save_folder.empty()) {
    return;
  }
  if (file_ != nullptr) {
    file_->append(part);
  } else {
    unsaved_ += part;
  }
}

void Session::begin_scan(const std::string& xml) {
  if (scans_ == 0) {
    host_.header_came();
    log("begins");
    if (!service_.save_folder.empty()) {
      file_ = std::make_unique<SessionFile>(service_.save_folder + "/" + name_ + ".mrd", *service_.saved,
                                            [this](const std::string& reason) { fail(reason); });
      file_->append(std::exchange(unsaved_, {}));
    }
  }
  end_scan();
  ++scans_;
  noise_query_.reset();
  told_of_holding_ = false;
  without_scan_ = false;
  try {
    header_ = io::parse_mrd_header(xml);
  } catch (const Error& error) {
    header_fault_ = error.what();
  }
}

bool Session::has_scan() {
  if (scan_ != nullptr) {
    return true;
  }
  if (!header_.has_value()) {
    if (!std::exchange(without_scan_, true)) {
      fail(header_fault_.empty() ? "acquisitions came without a header before them; they are left out"
                                 : std::exchange(header_fault_, {}));
    }
    return false;
  }
  io::ReadOptions options;
  options.allow_undersampled = settings_.allow_undersampled;
  options.noise = settings_.prewhiten ? io::NoiseUse::own : io::NoiseUse::none;
  noise_sources_ = header_->noise_sources;
  std::vector<io::MeasuredNoise> noise = service_.noise->of(noise_sources_);
  scan_ = std::make_unique<io::LiveScan>(*std::exchange(header_, std::nullopt), options, std::move(noise));
  check_ = service_.new_check ? service_.new_check() : nullptr;
  scan_->set_listener([this](const io::SliceAssembler::PlacedLine& line) { take_line(line); });
  return true;
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
  if (!has_scan() || message.compression > 0) {
    io::skip_samples(message, bytes_);
    if (scan_ != nullptr) {
      abandon_scan("its acquisitions are compressed (flag " + std::to_string(message.compression) +
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
  if (io::kind_of(message.header) == io::LineKind::imaging) {
    first_lines_.try_emplace(io::key_of(message.header), message.header, message.origin);
  }
  try {
    scan_->add(message.header, samples_);
    if (scan_->is_held() && !std::exchange(told_of_holding_, true)) {
      say(info, "lines of this scan can be placed once all of them are there: its slices are embedded at the end");
    }
    take_slices();
  } catch (const Error& error) {
    abandon_scan(error.what());
  }
}

// What the scan's slices have in common; known from its first imaging line on.
const std::shared_ptr<const ScanContext>& Session::context() {
  if (context_ != nullptr) {
    return context_;
  }
  auto context = std::make_shared<ScanContext>();
  context->settings = settings_;
  context->header = scan_->header();
  context->noise = scan_->noise_covariance();
  context->prewhitened = !context->noise.has_value()     ? "no"
                         : scan_->noise_source().empty() ? "own"
                                                         : scan_->noise_source();
  context->warnings = warnings_;
  if (settings_.prewhiten && !context->noise.has_value()) {
    for (const std::string& source : std::exchange(noise_sources_, {})) {  // the rule where the scanner prewhitens
      say(info, "no noise of measurement \"" + source + "\" is known that fits: no prewhitening");
    }
  }
  context_ = std::move(context);
  return context_;
}

// Does of a slice's embedding what can be done while its lines come.
void Session::take_line(const io::SliceAssembler::PlacedLine& line) {
  constexpr std::size_t most = 16;  // each takes memory; further slices of an interleaved scan are embedded as a whole
  auto found = arriving_.find(line.key);
  if (found == arriving_.end()) {
    std::unique_ptr<ArrivingEmbedding> arriving;
    const bool ready = service_.embedder.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    if (ready && arriving_.size() < most) {
      try {
        arriving = service_.embedder.get()->begin(
            {line.samples, scan_->shape(), scan_->geometry(), scan_->lacks_lines(line.key[0])}, context());
      } catch (const Error&) {
        arriving.reset();  // a model that cannot be loaded; embedding says so
      }
    }
    found = arriving_.emplace(line.key, std::move(arriving)).first;
  }
  if (line.again) {
    found->second.reset();
  } else if (found->second != nullptr) {
    found->second->add_line(line.line);
  }
}

// Hands the slices that are whole to the worker.
void Session::take_slices() {
  for (;;) {
    if (slice_.samples.empty()) {
      slice_ = worker_.spare();
    }
    if (!scan_->next(slice_)) {
      return;
    }
    SliceJob job;
    job.slice = std::exchange(slice_, {});
    const io::SliceLabel& label = job.slice.label;
    const io::VolumeKey key{static_cast<std::uint16_t>(label.slice), static_cast<std::uint16_t>(label.contrast),
                            static_cast<std::uint16_t>(label.phase), static_cast<std::uint16_t>(label.repetition),
                            static_cast<std::uint16_t>(label.set)};
    if (const auto first = first_lines_.find(key); first != first_lines_.end()) {
      job.line = first->second.first;
      job.origin = first->second.second;
    }
    const std::vector<std::string> warnings = scan_->take_warnings();
    std::ranges::for_each(warnings, [this](const std::string& text) { warn(text); });
    warnings_.insert(warnings_.end(), warnings.begin(), warnings.end());
    if (!warnings.empty()) {
      context_.reset();
    }
    job.scan = context();
    if (const auto arriving = arriving_.find(key); arriving != arriving_.end()) {
      job.arriving = std::move(arriving->second);
      arriving_.erase(arriving);
    }
    job.check = check_;
    worker_.put(std::move(job));
  }
}

void Session::end_scan() {
  header_.reset();
  if (!header_fault_.empty()) {  // clients that send images alone may have no scan's to send
    warn("the header is no scan's: " + std::exchange(header_fault_, {}));
  }
  if (scan_ == nullptr) {
    return;
  }
  try {
    scan_->end();
    take_slices();
    std::ranges::for_each(scan_->take_warnings(), [this](const std::string& text) { warn(text); });
    if (const std::optional<io::MeasuredNoise> noise = scan_->measured_noise()) {
      service_.noise->keep(*noise);
    }
  } catch (const Error& error) {
    fail(error.what());
  }
  worker_.drain();
  if (check_ != nullptr) {
    std::ranges::for_each(check_->findings(), [this](const std::string& line) { warn(line); });
  }
  forget_scan();
}

void Session::abandon_scan(const std::string& reason) {
  fail(reason);
  without_scan_ = true;
  forget_scan();
}

void Session::forget_scan() {
  arriving_.clear();  // they read the scan's samples
  scan_.reset();
  context_.reset();
  check_.reset();
  warnings_.clear();
  first_lines_.clear();
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
    meta.add("noise_dwell_time_us", cli::shortest(noise->dwell_time_us));
    meta.add("channels", std::to_string(covariance.coils));
    meta.add("min_sigma", cli::shortest(least));
    meta.add("max_sigma", cli::shortest(most));
    meta.add("mean_sigma", cli::shortest(sum / static_cast<double>(covariance.coils)));
  }
  outbox_.put(dependency_message(meta.text()));
}

void Session::finish() {
  end_scan();
  worker_.drain();
  if (noise_query_.has_value() && scans_ == 0) {
    answer_dependency();
  }
  if (images_ > 0) {
    warn(counted(images_, "image") + " left out: embeddings come from acquisitions");
  }
  if (scans_ > 0) {
    const std::string refused = worker_.refused() > 0 ? ", " + std::to_string(worker_.refused()) + " refused" : "";
    say(info, counted(worker_.embedded(), "slice") + " embedded" + refused);
    log(counted(worker_.embedded(), "slice") + " embedded" + refused);
  }
  if (const std::int64_t lost = outbox_.lost(); lost > 0) {
    const std::string text = counted(lost, "answer") + " left out: the client did not read them in time";
    log(text);
    if (!gadgetron_ && !taps_) {
      outbox_.put_always(text_message(std::string(warning) + text));
    }
  }
  if (not_passed_on_ > 0) {
    const std::string text = counted(not_passed_on_, "message") + " not passed on: the client did not read in time";
    log(text);
    if (!gadgetron_) {
      outbox_.put_always(text_message(std::string(warning) + text));
    }
  }
  outbox_.put_always(close_message());
}

void Session::warn(const std::string& text) {
  log(text);
  say(warning, text);
}

void Session::fail(const std::string& text) {
  service_.log(Service::Level::error, "session " + name_ + ": " + text);
  if (gadgetron_) {
    outbox_.put(error_message(text));
  } else {
    say(error_prefix, text);
  }
}

void Session::say(std::string_view prefix, const std::string& text) {
  if (!gadgetron_ && !taps_) {
    outbox_.put(text_message(std::string(prefix) + cli::one_line(text)));
  }
}

void Session::log(const std::string& text) const {
  service_.log(Service::Level::note, "session " + name_ + ": " + text);
}

}  // namespace mriembed::server
