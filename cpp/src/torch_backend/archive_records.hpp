// What a model file's archive may hold. Checked before torch's loader sees it, for loading can run code already: that
// of a class with its own __setstate__.
#pragma once

#include <caffe2/serialize/inline_container.h>

namespace mriembed::torch_backend {

// Throws Error bad_model_file, without the file's name: for a record of an unknown kind, one that unpacks to more than
// such a record ever needs, code that would run while it is loaded or that is nested deeper than torch's recursive
// parser bears, and pickled objects of C++ classes.
void check_records(caffe2::serialize::PyTorchStreamReader& reader);

}  // namespace mriembed::torch_backend
