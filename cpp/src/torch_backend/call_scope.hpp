// The state of torch that a call runs under, set for the calling thread and put back afterwards.
#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <optional>

#include "torch_backend/serial_torch.hpp"

namespace mriembed::torch_backend {

// The host program may train, autocast or use other thread counts on the same thread: none of it reaches the
// network, and the network's settings do not reach the host. The thread count of torch's OpenMP runtime belongs
// to the calling thread; a thread that meets torch for the first time meanwhile may start from this call's count.
class CallScope {
 public:
  // `threads` of torch's: 0 keeps the calling thread's count, 1 runs torch in the calling thread alone.
  CallScope(at::Device device, int threads)
      : device_(device), threads_before_(threads > 1 ? at::get_num_threads() : 0) {
    if (threads == 1) {
      serial_.emplace();
    }
    if (threads_before_ > 0 && threads_before_ != threads) {
      at::set_num_threads(threads);
    } else {
      threads_before_ = 0;
    }
  }
  ~CallScope() {
    if (threads_before_ > 0) {
      at::set_num_threads(threads_before_);
    }
  }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  c10::InferenceMode inference_;
  c10::impl::ExcludeDispatchKeyGuard no_autocast_{c10::autocast_dispatch_keyset};
  at::NoTF32Guard no_tf32_;
  // The profiling executor would make the first calls slow and later ones different: plain interpretation.
  torch::jit::GraphOptimizerEnabledGuard no_profiling_{false};
  c10::OptionalDeviceGuard device_;
  std::optional<SerialTorch> serial_;
  int threads_before_;
};

}  // namespace mriembed::torch_backend
