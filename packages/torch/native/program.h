// Recorded operators on a worker thread, so that the event loop goes on. One thread with a queue: OpenMP keeps a team of
// threads for every thread that calls it, so a pool would multiply them.
#pragma once
#include "state.h"
#include <condition_variable>

namespace muster {

constexpr double kBackward = -1;

struct Instruction {
  const Operator* op;  // null: a backward pass
  std::vector<double> numbers;
  std::vector<uint8_t> tags;
};

struct Program {
  std::vector<Instruction> code;
  std::unordered_map<double, c10::IValue> pinned;  // what the handles stood for when the program was handed over
  std::vector<c10::IValue> registers;              // results so far; a negative number in the code is -(register + 1)
  std::vector<std::vector<size_t>> freeAfter;      // for each instruction, the registers that nothing reads any more
  std::vector<double> wanted;
  bool gradMode;
  double autocast;
  int threads;
  Failure failure;
  std::string failedAt;
  napi_deferred deferred;

  static const c10::IValue& lookup(double handle, void* self) {
    auto& program = *static_cast<Program*>(self);
    if (handle < 0) {
      size_t index = size_t(-handle) - 1;
      if (index >= program.registers.size()) throw ArgumentError("a result that does not exist yet");
      return program.registers[index];
    }
    auto found = program.pinned.find(handle);
    if (found == program.pinned.end()) throw DisposedError("the tensor was not handed over");
    return found->second;
  }

  void execute() {
    torch::jit::Stack& stack = stackOfThread();
    for (size_t i = 0; i < code.size(); i++) {
      const Instruction& instruction = code[i];
      Reader reader{instruction.numbers.data(), instruction.numbers.size(), &Program::lookup, this};
      if (instruction.op) {
        failedAt = instruction.op->name;
        stack.clear();
        readArguments(*instruction.op, reader, instruction.tags.data(), stack);
        instruction.op->handle.callBoxed(&stack);
        for (auto& value : stack) registers.push_back(std::move(value));
        stack.clear();
      } else {
        failedAt = "backward";
        torch::autograd::backward({reader.tensor()}, {});
      }
      for (size_t index : freeAfter[i]) registers[index] = c10::IValue();
    }
    failedAt.clear();
  }

  /// Grad mode and autocast belong to the program: a thread inherits neither.
  void run() {
    c10::GradMode::set_enabled(gradMode);
    if (at::get_num_threads() != threads) at::set_num_threads(threads);
    at::autocast::set_autocast_enabled(at::kCPU, autocast >= 0);
    try {
      if (autocast >= 0) at::autocast::set_autocast_dtype(at::kCPU, scalarType(autocast));
      execute();
    } catch (...) {
      failure = currentFailure();
      stackOfThread();
    }
    at::autocast::clear_cache();
  }
};

struct Worker {
  std::mutex mutex;
  std::condition_variable ready;
  std::deque<Program*> queue;
  std::thread* thread = nullptr;
  napi_threadsafe_function done = nullptr;
  bool stopping = false;

  void loop() {
    for (;;) {
      Program* program;
      {
        std::unique_lock<std::mutex> lock(mutex);
        ready.wait(lock, [&] { return stopping || !queue.empty(); });
        if (stopping) return;
        program = queue.front();
        queue.pop_front();
      }
      program->run();
      napi_call_threadsafe_function(done, program, napi_tsfn_blocking);
    }
  }
};

/// On the heap: a static condition variable with a waiter would hang the exit of the process.
inline Worker& worker() {
  static auto* instance = new Worker;
  return *instance;
}

inline void stopWorker(void*) {
  if (!worker().thread) return;
  {
    std::lock_guard<std::mutex> lock(worker().mutex);
    worker().stopping = true;
  }
  worker().ready.notify_all();
  worker().thread->join();
  worker().thread = nullptr;
}

inline void programDone(napi_env env, napi_value, void*, void* data) {
  std::unique_ptr<Program> program(static_cast<Program*>(data));
  if (!env) return;
  if (!program->failure.code.empty()) {
    napi_reject_deferred(env, program->deferred, makeError(env, program->failedAt.empty() ? "program" : program->failedAt, program->failure));
  } else {
    napi_value results;
    napi_create_array(env, &results);
    for (size_t i = 0; i < program->wanted.size(); i++) {
      size_t index = size_t(program->wanted[i]);
      double handle = index < program->registers.size() ? handles().put(std::move(program->registers[index])) : 0;
      napi_set_element(env, results, uint32_t(i), jsNumber(env, handle));
    }
    napi_resolve_deferred(env, program->deferred, results);
  }
  napi_unref_threadsafe_function(env, worker().done);
}

/// runProgram(code, handles used, registers wanted, grad mode, autocast dtype or -1, last uses) -> promise of the wanted handles.
/// last uses: for each register the instruction after which it may be freed.
/// code: for each instruction its operator, the count of numbers, the count of tags, then both.
inline napi_value runProgram(napi_env env, napi_callback_info info) {
  return guarded(env, "runProgram", [&]() -> napi_value {
    Arguments arguments(env, info);
    auto program = std::make_unique<Program>();
    auto code = arguments.doubles(0);
    for (size_t at = 0; at < code.size();) {
      if (at + 3 > code.size()) throw ArgumentError("the program ends in the middle of an instruction");
      size_t numbers = size_t(code[at + 1]), tags = size_t(code[at + 2]);
      Instruction instruction{nullptr, {}, {}};
      if (code[at] != kBackward) instruction.op = &operators().at(size_t(code[at]));  // the list grows, its elements stay
      at += 3;
      if (at + numbers + tags > code.size()) throw ArgumentError("the program ends in the middle of an instruction");
      instruction.numbers.assign(code.begin() + long(at), code.begin() + long(at + numbers));
      for (size_t i = 0; i < tags; i++) instruction.tags.push_back(uint8_t(code[at + numbers + i]));
      at += numbers + tags;
      program->code.push_back(std::move(instruction));
    }
    for (double handle : arguments.doubles(1)) program->pinned.emplace(handle, handles().get(handle));
    program->wanted = arguments.doubles(2);
    program->gradMode = arguments.boolean(3);
    program->autocast = arguments.number(4);
    program->freeAfter.resize(program->code.size());
    auto lastUses = arguments.doubles(5);
    for (size_t index = 0; index < lastUses.size(); index++)
      if (lastUses[index] < double(program->code.size())) program->freeAfter[size_t(lastUses[index])].push_back(index);
    program->threads = at::get_num_threads();
    napi_value promise;
    napi_create_promise(env, &program->deferred, &promise);
    if (!worker().thread) worker().thread = new std::thread([] { worker().loop(); });
    napi_ref_threadsafe_function(env, worker().done);
    {
      std::lock_guard<std::mutex> lock(worker().mutex);
      worker().queue.push_back(program.release());
    }
    worker().ready.notify_one();
    return promise;
  });
}

}  // namespace muster
