// Tensors and memory: what a tensor is, buffers shared with JavaScript, mapped files, scopes.
#pragma once
#include "operators.h"
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace muster {

inline napi_value freeHandle(napi_env env, napi_callback_info info) {
  return guarded(env, "free", [&] { return jsBoolean(env, handles().release(Arguments(env, info).number(0))); });
}

inline napi_value scopeBegin(napi_env env, napi_callback_info) {
  return guarded(env, "scopeBegin", [&] { return jsNumber(env, double(handles().openScope())); });
}

inline napi_value scopeEnd(napi_env env, napi_callback_info info) {
  return guarded(env, "scopeEnd", [&] {
    size_t freed = handles().closeScope(Arguments(env, info).doubles(0));
    reportMemory(env);
    return jsNumber(env, double(freed));
  });
}

inline napi_value liveHandles(napi_env env, napi_callback_info) { return jsNumber(env, double(handles().live())); }

/// meta(handle) -> wire: dim, sizes.., dtype, device type, device index, requires grad, numel, layout, then strides.. and storage offset if strided.
inline napi_value tensorMeta(napi_env env, napi_callback_info info) {
  return guarded(env, "meta", [&]() -> napi_value {
    at::Tensor tensor = handles().tensor(Arguments(env, info).number(0));
    if (2 * size_t(tensor.dim()) + 8 > kWireDoubles) throw ArgumentError("a tensor of " + std::to_string(tensor.dim()) + " dimensions");
    double* out = wire().numbers;
    *out++ = double(tensor.dim());
    for (auto size : tensor.sizes()) *out++ = double(size);
    *out++ = double(int(tensor.scalar_type()));
    *out++ = double(int(tensor.device().type()));
    *out++ = double(tensor.device().index());
    *out++ = tensor.requires_grad();
    *out++ = double(tensor.numel());
    *out++ = double(int(tensor.layout()));
    if (tensor.layout() == at::kStrided) {
      for (auto stride : tensor.strides()) *out++ = double(stride);
      *out++ = double(tensor.storage_offset());
    }
    return nullptr;
  });
}

inline napi_value itemOf(napi_env env, napi_callback_info info) {
  return guarded(env, "item", [&] {
    at::Scalar value = handles().tensor(Arguments(env, info).number(0)).item();
    if (value.isBoolean()) return jsNumber(env, value.toBool());
    if (value.isIntegral(false)) return jsNumber(env, safeInteger(value.toLong()));
    return jsNumber(env, value.toDouble());
  });
}

// An ArrayBuffer that a tensor looks into is held by a reference until the tensor's storage dies. That may happen on any
// thread, so the deleter only queues the reference and asks the JavaScript thread to drop it.
struct Pin {
  napi_ref reference;
  void* address;
};

struct Pins {
  std::mutex mutex;
  std::vector<Pin> dead;
  napi_threadsafe_function wake = nullptr;
};

inline Pins& pins() {
  static auto* instance = new Pins;
  return *instance;
}

// V8 refuses two external ArrayBuffers over one address, so the buffer of each storage is remembered, weakly.
struct SharedBuffer {
  napi_ref weak;
  size_t offset;
  size_t pins;  // tensors that look into a buffer of JavaScript at this address
};

inline std::unordered_map<void*, SharedBuffer>& sharedBuffers() {
  static auto* buffers = new std::unordered_map<void*, SharedBuffer>;
  return *buffers;
}

/// Forgets the buffer of an address when the last that needed it is gone.
inline void forgetBuffer(napi_env env, void* address) {
  auto known = sharedBuffers().find(address);
  if (known == sharedBuffers().end()) return;
  napi_delete_reference(env, known->second.weak);
  sharedBuffers().erase(known);
}

inline void dropDeadPins(napi_env env, napi_value, void*, void*) {
  std::vector<Pin> dead;
  {
    std::lock_guard<std::mutex> lock(pins().mutex);
    dead.swap(pins().dead);
  }
  if (!env) return;
  for (const Pin& pin : dead) {
    napi_delete_reference(env, pin.reference);
    auto known = sharedBuffers().find(pin.address);
    if (known != sharedBuffers().end() && --known->second.pins == 0) forgetBuffer(env, pin.address);
  }
}

inline void unpin(Pin pin) {
  {
    std::lock_guard<std::mutex> lock(pins().mutex);
    pins().dead.push_back(pin);
  }
  napi_call_threadsafe_function(pins().wake, nullptr, napi_tsfn_nonblocking);
}

/// Notes which buffer lies over an address; `pins` more tensors look into it.
inline void rememberBuffer(napi_env env, void* address, napi_value buffer, size_t offset, size_t pins) {
  auto known = sharedBuffers().find(address);
  if (known != sharedBuffers().end()) {
    pins += known->second.pins;
    napi_delete_reference(env, known->second.weak);
  }
  napi_ref weak;
  napi_create_reference(env, buffer, 0, &weak);
  sharedBuffers()[address] = {weak, offset, pins};
}

/// fromBuffer(ArrayBuffer, byteOffset, dtype, sizes) -> handle: zero copy.
inline napi_value fromBuffer(napi_env env, napi_callback_info info) {
  return guarded(env, "fromBuffer", [&] {
    Arguments arguments(env, info);
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_arraybuffer_info(env, arguments.at[0], &data, &length) != napi_ok) throw ArgumentError("expected an ArrayBuffer");
    size_t offset = arguments.natural(1);
    at::ScalarType type = scalarType(arguments.number(2));
    auto sizes = arguments.sizes(3);
    if (double(offset) + byteCount(sizes, type) > double(length)) throw ArgumentError("the buffer is too small for this shape");
    if (offset % c10::elementSize(type)) throw ArgumentError("the byte offset is not aligned to the dtype");
    if (byteCount(sizes, type) == 0) return jsNumber(env, handles().put(at::empty(sizes, at::TensorOptions().dtype(type))));
    // Where no turn of the event loop comes in between, such as in a loop over many small arrays, they would all be kept alive.
    dropDeadPins(env, nullptr, nullptr, nullptr);
    Pin pin{nullptr, static_cast<char*>(data) + offset};
    napi_create_reference(env, arguments.at[0], 1, &pin.reference);
    rememberBuffer(env, pin.address, arguments.at[0], offset, 1);
    return jsNumber(env, handles().put(at::from_blob(pin.address, sizes, [pin](void*) { unpin(pin); }, at::TensorOptions().dtype(type))));
  });
}

