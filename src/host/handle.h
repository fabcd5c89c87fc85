// How a C handle dies, in one place. Aliases live beside their use; a handle never leaves its
// adapter.
#pragma once

#include <cstdlib>
#include <memory>

namespace vmlab {

/// Deleter that calls a C function, whatever it returns.
template <auto free_fn>
struct Free {
  template <class T>
  void operator()(T* handle) const noexcept {
    free_fn(handle);
  }
};

/// Owner of a handle; as large as the pointer.
template <class T, auto free_fn>
using Handle = std::unique_ptr<T, Free<free_fn>>;

/// malloc'ed text of a C library.
using CString = Handle<char, std::free>;

}  // namespace vmlab
