// A reference to the work of one unit.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace mriembed::threads {

// Refers to a callable (unit, participant) -> void, which must outlive it. Two pointers: passing it on allocates
// nothing.
class UnitWork {
 public:
  template <typename Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, UnitWork>)
  // NOLINTNEXTLINE(misc-explicit-constructor): lambdas convert where a function takes work
  UnitWork(const Callable& callable)
      : callable_(std::addressof(callable)), call_([](const void* object, std::int64_t unit, int participant) {
          (*static_cast<const Callable*>(object))(unit, participant);
        }) {}

  void operator()(std::int64_t unit, int participant) const { call_(callable_, unit, participant); }

 private:
  const void* callable_;
  void (*call_)(const void*, std::int64_t, int);
};

}  // namespace mriembed::threads