/// toBuffer(handle) -> ArrayBuffer over the whole storage, which stays alive with it; wire[0] = where the tensor begins, in bytes.
inline napi_value toBuffer(napi_env env, napi_callback_info info) {
  return guarded(env, "toBuffer", [&]() -> napi_value {
    at::Tensor tensor = handles().tensor(Arguments(env, info).number(0)).detach();
    if (!tensor.device().is_cpu() || !tensor.is_contiguous()) throw ArgumentError("only a contiguous CPU tensor has a buffer");
    napi_value buffer;
    wire().numbers[0] = 0;
    void* base = tensor.storage().mutable_data();
    size_t bytes = tensor.storage().nbytes();
    if (bytes == 0) {
      napi_create_arraybuffer(env, 0, &base, &buffer);
      return buffer;
    }
    double begin = double(tensor.storage_offset()) * double(tensor.element_size());
    auto known = sharedBuffers().find(base);
    if (known != sharedBuffers().end()) {
      napi_value existing = nullptr;
      napi_get_reference_value(env, known->second.weak, &existing);
      if (existing) {
        wire().numbers[0] = begin + double(known->second.offset);
        return existing;
      }
    }
    auto* keep = new at::Tensor(tensor);
    auto release = [](napi_env env, void* address, void* kept) {
      delete static_cast<at::Tensor*>(kept);
      auto remembered = sharedBuffers().find(address);
      napi_value newer = nullptr;  // another buffer may stand there by now
      if (remembered != sharedBuffers().end()) napi_get_reference_value(env, remembered->second.weak, &newer);
      if (!newer) forgetBuffer(env, address);
    };
    if (napi_create_external_arraybuffer(env, base, bytes, release, keep, &buffer) != napi_ok) {
      delete keep;
      throw ArgumentError("V8 refuses a second buffer over this storage");
    }
    rememberBuffer(env, base, buffer, 0, 0);
    wire().numbers[0] = begin;
    return buffer;
  });
}

