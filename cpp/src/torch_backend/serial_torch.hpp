// torch's operations in the calling thread alone.
#pragma once

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

extern "C" {
// Of the OpenMP library that torch runs on, whose header belongs to a compiler.
void omp_set_num_threads(int threads);
// Of the MKL inside torch, where torch has one.
int MKL_Set_Num_Threads_Local(int threads) __attribute__((weak));  // NOLINT(readability-identifier-naming): MKL's name
}

namespace mriembed::torch_backend {

// While it lives, torch's operations in this thread start no OpenMP team: the library spreads its work over threads of
// its own, and OpenMP's threads would compete with them and wait, spinning, for each other. Only this thread's setting
// changes; at::set_num_threads would change that of the host's other threads as well.
class SerialTorch {
 public:
  SerialTorch() : threads_before_(at::get_num_threads()) {  // asking makes torch set it, if it has not done so yet
    omp_set_num_threads(1);
    if (MKL_Set_Num_Threads_Local != nullptr) {
      mkl_threads_before_ = MKL_Set_Num_Threads_Local(1);
    }
  }
  ~SerialTorch() {
    if (MKL_Set_Num_Threads_Local != nullptr) {
      MKL_Set_Num_Threads_Local(mkl_threads_before_);
    }
    omp_set_num_threads(threads_before_);
  }
  SerialTorch(const SerialTorch&) = delete;
  SerialTorch& operator=(const SerialTorch&) = delete;

 private:
  c10::InferenceMode inference_;
  int threads_before_;
  int mkl_threads_before_ = 0;
};

}  // namespace mriembed::torch_backend
