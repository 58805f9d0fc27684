#include "pool.h"

#include <immintrin.h>

namespace sherrington {

// About 20 us: longer than the gap between two windows, short enough for a machine with other work.
static constexpr int SPINS = 1000;

template <class T>
static void wait_while(const std::atomic<T>& value, T old) {
  for (int i = 0; i < SPINS; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    _mm_pause();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

Pool::Pool(int threads) {
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
}

Pool::~Pool() {
  stop_ = true;
  round_.fetch_add(1);
  round_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void Pool::run(int n, const std::function<void(int)>& task) {
  task_ = &task;
  n_ = n;
  error_ = nullptr;
  next_.store(0);
  busy_.store(static_cast<std::int32_t>(workers_.size()));
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  take_tasks();
  for (std::int32_t left = busy_.load(); left > 0; left = busy_.load()) wait_while(busy_, left);
  if (error_) std::rethrow_exception(error_);
}

void Pool::work() {
  const FlushToZero flush;
  std::uint32_t seen = 0;
  while (true) {
    wait_while(round_, seen);
    ++seen;
    if (stop_) return;
    take_tasks();
    busy_.fetch_sub(1, std::memory_order_release);
    busy_.notify_one();
  }
}

void Pool::take_tasks() {
  for (int i = next_.fetch_add(1); i < n_; i = next_.fetch_add(1)) {
    try {
      (*task_)(i);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }
}

static constexpr unsigned FLUSH_AND_ZERO = 0x8040;

FlushToZero::FlushToZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | FLUSH_AND_ZERO); }
FlushToZero::~FlushToZero() { _mm_setcsr(before_); }

}  // namespace sherrington
