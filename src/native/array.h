// An array without initial values; large ones in large pages, as spikes read them at random.
#pragma once

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace sherrington {

template <class T>
class Array {
 public:
  Array() = default;
  explicit Array(std::size_t n) : size_(n) {
    if (n == 0) return;
    const std::size_t align = bytes() >= LARGE ? PAGE : 64;
    data_ = static_cast<T*>(std::aligned_alloc(align, (bytes() + align - 1) / align * align));
    if (!data_) throw std::bad_alloc();
    if (bytes() >= LARGE) madvise(data_, bytes(), MADV_HUGEPAGE);
  }
  Array(std::size_t n, T value) : Array(n) {
    for (std::size_t i = 0; i < n; ++i) data_[i] = value;
  }
  Array(Array&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Array() { std::free(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * sizeof(T); }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  static constexpr std::size_t PAGE = 2 << 20, LARGE = 16 << 20;
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sherrington
