// The addon: names what JavaScript may call. One translation unit, so one compiler line builds it.
#include "program.h"
#include "linear-assignment.h"
#include "norm-relu-pool.h"
#include "running-best.h"
#include "umap-layout.h"

namespace muster {

napi_value setErrorFactory(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  if (errorFactory) napi_delete_reference(env, errorFactory);
  napi_create_reference(env, arguments.at[0], 1, &errorFactory);
  return nullptr;
}

napi_value initialise(napi_env env, napi_value exports) {
  static std::atomic<bool> loaded{false};
  if (loaded.exchange(true)) {
    napi_throw_error(env, "E_NATIVE", "@muster/torch can be loaded in one thread of a process only: the table of tensors belongs to it");
    return nullptr;
  }
  installAllocator();
  napi_value buffer;
  napi_create_external_arraybuffer(env, &wire(), sizeof(Wire), nullptr, nullptr, &buffer);
  napi_set_named_property(env, exports, "wire", buffer);

  const struct { const char* name; napi_callback function; } functions[] = {
      {"setErrorFactory", setErrorFactory}, {"version", version},
      {"call", callOperator}, {"resolve", resolveOperator}, {"schemaOf", schemaOf}, {"schemas", listSchemas},
      {"intern", internString}, {"interned", internedString},
      {"free", freeHandle}, {"scopeBegin", scopeBegin}, {"scopeEnd", scopeEnd}, {"live", liveHandles},
      {"meta", tensorMeta}, {"item", itemOf}, {"fromBuffer", fromBuffer}, {"toBuffer", toBuffer}, {"copyOut", copyOut},
      {"mapFile", mapFile}, {"fromMap", fromMap}, {"unmap", unmapFile},
      {"backward", backward}, {"gradients", gradients}, {"gradsOf", gradsOf}, {"setGrads", setGrads},
      {"setRequiresGrad", setRequiresGrad}, {"setGradMode", setGradMode},
      {"setAutocast", setAutocast}, {"threads", threads}, {"manualSeed", manualSeed}, {"generator", newGenerator},
      {"generatorState", generatorState}, {"memory", memory}, {"resetPeakMemory", resetPeakMemory}, {"trimMemory", trimMemory},
      {"cudaDevices", cudaDevices}, {"kernelThreads", kernelThreads}, {"useOneDnnMatmul", useOneDnnMatmul},
      {"useWinograd", useWinograd}, {"runProgram", runProgram},
  };
  for (const auto& entry : functions) {
    napi_value function;
    napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.function, nullptr, &function);
    napi_set_named_property(env, exports, entry.name, function);
  }

  napi_create_threadsafe_function(env, nullptr, nullptr, jsString(env, "pins"), 0, 1, nullptr, nullptr, nullptr, dropDeadPins, &pins().wake);
  napi_unref_threadsafe_function(env, pins().wake);
  napi_create_threadsafe_function(env, nullptr, nullptr, jsString(env, "programs"), 0, 1, nullptr, nullptr, nullptr, programDone, &worker().done);
  napi_unref_threadsafe_function(env, worker().done);
  napi_add_env_cleanup_hook(env, stopWorker, nullptr);
  return exports;
}

}  // namespace muster

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) { return muster::initialise(env, exports); }
extern "C" NAPI_MODULE_EXPORT int32_t node_api_module_get_api_version_v1() { return 9; }
