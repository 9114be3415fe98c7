// The table of everything JavaScript holds. A handle is a double: generation * 2^24 + slot, so a stale handle is an error and
// never another tensor. Only the JavaScript thread touches the table.
#pragma once
#include "values.h"
#include <ATen/core/ivalue.h>
#include <algorithm>
#include <deque>

namespace muster {

constexpr uint32_t kSlotBits = 24;
constexpr uint32_t kMaxSlots = 1u << kSlotBits;

struct Slot {
  c10::IValue value;
  uint32_t generation = 1;
  bool used = false;
};

class HandleTable {
 public:
  double put(c10::IValue&& value) {
    uint32_t slot;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else {
      if (slots_.size() >= kMaxSlots) throw std::runtime_error("16.7 million live tensors: dispose of them or use scopes");
      slot = uint32_t(slots_.size());
      slots_.emplace_back();
    }
    Slot& entry = slots_[slot];
    entry.value = std::move(value);
    entry.used = true;
    live_++;
    double handle = double((uint64_t(entry.generation) << kSlotBits) | slot);
    if (!scopes_.empty()) scopes_.back().push_back(handle);
    return handle;
  }

  const c10::IValue& get(double handle) const {
    const Slot* entry = find(handle);
    if (!entry) throw DisposedError("the tensor was disposed of, or is not one of this engine");
    return entry->value;
  }

  at::Tensor tensor(double handle) const {
    const c10::IValue& value = get(handle);
    if (!value.isTensor()) throw ArgumentError("expected a tensor");
    return value.toTensor();
  }

  bool release(double handle) {
    Slot* entry = const_cast<Slot*>(find(handle));
    if (!entry) return false;
    c10::IValue dying = std::move(entry->value);
    entry->value = c10::IValue();
    entry->used = false;
    entry->generation = (entry->generation + 1) & 0x0fffffff;
    if (!entry->generation) entry->generation = 1;
    free_.push_back(uint32_t(uint64_t(handle) & (kMaxSlots - 1)));
    live_--;
    return true;
  }

  size_t openScope() {
    scopes_.emplace_back();
    return scopes_.size();
  }

  /// Frees what the innermost scope made, except `keep`, which moves to the scope around it. Returns how many were freed.
  size_t closeScope(std::vector<double> keep) {
    if (scopes_.empty()) throw ArgumentError("no scope is open");
    auto made = std::move(scopes_.back());
    scopes_.pop_back();
    std::sort(keep.begin(), keep.end());
    size_t freed = 0;
    for (double handle : made) {
      if (std::binary_search(keep.begin(), keep.end(), handle)) {
        if (!scopes_.empty()) scopes_.back().push_back(handle);
      } else if (release(handle)) {
        freed++;
      }
    }
    return freed;
  }

  size_t live() const { return live_; }
  size_t depth() const { return scopes_.size(); }

 private:
  const Slot* find(double handle) const {
    if (!(handle > 0 && handle <= kMaxSafeInteger)) return nullptr;
    uint64_t bits = uint64_t(handle);
    uint32_t slot = uint32_t(bits & (kMaxSlots - 1));
    if (slot >= slots_.size()) return nullptr;
    const Slot& entry = slots_[slot];
    return entry.used && entry.generation == uint32_t(bits >> kSlotBits) ? &entry : nullptr;
  }

  std::deque<Slot> slots_;  // a deque: growth never moves a slot
  std::vector<uint32_t> free_;
  std::vector<std::vector<double>> scopes_;
  size_t live_ = 0;
};

/// On the heap and never destroyed: tensors must not be torn down by static destructors at exit.
inline HandleTable& handles() {
  static auto* table = new HandleTable;
  return *table;
}

}  // namespace muster
