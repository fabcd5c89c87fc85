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

/// Owns what a libvirt list function answers: an array of handles that each want to be freed.
template <class T, auto free_fn>
class HandleList {
 public:
  HandleList() = default;
  HandleList(const HandleList&) = delete;
  HandleList& operator=(const HandleList&) = delete;
  ~HandleList() {
    for (int i = 0; i < size_; ++i) free_fn(array_[i]);
    std::free(static_cast<void*>(array_));
  }
  T** fill() { return &array_; }
  void sized(int size) { size_ = size; }
  T* begin() const { return array_; }
  T* end() const { return array_ + size_; }

 private:
  T* array_ = nullptr;
  int size_ = 0;
};

}  // namespace vmlab
