// Operators by schema name: a plan per operator, made once, turns the wire into the dispatcher's stack and back.
#pragma once
#include "allocator.h"
#include "wire.h"
#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <sstream>

namespace muster {

/// The argument types that are marshalled; codegen/schema.ts knows them by the same numbers.
enum Kind : uint8_t {
  kTensor, kInteger, kFloat, kBoolean, kScalar, kString, kDtype, kLayout, kMemoryFormat, kDevice, kGenerator, kObject,
  kTensorList, kOptionalTensorList, kIntegerList, kFloatList, kBooleanList, kScalarList, kOptionalScalarList, kStringList, kUnsupported,
};

struct ArgumentPlan {
  std::string name;
  Kind kind;
  bool optional = false;
  int32_t fixedLength = 0;  // N of int[N]: one number stands for N
  std::optional<c10::IValue> defaultValue;
};

struct Operator {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<ArgumentPlan> arguments;
  std::vector<bool> returnsArgument;  // the mutated input comes back: JavaScript keeps its own object
};

inline Kind kindOf(c10::TypePtr type, bool& optional) {
  if (type->kind() == c10::TypeKind::OptionalType) {
    optional = true;
    type = type->castRaw<c10::OptionalType>()->getElementType();
  }
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return kTensor;
    case c10::TypeKind::IntType: case c10::TypeKind::SymIntType: return kInteger;
    case c10::TypeKind::FloatType: case c10::TypeKind::SymFloatType: return kFloat;
    case c10::TypeKind::BoolType: case c10::TypeKind::SymBoolType: return kBoolean;
    case c10::TypeKind::NumberType: return kScalar;
    case c10::TypeKind::StringType: return kString;
    case c10::TypeKind::ScalarTypeType: return kDtype;
    case c10::TypeKind::LayoutType: return kLayout;
    case c10::TypeKind::MemoryFormatType: return kMemoryFormat;
    case c10::TypeKind::DeviceObjType: return kDevice;
    case c10::TypeKind::GeneratorType: return kGenerator;
    case c10::TypeKind::ClassType: case c10::TypeKind::AnyType: case c10::TypeKind::StorageType: return kObject;
    case c10::TypeKind::ListType: {
      bool optionalElement = false;
      switch (kindOf(type->castRaw<c10::ListType>()->getElementType(), optionalElement)) {
        case kTensor: return optionalElement ? kOptionalTensorList : kTensorList;
        case kInteger: return kIntegerList;
        case kFloat: return kFloatList;
        case kBoolean: return kBooleanList;
        case kScalar: return optionalElement ? kOptionalScalarList : kScalarList;
        case kString: return kStringList;
        default: return kUnsupported;
      }
    }
    default: return kUnsupported;
  }
}

/// A device crosses as type * 256 + index + 1.
inline at::Device deviceOf(double code) {
  if (!(code >= 0 && code < 1 << 16)) throw ArgumentError("unknown device code");
  at::Device device(at::DeviceType(int(code) / 256), c10::DeviceIndex(int(code) % 256 - 1));
  if (device.is_cuda()) at::globalContext().lazyInitDevice(at::kCUDA);
  return device;
}

template <class Element, class Read>
c10::IValue readList(Reader& reader, Read&& read) {
  size_t length = reader.length();
  c10::List<Element> list;
  list.reserve(length);
  for (size_t i = 0; i < length; i++) list.push_back(read());
  return list;
}

inline at::Scalar plainScalar(double value) {
  return value == double(int64_t(value)) && std::abs(value) <= kMaxSafeInteger ? at::Scalar(int64_t(value)) : at::Scalar(value);
}

