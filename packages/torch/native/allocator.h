// A CPU allocator that keeps freed large blocks for the next step, counts bytes exactly and holds to a budget.
// Without it glibc maps and unmaps every large block, and page faults cost 5 to 43 % of a step.
#pragma once
#include "errors.h"
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <atomic>
#include <malloc.h>
#include <mutex>
#include <sys/mman.h>
#include <unordered_map>
#include <vector>

namespace muster {

class CachingAllocator final : public c10::Allocator {
 public:
  static CachingAllocator& instance() {
    static auto* allocator = new CachingAllocator;
    return *allocator;
  }

  at::DataPtr allocate(size_t bytes) override {
    at::Device cpu(at::kCPU);
    if (bytes == 0) return {nullptr, cpu};
    TORCH_CHECK_WITH(OutOfMemoryError, bytes < (size_t(1) << 62), "asked for ", bytes, " bytes");
    size_t capacity = sizeClass(bytes);
    char* block = capacity > kSmall ? takeCached(capacity) : nullptr;
    if (!block) block = fromSystem(capacity);
    size_t live = live_.fetch_add(capacity, std::memory_order_relaxed) + capacity;
    size_t peak = peak_.load(std::memory_order_relaxed);
    while (live > peak && !peak_.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {}
    void* data = block + kHeader;
    return {data, data, &CachingAllocator::release, cpu};
  }

  at::DeleterFnPtr raw_deleter() const override { return &CachingAllocator::release; }
  void copy_data(void* to, const void* from, size_t bytes) const override { memcpy(to, from, bytes); }

  void trim() {
    std::lock_guard<std::mutex> lock(mutex_);
    trimLocked();
  }
  void setBudget(size_t bytes) { budget_.store(bytes); }
  size_t budget() const { return budget_.load(); }
  size_t live() const { return live_.load(std::memory_order_relaxed); }
  size_t peak() const { return peak_.load(std::memory_order_relaxed); }
  void resetPeak() { peak_.store(live()); }
  size_t cached() {
    std::lock_guard<std::mutex> lock(mutex_);
    return cached_;
  }

 private:
  static constexpr size_t kHeader = 64;           // holds the capacity, and keeps data on a cache line
  static constexpr size_t kSmall = 1 << 16;       // below: malloc is good enough
  static constexpr size_t kHugePage = 2u << 20;
  static constexpr size_t kPage = 4096;

  /// Rounds up to an eighth of an octave, so that a block serves many sizes and wastes at most 12.5 %.
  static size_t sizeClass(size_t bytes) {
    if (bytes <= kSmall) return bytes;
    size_t octave = size_t(1) << (63 - __builtin_clzll(bytes));
    size_t grain = octave >> 3;
    return (bytes + grain - 1) / grain * grain;
  }

  char* takeCached(size_t capacity) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = blocks_.find(capacity);
    if (found != blocks_.end() && !found->second.empty()) {
      char* block = found->second.back();
      found->second.pop_back();
      cached_ -= capacity;
      return block;
    }
    size_t budget = budget_.load();
    if (live() + cached_ + capacity > budget) {
      trimLocked();
      TORCH_CHECK_WITH(OutOfMemoryError, live() + capacity <= budget, "the memory budget of ", budget, " bytes is spent: ", live(), " bytes live, ", capacity, " more asked");
    }
    return nullptr;
  }

  char* fromSystem(size_t capacity) {
    void* block = nullptr;
    size_t alignment = capacity >= kHugePage ? kPage : 64;
    if (posix_memalign(&block, alignment, capacity + kHeader) != 0 || !block) {
      trim();
      TORCH_CHECK_WITH(OutOfMemoryError, posix_memalign(&block, alignment, capacity + kHeader) == 0 && block, "the system refuses ", capacity, " bytes");
    }
    *static_cast<size_t*>(block) = capacity;
    if (capacity >= kHugePage) {
      auto begin = (uintptr_t(block) + kPage - 1) & ~uintptr_t(kPage - 1);
      madvise(reinterpret_cast<void*>(begin), (capacity - kPage) & ~size_t(kPage - 1), MADV_HUGEPAGE);
    }
    return static_cast<char*>(block);
  }

  static void release(void* data) {
    if (!data) return;
    char* block = static_cast<char*>(data) - kHeader;
    size_t capacity = *reinterpret_cast<size_t*>(block);
    auto& self = instance();
    self.live_.fetch_sub(capacity, std::memory_order_relaxed);
    if (capacity <= kSmall) { free(block); return; }
    std::lock_guard<std::mutex> lock(self.mutex_);
    self.blocks_[capacity].push_back(block);
    self.cached_ += capacity;
  }

  void trimLocked() {
    for (auto& entry : blocks_)
      for (char* block : entry.second) free(block);
    blocks_.clear();
    cached_ = 0;
  }

  std::mutex mutex_;
  std::unordered_map<size_t, std::vector<char*>> blocks_;
  size_t cached_ = 0;
  std::atomic<size_t> live_{0}, peak_{0}, budget_{SIZE_MAX};
};

/// Puts the allocator in PyTorch's place; glibc is told to keep its heap, for the scratch buffers of the kernels.
inline void installAllocator() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  c10::SetCPUAllocator(&CachingAllocator::instance(), 100);
}

}  // namespace muster
