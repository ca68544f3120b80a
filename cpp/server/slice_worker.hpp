// A session's slices on their way to rows and answers, in a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/mrd_messages.hpp"
#include "io/scan_reader.hpp"
#include "io/slab_completion.hpp"
#include "server/outbox.hpp"
#include "server/scan_check.hpp"
#include "server/scan_context.hpp"
#include "server/service.hpp"
#include "server/slice_embedder.hpp"

namespace mriembed::server {

struct SliceJob {
  io::Slice slice;
  io::Acquisition line;          // one of the slice's
  io::AcquisitionOrigin origin;  // of the same line
  std::shared_ptr<const ScanContext> scan;
  std::unique_ptr<ArrivingEmbedding> arriving = nullptr;  // of a slice of which most is done already
  std::shared_ptr<ScanCheck> check = nullptr;             // null: the scan is not checked
};

// For one thread, beside its own.
class SliceWorker {
 public:
  // `failed` is told, from either thread, what of a slice or its row has failed.
  SliceWorker(Service& service, std::string session, Outbox& outbox, std::function<void(const std::string&)> failed);
  // Drops what it has not begun.
  ~SliceWorker();
  SliceWorker(const SliceWorker&) = delete;
  SliceWorker& operator=(const SliceWorker&) = delete;

  // Waits while two slices wait: a client that sends faster than slices are embedded is slowed down. A slice of which
  // most is done already is embedded at once, in the thread that calls, where no other one is in work: that takes less
  // time than a busy machine needs to wake another thread.
  void put(SliceJob job);
  // A slice whose memory may be used again.
  io::Slice spare();
  // Waits until all slices are answered.
  void drain();

  // Slices that were embedded, once drained.
  [[nodiscard]] std::int64_t embedded() const { return embedded_; }
  [[nodiscard]] std::int64_t refused() const { return refused_; }

 private:
  void run();
  void work_on(SliceJob& job);
  void embed(SliceJob& job);
  std::optional<SliceQuality> quality_of(const SliceJob& job);
  void send_embedding(const SliceJob& job, const EmbeddedSlice& embedded, const cli::ModelIdentity& model);
  // Completes the slice.
  void send_image(SliceJob& job, const EmbeddedSlice& embedded, const cli::ModelIdentity& model);
  void write_row(const SliceJob& job, const EmbeddedSlice& embedded, const cli::ModelIdentity& model);

  Service& service_;
  std::string session_;
  Outbox& outbox_;
  std::function<void(const std::string&)> failed_;
  std::uint16_t sent_embeddings_ = 0;
  std::uint16_t sent_images_ = 0;
  double image_scale_ = 0;  // 0: no image yet
  io::SlabCompletion completion_;
  bool rows_failed_ = false;
  std::int64_t embedded_ = 0;
  std::int64_t refused_ = 0;

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<SliceJob> jobs_;
  std::vector<io::Slice> spares_;
  bool busy_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace mriembed::server