inline c10::IValue readArgument(const ArgumentPlan& plan, Tag tag, Reader& reader) {
  switch (plan.kind) {
    case kTensor: {
      const c10::IValue& value = reader.value();
      if (!value.isTensor()) throw ArgumentError("expected a tensor");
      return value;
    }
    case kInteger: case kLayout: case kMemoryFormat: case kDtype: return reader.integer();
    case kFloat: return reader.next();
    case kBoolean: return reader.next() != 0;
    case kScalar:
      if (tag == kIntScalar) return reader.integer();
      if (tag == kBoolScalar) return reader.next() != 0;
      return reader.next();
    case kString: return reader.string();
    case kDevice: return deviceOf(reader.next());
    case kGenerator: case kObject: return reader.value();
    case kTensorList: return readList<at::Tensor>(reader, [&] { return reader.tensor(); });
    case kOptionalTensorList:
      return readList<std::optional<at::Tensor>>(reader, [&]() -> std::optional<at::Tensor> {
        double handle = reader.next();
        if (handle == 0) return std::nullopt;
        reader.position--;
        return reader.tensor();
      });
    case kIntegerList: {
      if (tag != kBroadcast) return readList<int64_t>(reader, [&] { return reader.integer(); });
      if (plan.fixedLength <= 0) throw ArgumentError("expected a list");
      int64_t value = reader.integer();
      c10::List<int64_t> list;
      for (int i = 0; i < plan.fixedLength; i++) list.push_back(value);
      return list;
    }
    case kFloatList: return readList<double>(reader, [&] { return reader.next(); });
    case kBooleanList: return readList<bool>(reader, [&] { return reader.next() != 0; });
    case kScalarList: return readList<at::Scalar>(reader, [&] { return plainScalar(reader.next()); });
    case kOptionalScalarList:
      return readList<std::optional<at::Scalar>>(reader, [&]() -> std::optional<at::Scalar> {
        double value = reader.next();
        return std::isnan(value) ? std::nullopt : std::optional<at::Scalar>(value);
      });
    case kStringList: return readList<std::string>(reader, [&] { return reader.string(); });
    case kUnsupported: break;
  }
  throw ArgumentError("its type is not marshalled by this engine");
}

inline void readArguments(const Operator& op, Reader& reader, const uint8_t* tags, torch::jit::Stack& stack) {
  for (size_t i = 0; i < op.arguments.size(); i++) {
    const ArgumentPlan& plan = op.arguments[i];
    Tag tag = Tag(tags[i]);
    if (tag == kDefault) {
      if (plan.defaultValue) stack.push_back(*plan.defaultValue);
      else if (plan.optional) stack.emplace_back();
      else throw ArgumentError("the argument '" + plan.name + "' is missing");
    } else if (tag == kNull) {
      if (plan.optional) stack.emplace_back();
      else if (plan.kind == kTensor) stack.emplace_back(at::Tensor());
      else throw ArgumentError("the argument '" + plan.name + "' may not be null");
    } else {
      try { stack.push_back(readArgument(plan, tag, reader)); }
      catch (const ArgumentError& e) { throw ArgumentError("the argument '" + plan.name + "': " + e.what()); }
      catch (const DisposedError& e) { throw DisposedError("the argument '" + plan.name + "': " + e.what()); }
    }
  }
}

inline const char* dtypeName(at::ScalarType type) {
  switch (type) {
    case at::kByte: return "uint8"; case at::kChar: return "int8"; case at::kShort: return "int16"; case at::kInt: return "int32";
    case at::kLong: return "int64"; case at::kHalf: return "float16"; case at::kFloat: return "float32"; case at::kDouble: return "float64";
    case at::kBool: return "bool"; case at::kBFloat16: return "bfloat16";
    default: return c10::toString(type);
  }
}

inline void describe(std::ostream& out, const c10::IValue& value) {
  if (value.isTensor()) {
    const at::Tensor& tensor = value.toTensor();
    if (!tensor.defined()) { out << "null"; return; }
    out << dtypeName(tensor.scalar_type()) << '[';
    for (int64_t d = 0; d < tensor.dim(); d++) out << (d ? ", " : "") << tensor.size(d);
    out << ']';
    if (!tensor.device().is_cpu()) out << ' ' << tensor.device();
  } else if (value.isTensorList()) {
    auto list = value.toTensorVector();
    out << '[';
    for (size_t i = 0; i < list.size() && i < 4; i++) { if (i) out << ", "; describe(out, list[i]); }
    out << (list.size() > 4 ? ", ...]" : "]");
  } else if (value.isIntList() || value.isInt() || value.isDouble() || value.isBool()) {
    out << value;
  } else {
    out << value.tagKind();
  }
}

/// The given arguments with their dtypes and shapes, for an error's text; the wire still holds them then.
inline std::string describeArguments(const Operator& op, Reader reader, const uint8_t* tags) {
  std::ostringstream out;
  try {
    for (size_t i = 0; i < op.arguments.size(); i++) {
      if (tags[i] == kDefault) continue;
      if (tags[i] == kNull) { out << (out.tellp() > 0 ? ", " : "") << op.arguments[i].name << ": null"; continue; }
      c10::IValue value = readArgument(op.arguments[i], Tag(tags[i]), reader);
      out << (out.tellp() > 0 ? ", " : "") << op.arguments[i].name << ": ";
      describe(out, value);
    }
  } catch (...) { return out.str(); }  // the argument that cannot be read is what the error itself is about
  return out.str();
}

inline std::deque<Operator>& operators() {
  static auto* list = new std::deque<Operator>;
  return *list;
}

inline torch::jit::Stack& stackOfThread() {
  static thread_local torch::jit::Stack stack;
  stack.clear();
  return stack;
}

