#include "server/slice_worker.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "check/check_json.hpp"
#include "mriembed/error.hpp"
#include "mriembed/version.h"
#include "server/image_meta.hpp"
#include "server/rss_image.hpp"
#include "server/sent_messages.hpp"
#include "text/number_text.hpp"

namespace mriembed::server {

namespace {

constexpr std::size_t most_waiting = 2;

// Of the brightest pixel of a session's first image: hosts keep whole numbers, and 4095 at most. All images of a
// session have one scale, so that they can be compared.
constexpr double first_white = 2047;

std::vector<std::string> texts_of(const std::array<float, 3>& direction) {
  std::vector<std::string> texts;
  std::ranges::transform(direction, std::back_inserter(texts),
                         [](float component) { return text::shortest(static_cast<double>(component)); });
  return texts;
}

// What hosts read of every image.
ImageMeta common_meta(const SentImage& image, const std::string& role, const std::string& series,
                      const std::string& comment, double largest) {
  ImageMeta meta;
  meta.add("DataRole", role);
  meta.add("ImageComments", comment);  // by ISMRMRD's documentation
  meta.add("ImageComment", comment);   // by python-ismrmrd-server's
  meta.add("SeriesDescription", series);
  meta.add("SequenceDescriptionAdditional", series);
  constexpr double widest = 65535;
  const auto window = static_cast<std::int64_t>(largest > 1 ? std::min(largest, widest) : 1.0);  // of NaN, too
  meta.add("WindowCenter", std::to_string((window + 1) / 2));  // whole numbers: others break displays
  meta.add("WindowWidth", std::to_string(window));
  meta.add("Keep_image_geometry", "1");
  meta.add("ImageRowDir", texts_of(row_direction(image)));
  meta.add("ImageColumnDir", texts_of(column_direction(image)));
  meta.add("ImageProcessingHistory", "mriembed");
  return meta;
}

void describe(const SliceJob& job, const EmbeddedSlice& embedded, const cli::ModelIdentity& model, ImageMeta& meta) {
  meta.add("mriembed_version", MRIEMBED_VERSION);
  meta.add("mriembed_model_sha256", model.sha256);
  meta.add("mriembed_sampling", embedded.sampling);
  meta.add("mriembed_energy_kept", text::shortest(embedded.energy_kept));
  meta.add("mriembed_coils", std::to_string(embedded.coils));
  meta.add("mriembed_prewhitened", job.scan->prewhitened);
  const io::SliceLabel& label = job.slice.label;
  meta.add("mriembed_slice", std::to_string(label.slice));
  meta.add("mriembed_contrast", std::to_string(label.contrast));
  meta.add("mriembed_phase", std::to_string(label.phase));
  meta.add("mriembed_repetition", std::to_string(label.repetition));
  meta.add("mriembed_set", std::to_string(label.set));
  meta.add("mriembed_partition", std::to_string(label.partition));
  if (embedded.quality.has_value()) {
    meta.add("mriembed_quality", check::json_of(*embedded.quality).dump());
  }
  meta.add("mriembed_vector_base64",
           base64({reinterpret_cast<const char*>(embedded.vector.data()), embedded.vector.size() * sizeof(float)}));
}

SentImage image_of(const SliceJob& job, std::uint16_t series, std::uint16_t index) {
  SentImage image;
  image.series = series;
  image.index = index;
  image.label = job.slice.label;
  image.line = job.line;
  image.origin = job.origin;
  const std::vector<double>& field = job.scan->header.fov_mm;
  for (std::size_t axis = 0; axis < image.field_of_view_mm.size(); ++axis) {
    image.field_of_view_mm.at(axis) = axis < field.size() ? static_cast<float>(field[axis]) : 0.0F;
  }
  if (job.scan->partition_thickness_mm > 0) {
    image.field_of_view_mm.back() = static_cast<float>(job.scan->partition_thickness_mm);
  }
  return image;
}

}  // namespace

SliceWorker::SliceWorker(Service& service, std::string session, Outbox& outbox,
                         std::function<void(const std::string&)> failed)
    : service_(service), session_(std::move(session)), outbox_(outbox), failed_(std::move(failed)), thread_([this] {
        run();
      }) {}

SliceWorker::~SliceWorker() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

void SliceWorker::put(SliceJob job) {
  {
    std::unique_lock lock(mutex_);
    if (job.arriving != nullptr && jobs_.empty() && !busy_) {
      busy_ = true;
      lock.unlock();
      work_on(job);
      return;
    }
    changed_.wait(lock, [this] { return jobs_.size() < most_waiting; });
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
}

// Expects that busy_ was set for it.
void SliceWorker::work_on(SliceJob& job) {
  try {
    embed(job);
  } catch (const std::exception& error) {
    ++refused_;
    failed_(error.what());
  }
  job.arriving.reset();  // before the samples that it reads serve another slice
  {
    const std::scoped_lock lock(mutex_);
    busy_ = false;
    spares_.push_back(std::move(job.slice));
    spares_.resize(std::min(spares_.size(), most_waiting));
  }
  changed_.notify_all();
}

io::Slice SliceWorker::spare() {
  const std::scoped_lock lock(mutex_);
  if (spares_.empty()) {
    return {};
  }
  io::Slice slice = std::move(spares_.back());
  spares_.pop_back();
  return slice;
}

void SliceWorker::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.empty() && !busy_; });
}