/// copyOut(handle, typed array): a contiguous CPU tensor's bytes.
inline napi_value copyOut(napi_env env, napi_callback_info info) {
  return guarded(env, "copyOut", [&]() -> napi_value {
    Arguments arguments(env, info);
    at::Tensor tensor = handles().tensor(arguments.number(0)).detach();
    if (!tensor.device().is_cpu() || !tensor.is_contiguous()) throw ArgumentError("needs a contiguous CPU tensor");
    napi_typedarray_type type;
    size_t length = 0, offset = 0;
    void* data = nullptr;
    napi_value buffer;
    if (napi_get_typedarray_info(env, arguments.at[1], &type, &length, &data, &buffer, &offset) != napi_ok || type != napi_uint8_array)
      throw ArgumentError("expected a Uint8Array");
    if (length != tensor.nbytes()) throw ArgumentError("the array has another size than the tensor");
    if (length) memcpy(data, tensor.const_data_ptr(), length);
    return nullptr;
  });
}

struct MappedFile {
  void* data;
  size_t size;
  MappedFile(void* data, size_t size) : data(data), size(size) {}
  MappedFile(const MappedFile&) = delete;
  ~MappedFile() { munmap(data, size); }
};

inline std::vector<std::shared_ptr<MappedFile>>& mappedFiles() {
  static auto* files = new std::vector<std::shared_ptr<MappedFile>>;
  return *files;
}

/// mapFile(path) -> id. The mapping is private: a write by mistake does not reach the file.
inline napi_value mapFile(napi_env env, napi_callback_info info) {
  return guarded(env, "mapFile", [&] {
    std::string path = Arguments(env, info).string(0);
    int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw ArgumentError("cannot open " + path + ": " + strerror(errno));
    struct stat status;
    bool regular = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
    void* data = regular ? mmap(nullptr, size_t(status.st_size), PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
    close(descriptor);
    if (data == MAP_FAILED) throw ArgumentError("cannot map " + path + ": not a regular file with content");
    mappedFiles().push_back(std::make_shared<MappedFile>(data, size_t(status.st_size)));
    return jsNumber(env, double(mappedFiles().size() - 1));
  });
}

inline std::shared_ptr<MappedFile>& mappedFile(size_t id) {
  if (id >= mappedFiles().size() || !mappedFiles()[id]) throw ArgumentError("the mapped file was closed");
  return mappedFiles()[id];
}

/// fromMap(id, byteOffset, dtype, sizes) -> handle; the mapping lives as long as a tensor of it.
inline napi_value fromMap(napi_env env, napi_callback_info info) {
  return guarded(env, "fromMap", [&] {
    Arguments arguments(env, info);
    auto file = mappedFile(arguments.natural(0));
    size_t offset = arguments.natural(1);
    at::ScalarType type = scalarType(arguments.number(2));
    auto sizes = arguments.sizes(3);
    if (double(offset) + byteCount(sizes, type) > double(file->size)) throw ArgumentError("the tensor lies outside of the file");
    if (offset % c10::elementSize(type)) throw ArgumentError("the byte offset is not aligned to the dtype");
    auto* address = static_cast<char*>(file->data) + offset;
    return jsNumber(env, handles().put(at::from_blob(address, sizes, [file](void*) {}, at::TensorOptions().dtype(type))));
  });
}

inline napi_value unmapFile(napi_env env, napi_callback_info info) {
  return guarded(env, "unmap", [&]() -> napi_value {
    mappedFile(Arguments(env, info).natural(0)).reset();
    return nullptr;
  });
}

}  // namespace muster
