// Whether torch's threads may be missing: fork copies none of them into the child.
#pragma once

namespace mriembed::torch_backend {

// Whether this process was forked from another one and has not become a program of its own (exec) since. OpenMP goes on
// to count the threads that its parent had, and waits for ever for them: torch runs in the calling thread alone there.
bool is_forked_child();

}  // namespace mriembed::torch_backend
