// What this library shows to libmriembed.
#include "mriembed/export.h"
#include "mriembed/version.h"
#include "network/torch_interface.hpp"
#include "torch_backend/scripted_module.hpp"
#include "torch_backend/torch_network.hpp"
#include "torch_backend/translate_errors.hpp"

extern "C" MRIEMBED_EXPORT const mriembed::TorchInterface* mriembed_torch_interface() {
  static constexpr mriembed::TorchInterface interface{
      MRIEMBED_VERSION, mriembed::torch_backend::load_torch_network, [](const mriembed::ModelArchive& archive) {
        mriembed::torch_backend::translating_errors(
            [&] { static_cast<void>(mriembed::torch_backend::load_scripted_module(archive)); });
      }};
  return &interface;
}