void SliceWorker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ended_ || (!jobs_.empty() && !busy_); });
    if (jobs_.empty()) {
      return;
    }
    SliceJob job = std::move(jobs_.front());
    jobs_.pop_front();
    busy_ = true;
    lock.unlock();
    changed_.notify_all();
    work_on(job);
    lock.lock();
  }
}

void SliceWorker::embed(SliceJob& job) {
  const std::shared_ptr<const SliceEmbedder> embedder = service_.embedder.get();
  EmbeddedSlice embedded =
      job.arriving != nullptr ? job.arriving->embed(job.slice) : embedder->embed(job.slice, *job.scan);
  if (job.check != nullptr) {
    embedded.quality = quality_of(job);
  }
  if (service_.rows != nullptr) {  // first: who has the answer may count on the row
    write_row(job, embedded, embedder->model());
  }
  if (job.scan->settings.returns_embeddings()) {
    send_embedding(job, embedded, embedder->model());
  }
  if (job.scan->settings.returns_images()) {
    send_image(job, embedded, embedder->model());
  }
  ++embedded_;
  ++service_.embedded;
}

// None: the slice cannot be checked.
std::optional<SliceQuality> SliceWorker::quality_of(const SliceJob& job) {
  try {
    return job.check->add(job.slice, *job.scan);
  } catch (const Error& error) {
    failed_("slice " + std::to_string(job.slice.label.slice) + " cannot be checked: " + error.what());
    return std::nullopt;
  }
}

void SliceWorker::send_embedding(const SliceJob& job, const EmbeddedSlice& embedded, const cli::ModelIdentity& model) {
  SentImage image = image_of(job, embedding_series, ++sent_embeddings_);
  image.width = static_cast<std::uint16_t>(embedded.vector.size());
  ImageMeta meta = common_meta(image, "Quantitative", "mriembed_embedding", "mriembed embedding", 1);
  describe(job, embedded, model, meta);
  outbox_.put(image_message(image, meta.text(), embedded.vector));
}

void SliceWorker::write_row(const SliceJob& job, const EmbeddedSlice& embedded, const cli::ModelIdentity& model) {
  try {
    service_.rows->add({session_, job.scan->header, job.slice.label, embedded.coils, embedded.energy_kept,
                        embedded.sampling, job.scan->warnings, embedded.quality},
                       model, embedded.vector);
  } catch (const Error& error) {
    if (!std::exchange(rows_failed_, true)) {
      failed_(error.what());
    }
  }
}

void SliceWorker::send_image(SliceJob& job, const EmbeddedSlice& embedded, const cli::ModelIdentity& model) {
  complete_lines(job.slice, completion_);
  const RssImage rss = rss_image(job.slice);
  const double largest = *std::ranges::max_element(rss.pixels);
  if (image_scale_ == 0 && largest > 0) {
    image_scale_ = first_white / largest;
  }
  constexpr double most = std::numeric_limits<float>::max();
  std::vector<float> pixels(rss.pixels.size());
  std::ranges::transform(rss.pixels, pixels.begin(),
                         [&](double pixel) { return static_cast<float>(std::min(pixel * image_scale_, most)); });
  SentImage image = image_of(job, image_series, ++sent_images_);
  image.width = static_cast<std::uint16_t>(rss.width);
  image.height = static_cast<std::uint16_t>(rss.height);
  ImageMeta meta = common_meta(image, "Image", "mriembed_rss", "root of sum of squares", largest * image_scale_);
  describe(job, embedded, model, meta);
  outbox_.put(image_message(image, meta.text(), pixels));
}

}  // namespace mriembed::server
