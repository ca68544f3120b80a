#include "torch_backend/translate_errors.hpp"

#include <c10/util/Exception.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <new>
#include <string>

#include "mriembed/error.hpp"

namespace mriembed::torch_backend {

namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// torch's CPU allocator fails with an error of no type of its own, and the interpreter turns every exception into text.
[[noreturn]] void throw_failure(const std::string& text, const std::string& reporter) {
  if (text.find("DefaultCPUAllocator: ") != std::string::npos || text.find("std::bad_alloc") != std::string::npos) {
    throw Error(ErrorCode::out_of_memory, "out of memory");
  }
  throw Error(ErrorCode::internal, reporter + first_line(text));
}

}  // namespace

[[noreturn]] void rethrow_as_error() {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const torch::jit::JITException& error) {
    throw Error(ErrorCode::internal,
                "the network reports: " + error.getOriginalMsg().value_or(first_line(error.what())));
  } catch (const c10::OutOfMemoryError& error) {
    throw Error(ErrorCode::out_of_memory, "out of memory: " + first_line(error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    throw_failure(error.what_without_backtrace(), "torch reports: ");
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, "out of memory");
  } catch (const std::exception& error) {
    throw_failure(error.what(), "");
  } catch (...) {
    throw Error(ErrorCode::internal, "an exception of unknown type");
  }
}

}  // namespace mriembed::torch_backend
