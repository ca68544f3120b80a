// Loads libmriembed_torch, the part of the library that knows torch.
#pragma once

#include "network/torch_interface.hpp"

namespace mriembed {

// From the folder that this library lies in, once in a process; it stays loaded, as torch cannot be unloaded.
// Thread-safe. Throws Error device_not_available, in one line, where it is not there, torch is not, or does not fit.
const TorchInterface& torch_library();

}  // namespace mriembed
