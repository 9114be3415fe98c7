// The wire: one buffer shared with JavaScript through which arguments go in and results come out.
// 65,536 doubles, then 1,024 tag bytes, one for each argument. src/wire.ts is the other end.
#pragma once
#include "handles.h"
#include <ATen/core/List.h>
#include <mutex>
#include <optional>

namespace muster {

constexpr size_t kWireDoubles = 1 << 16;
constexpr size_t kWireTags = 1 << 10;

struct Wire {
  double numbers[kWireDoubles];
  uint8_t tags[kWireTags];
};

inline Wire& wire() {
  static auto* buffer = new Wire();
  return *buffer;
}

/// How an argument was given.
enum Tag : uint8_t { kDefault = 0, kNull = 1, kValue = 2, kIntScalar = 3, kFloatScalar = 4, kBoolScalar = 5, kList = 6, kBroadcast = 7 };

/// What stands before each result in the wire.
enum ResultKind : uint8_t { kHandle = 1, kInt = 2, kDouble = 3, kBool = 4, kNone = 5, kSequence = 6, kAlias = 7, kText = 8 };

/// Strings cross by number. The worker thread reads them too, hence the lock.
class StringTable {
 public:
  size_t add(std::string text) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (strings_.size() > 1000000) throw ArgumentError("the string table is full");
    strings_.push_back(std::move(text));
    return strings_.size() - 1;
  }
  std::string get(double id) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!(id >= 0 && id < double(strings_.size()))) throw ArgumentError("unknown string");
    return strings_[size_t(id)];
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> strings_;
};

inline StringTable& stringTable() {
  static auto* table = new StringTable;
  return *table;
}

/// Where a reader finds the values behind handles: the table, or what a recorded program pinned.
using Lookup = const c10::IValue& (*)(double handle, void* context);

inline const c10::IValue& lookupInTable(double handle, void*) { return handles().get(handle); }

struct Reader {
  const double* numbers;
  size_t size;
  Lookup lookup = lookupInTable;
  void* context = nullptr;
  size_t position = 0;

  double next() {
    if (position >= size) throw ArgumentError("the arguments do not fit into the argument buffer");
    return numbers[position++];
  }
  size_t length() {
    double value = next();
    if (!(value >= 0 && value <= double(size - position))) throw ArgumentError("a list is too long for the argument buffer");
    return size_t(value);
  }
  int64_t integer() {
    double value = next();
    if (!(value >= -kMaxSafeInteger && value <= kMaxSafeInteger) || value != double(int64_t(value)))
      throw ArgumentError("expected an integer, got " + std::to_string(value));
    return int64_t(value);
  }
  const c10::IValue& value() { return lookup(next(), context); }
  at::Tensor tensor() {
    const c10::IValue& found = value();
    if (!found.isTensor()) throw ArgumentError("expected a tensor");
    return found.toTensor();
  }
  std::string string() { return stringTable().get(next()); }
};

inline double safeInteger(int64_t value) {
  if (value > int64_t(kMaxSafeInteger) || value < -int64_t(kMaxSafeInteger)) throw ArgumentError("an integer result lies beyond 2^53: " + std::to_string(value));
  return double(value);
}

/// Writes one result at `position`.
inline void writeResult(c10::IValue&& value, size_t& position) {
  double* out = wire().numbers;
  if (position + 4 >= kWireDoubles) throw ArgumentError("the result does not fit into the result buffer");
  if (value.isTensor()) {
    if (!value.toTensor().defined()) { out[position++] = kNone; return; }
    out[position++] = kHandle;
    out[position++] = handles().put(std::move(value));
  } else if (value.isInt()) {
    out[position++] = kInt;
    out[position++] = safeInteger(value.toInt());
  } else if (value.isDouble()) {
    out[position++] = kDouble;
    out[position++] = value.toDouble();
  } else if (value.isBool()) {
    out[position++] = kBool;
    out[position++] = value.toBool();
  } else if (value.isNone()) {
    out[position++] = kNone;
  } else if (value.isString()) {
    out[position++] = kText;
    out[position++] = double(stringTable().add(value.toStringRef()));
  } else if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    out[position++] = kSequence;
    out[position++] = double(elements.size());
    for (const auto& element : elements) writeResult(c10::IValue(element), position);
  } else if (value.isList()) {
    auto list = value.toList();
    out[position++] = kSequence;
    out[position++] = double(list.size());
    for (size_t i = 0; i < list.size(); i++) writeResult(c10::IValue(list.get(i)), position);
  } else if (value.isScalar()) {
    out[position++] = kDouble;
    out[position++] = value.toScalar().toDouble();
  } else {
    out[position++] = kHandle;
    out[position++] = handles().put(std::move(value));
  }
}

}  // namespace muster
