// Threads that share out numbered tasks, and sleep when there are none for a while.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sherrington {

class Pool {
 public:
  // threads: including the one that calls `run`.
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Does task(i) for i from 0 to n - 1, each once, on whatever thread is free. Rethrows the first exception.
  void run(int n, const std::function<void(int)>& task);
  int size() const { return static_cast<int>(workers_.size()) + 1; }

 private:
  void work();
  void take_tasks();

  std::vector<std::thread> workers_;
  const std::function<void(int)>* task_ = nullptr;
  int n_ = 0;
  std::atomic<int> next_{0};
  std::atomic<std::uint32_t> round_{0};
  std::atomic<std::int32_t> busy_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::exception_ptr error_;
};

// Numbers too small for normal form count as zero while this lives: they cost a hundred times as much as others, and
// decaying currents come to them.
class FlushToZero {
 public:
  FlushToZero();
  ~FlushToZero();

 private:
  unsigned before_;
};

}  // namespace sherrington