/// Tells V8 how much native memory its objects hold, so that it collects in time; batched, since the call is not free. Inside a scope there
/// is nothing for V8 to collect: told of a step's activations, it marks its whole heap in every step, on a core that the kernels want.
inline void reportMemory(napi_env env) {
  static int64_t reported = 0;
  if (handles().depth() > 0) return;
  int64_t live = int64_t(CachingAllocator::instance().live());
  if (std::abs(live - reported) < (32 << 20)) return;
  int64_t total;
  napi_adjust_external_memory(env, live - reported, &total);
  reported = live;
}

/// call(operator id): arguments in the wire; results in the wire: their number, then each as (kind, value).
inline napi_value callOperator(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argv[1];
  uint32_t id = 0;
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  if (napi_get_value_uint32(env, argv[0], &id) != napi_ok || id >= operators().size())
    return guarded(env, "call", []() -> napi_value { throw ArgumentError("unknown operator id"); });
  Operator& op = operators()[id];
  torch::jit::Stack& stack = stackOfThread();
  try {
    Reader reader{wire().numbers, kWireDoubles};
    readArguments(op, reader, wire().tags, stack);
    op.handle.callBoxed(&stack);
    size_t position = 1;
    wire().numbers[0] = double(stack.size());
    for (size_t i = 0; i < stack.size(); i++) {
      if (i < op.returnsArgument.size() && op.returnsArgument[i]) wire().numbers[position++] = kAlias;
      else writeResult(std::move(stack[i]), position);
    }
    stack.clear();
  } catch (...) {
    Failure failure = currentFailure();
    stack.clear();
    std::string given = describeArguments(op, Reader{wire().numbers, kWireDoubles}, wire().tags);
    if (!given.empty()) failure.message += " (" + given + ")";
    napi_throw(env, makeError(env, op.name, failure));
  }
  reportMemory(env);
  return nullptr;
}

/// resolve(name, overload) -> id; -1 where this libtorch has no such operator.
inline napi_value resolveOperator(napi_env env, napi_callback_info info) {
  return guarded(env, "resolve", [&]() -> napi_value {
    Arguments arguments(env, info);
    std::string name = arguments.string(0), overload = arguments.string(1);
    auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!handle) return jsNumber(env, -1);
    Operator op{*handle, overload.empty() ? name : name + "." + overload, {}, {}};
    for (const auto& argument : handle->schema().arguments()) {
      ArgumentPlan plan;
      plan.name = argument.name();
      plan.kind = kindOf(argument.real_type(), plan.optional);
      plan.fixedLength = argument.N().value_or(0);
      if (argument.default_value()) plan.defaultValue = *argument.default_value();
      op.arguments.push_back(std::move(plan));
    }
    for (const auto& result : handle->schema().returns()) op.returnsArgument.push_back(result.alias_info() && result.alias_info()->isWrite());
    operators().push_back(std::move(op));
    return jsNumber(env, double(operators().size() - 1));
  });
}

inline napi_value schemaOf(napi_env env, napi_callback_info info) {
  return guarded(env, "schemaOf", [&]() -> napi_value {
    size_t id = Arguments(env, info).natural(0);
    if (id >= operators().size()) throw ArgumentError("unknown operator id");
    std::ostringstream out;
    out << operators()[id].handle.schema();
    return jsString(env, out.str());
  });
}

/// All schemas for the code generator: a line each, `schema \t kind[?][*][N] ...` with ? optional, * keyword-only.
inline napi_value listSchemas(napi_env env, napi_callback_info) {
  return guarded(env, "schemas", [&]() -> napi_value {
    std::ostringstream out;
    for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) {
      auto handle = c10::Dispatcher::singleton().findSchema(name);
      if (!handle) continue;
      out << handle->schema() << '\t';
      for (const auto& argument : handle->schema().arguments()) {
        bool optional = false;
        int kind = kindOf(argument.real_type(), optional);
        out << kind << (optional ? "?" : "") << (argument.kwarg_only() ? "*" : "") << (argument.default_value() ? "=" : "");
        if (argument.N()) out << '[' << *argument.N() << ']';
        out << ' ';
      }
      out << '\n';
    }
    return jsString(env, out.str());
  });
}

inline napi_value internString(napi_env env, napi_callback_info info) {
  return guarded(env, "intern", [&] { return jsNumber(env, double(stringTable().add(Arguments(env, info).string(0)))); });
}

inline napi_value internedString(napi_env env, napi_callback_info info) {
  return guarded(env, "interned", [&] { return jsString(env, stringTable().get(Arguments(env, info).number(0))); });
}

}  // namespace muster
