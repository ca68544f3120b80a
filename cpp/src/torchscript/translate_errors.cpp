#include "torchscript/translate_errors.hpp"

#include <c10/util/Exception.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <charconv>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include "mriembed/error.hpp"

namespace mriembed::torchscript {

namespace {

// The scripted preprocessing names the slice in the text of its exception, as torch's interpreter keeps nothing else.
[[noreturn]] void throw_bad_input(const std::string& text) {
  constexpr std::string_view start = "slice ";
  const char* const end = text.data() + text.size();
  if (text.starts_with(start)) {
    std::int64_t slice = 0;
    const auto [rest, failure] = std::from_chars(text.data() + start.size(), end, slice);
    if (failure == std::errc() && rest != end && *rest == ' ') {
      throw Error(ErrorCode::bad_input, slice, std::string(rest + 1, end));
    }
  }
  throw Error(ErrorCode::bad_input, text);
}

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
    throw_bad_input(error.getOriginalMsg().value_or(first_line(error.what())));
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

}  // namespace mriembed::torchscript
