#include "server/session_scan.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "mriembed/error.hpp"

namespace mriembed::server {

SessionScan::SessionScan(Service& service, const SessionSettings& settings, ClientTexts& texts, SliceWorker& worker)
    : service_(service), settings_(settings), texts_(texts), worker_(worker) {}

void SessionScan::begin(const std::string& xml) {
  end();
  told_of_holding_ = false;
  without_scan_ = false;
  try {
    header_ = io::parse_mrd_header(xml);
  } catch (const Error& error) {
    header_fault_ = error.what();
  }
}

bool SessionScan::takes_acquisitions() {
  if (scan_ != nullptr) {
    return true;
  }
  if (!header_.has_value()) {
    if (!std::exchange(without_scan_, true)) {
      texts_.fail(header_fault_.empty() ? "acquisitions came without a header before them; they are left out"
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

void SessionScan::add(const io::Acquisition& line, const io::AcquisitionOrigin& origin,
                      std::span<const std::complex<float>> samples) {
  if (io::kind_of(line) == io::LineKind::imaging) {
    first_lines_.try_emplace(io::key_of(line), line, origin);
  }
  try {
    scan_->add(line, samples);
    if (scan_->is_held() && !std::exchange(told_of_holding_, true)) {
      texts_.inform("lines of this scan can be placed once all of them are there: its slices are embedded at the end");
    }
    take_slices();
  } catch (const Error& error) {
    abandon(error.what());
  }
}

// What the scan's slices have in common; known from its first imaging line on.
const std::shared_ptr<const ScanContext>& SessionScan::context() {
  if (context_ != nullptr) {
    return context_;
  }
  auto context = std::make_shared<ScanContext>();
  context->settings = settings_;
  context->header = scan_->header();
  context->partition_thickness_mm = scan_->partition_thickness_mm();
  context->noise = scan_->noise_covariance();
  context->prewhitened = !context->noise.has_value()     ? "no"
                         : scan_->noise_source().empty() ? "own"
                                                         : scan_->noise_source();
  context->warnings = warnings_;
  if (settings_.prewhiten && !context->noise.has_value()) {
    for (const std::string& source : std::exchange(noise_sources_, {})) {  // the rule where the scanner prewhitens
      texts_.inform("no noise of measurement \"" + source + "\" is known that fits: no prewhitening");
    }
  }
  context_ = std::move(context);
  return context_;
}

// Does of a slice's embedding what can be done while its lines come.
void SessionScan::take_line(const io::SliceAssembler::PlacedLine& line) {
  // Each takes memory; further slices of an interleaved scan, or partitions, are embedded as a whole.
  constexpr std::size_t most = 16;
  const std::pair key(line.key, line.partition);
  if (line.again) {
    arriving_[key].reset();
    return;
  }
  auto found = arriving_.find(key);
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
    found = arriving_.emplace(key, std::move(arriving)).first;
  }
  if (found->second != nullptr) {
    found->second->add_line(line.line);
  }
}

// Hands the slices that are whole to the worker.
void SessionScan::take_slices() {
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
    std::ranges::for_each(warnings, [this](const std::string& text) { texts_.warn(text); });
    warnings_.insert(warnings_.end(), warnings.begin(), warnings.end());
    if (!warnings.empty()) {
      context_.reset();
    }
    job.scan = context();
    if (const auto arriving = arriving_.find({key, label.partition}); arriving != arriving_.end()) {
      job.arriving = std::move(arriving->second);
      arriving_.erase(arriving);
    }
    job.check = check_;
    worker_.put(std::move(job));
  }
}

void SessionScan::end() {
  header_.reset();
  if (!header_fault_.empty()) {  // clients that send images alone may have no scan's to send
    texts_.warn("the header is not that of a scan: " + std::exchange(header_fault_, {}));
  }
  if (scan_ == nullptr) {
    return;
  }
  try {
    scan_->end();
    take_slices();
    std::ranges::for_each(scan_->take_warnings(), [this](const std::string& text) { texts_.warn(text); });
    if (const std::optional<io::MeasuredNoise> noise = scan_->measured_noise()) {
      keep(*noise);
    }
  } catch (const Error& error) {
    texts_.fail(error.what());
  }
  worker_.drain();
  if (check_ != nullptr) {
    std::ranges::for_each(check_->findings(), [this](const std::string& line) { texts_.warn(line); });
    std::ranges::for_each(check_->not_compared(), [this](const std::string& line) { texts_.inform(line); });
  }
  forget();
}

// Not an error of this scan, which has its rows: Gadgetron would end its reconstruction at one.
void SessionScan::keep(const io::MeasuredNoise& noise) {
  try {
    service_.noise->keep(noise);
  } catch (const Error& error) {
    texts_.warn(std::string(error.what()) + "; this noise measurement is kept until the service ends");
  }
}

void SessionScan::abandon(const std::string& reason) {
  texts_.fail(reason);
  without_scan_ = true;
  forget();
}

void SessionScan::forget() {
  arriving_.clear();  // they read the scan's samples
  scan_.reset();
  context_.reset();
  check_.reset();
  warnings_.clear();
  first_lines_.clear();
}

}  // namespace mriembed::server
