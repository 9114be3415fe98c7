import type { ByteCursor } from './byte-cursor.ts';
import type { Refuse } from './format-error.ts';
import { PickleDict, PickleGlobal, PickleList, PickleTuple } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';
import { readStorageReference, readTensor, storageTypes } from './pth-tensors.ts';

/** Bounds on the work one pickle may ask for; a state dict of 10,000 tensors needs about a tenth of them. */
export const pickleLimits = {
  operations: 5_000_000,
  stack: 1_000_000,
  memo: 1_000_000,
  textBytes: 65_536,
  lineBytes: 256,
  longBytes: 16,
} as const;

const ORDERED_DICT = 'collections OrderedDict';
const REBUILD_TENSOR = 'torch._utils _rebuild_tensor_v2';
/** The names a pickle may use. They are tags for this reader; nothing of that name is ever looked up. */
const allowedGlobals: ReadonlySet<string> = new Set([
  ORDERED_DICT,
  REBUILD_TENSOR,
  ...[...storageTypes.keys()].map((type) => `torch ${type}`),
]);

/** Marks the beginning of a group on the stack. */
const mark = Symbol('mark');

/**
 * Reads one pickle of protocol 2 as torch.save writes state dicts: a closed list of operations and names, everything else is
 * refused. Nothing is imported and nothing called: REDUCE knows two constructors, by name, and builds plain data for them.
 */
export function readPickle(cursor: ByteCursor, refuse: Refuse): PickleValue {
  return new Unpickler(cursor, refuse).run();
}

class Unpickler {
  private readonly cursor: ByteCursor;
  private readonly refuse: Refuse;
  private readonly stack: (PickleValue | typeof mark)[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(cursor: ByteCursor, refuse: Refuse) {
    this.cursor = cursor;
    this.refuse = refuse;
  }

  run(): PickleValue {
    if (this.cursor.byte() !== 0x80 || this.cursor.byte() !== 2)
      return this.refuse('no pickle of protocol 2 begins here');
    for (let operations = 0; operations < pickleLimits.operations; operations += 1) {
      const code = this.cursor.byte();
      if (code === 0x2e) return this.finish();
      if (!this.literal(code) && !this.memorise(code) && !this.collect(code)) this.build(code);
      if (this.stack.length > pickleLimits.stack) this.refuse('the pickle nests too much');
    }
    return this.refuse(`the pickle has more than ${pickleLimits.operations} operations`);
  }

  private finish(): PickleValue {
    const value = this.pop();
    return this.stack.length === 0 ? value : this.refuse('the pickle leaves more than one value');
  }

  /** NONE, NEWTRUE, NEWFALSE, BININT, BININT1, BININT2, LONG1, BINUNICODE and the empty containers. */
  private literal(code: number): boolean {
    switch (code) {
      case 0x4e:
        return this.push(null);
      case 0x88:
        return this.push(true);
      case 0x89:
        return this.push(false);
      case 0x4a:
        return this.push(this.cursor.int32());
      case 0x4b:
        return this.push(this.cursor.byte());
      case 0x4d:
        return this.push(this.cursor.uint16());
      case 0x8a:
        return this.push(this.long());
      case 0x58:
        return this.push(this.text());
      case 0x7d:
        return this.push(new PickleDict());
      case 0x5d:
        return this.push(new PickleList());
      case 0x29:
        return this.push(new PickleTuple([]));
      default:
        return false;
    }
  }

  /** BINPUT, LONG_BINPUT, BINGET, LONG_BINGET. */
  private memorise(code: number): boolean {
    switch (code) {
      case 0x71:
        return this.put(this.cursor.byte());
      case 0x72:
        return this.put(this.cursor.uint32());
      case 0x68:
        return this.get(this.cursor.byte());
      case 0x6a:
        return this.get(this.cursor.uint32());
      default:
        return false;
    }
  }

  /** MARK, TUPLE, TUPLE1 to TUPLE3, APPEND, APPENDS, SETITEM, SETITEMS. */
  private collect(code: number): boolean {
    switch (code) {
      case 0x28:
        this.stack.push(mark);
        return true;
      case 0x74:
        return this.push(new PickleTuple(this.popToMark()));
      case 0x85:
        return this.push(new PickleTuple(this.popSome(1)));
      case 0x86:
        return this.push(new PickleTuple(this.popSome(2)));
      case 0x87:
        return this.push(new PickleTuple(this.popSome(3)));
      case 0x61:
        return this.append(this.popSome(1));
      case 0x65:
        return this.append(this.popToMark());
      case 0x73:
        return this.setItems(this.popSome(2));
      case 0x75:
        return this.setItems(this.popToMark());
      default:
        return false;
    }
  }

  /** GLOBAL, BINPERSID, REDUCE, BUILD; what is none of them is refused. */
  private build(code: number): void {
    switch (code) {
      case 0x63:
        return void this.push(this.global());
      case 0x51:
        return void this.push(readStorageReference(this.pop(), this.refuse));
      case 0x52:
        return void this.push(this.reduce());
      case 0x62:
        return this.ignoreState();
      default:
        this.refuse(`operation 0x${code.toString(16)} is not on the list of this reader`);
    }
  }

  private global(): PickleGlobal {
    const name = `${this.cursor.line(pickleLimits.lineBytes)} ${this.cursor.line(pickleLimits.lineBytes)}`;
    if (!allowedGlobals.has(name))
      this.refuse(`it asks for ${JSON.stringify(name.replace(' ', '.'))}, which is not on the list of this reader`);
    return new PickleGlobal(name);
  }

  private reduce(): PickleValue {
    const [constructor, given] = this.popSome(2);
    if (!(constructor instanceof PickleGlobal) || !(given instanceof PickleTuple))
      return this.refuse('REDUCE without name and tuple');
    if (constructor.name === REBUILD_TENSOR) return readTensor(given, this.refuse);
    if (constructor.name === ORDERED_DICT && given.items.length === 0) return new PickleDict();
    return this.refuse(`${constructor.name} cannot be built from ${given.items.length} arguments`);
  }

  /** BUILD sets the attribute `_metadata` (versions of modules) on a state dict: read over. */
  private ignoreState(): void {
    const state = this.pop();
    const target = this.stack.at(-1);
    if (!(target instanceof PickleDict) || !(state instanceof PickleDict))
      return this.refuse('BUILD on something else than a state dict');
    for (const key of state.entries.keys()) if (key !== '_metadata') this.refuse(`BUILD sets ${JSON.stringify(key)}`);
  }

  private append(items: PickleValue[]): boolean {
    const list = this.stack.at(-1);
    if (!(list instanceof PickleList)) return this.refuse('APPEND to something else than a list');
    for (const item of items) list.items.push(item);
    return true;
  }

  private setItems(items: PickleValue[]): boolean {
    const dict = this.stack.at(-1);
    if (!(dict instanceof PickleDict) || items.length % 2 !== 0)
      return this.refuse('SETITEMS without a dictionary and pairs');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      const value = items[i + 1];
      if (typeof key !== 'string' || value === undefined) return this.refuse('a key of a dictionary is no text');
      if (dict.entries.has(key)) this.refuse(`the key ${JSON.stringify(key)} occurs twice`);
      dict.entries.set(key, value);
    }
    return true;
  }

  private long(): number | bigint {
    const bytes = this.cursor.byte();
    if (bytes > pickleLimits.longBytes) return this.refuse(`an integer of ${bytes} bytes`);
    let value = 0n;
    this.cursor.take(bytes).forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
    value = BigInt.asIntN(8 * bytes, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private text(): string {
    const bytes = this.cursor.uint32();
    if (bytes > pickleLimits.textBytes) return this.refuse(`a text of ${bytes} bytes`);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.cursor.take(bytes));
    } catch (error) {
      if (error instanceof TypeError) return this.refuse('a text is not valid UTF-8');
      throw error;
    }
  }

  private put(index: number): boolean {
    const value = this.stack.at(-1);
    if (value === undefined || value === mark) return this.refuse('there is nothing to remember');
    this.memo.set(index, value);
    return this.memo.size <= pickleLimits.memo || this.refuse('the pickle remembers too much');
  }

  private get(index: number): boolean {
    const value = this.memo.get(index);
    return value === undefined ? this.refuse(`nothing was remembered as ${index}`) : this.push(value);
  }

  private push(value: PickleValue): true {
    this.stack.push(value);
    return true;
  }

  private pop(): PickleValue {
    const value = this.stack.pop();
    return value === undefined || value === mark ? this.refuse('a value is missing on the stack') : value;
  }

  private popSome(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  private popToMark(): PickleValue[] {
    const items: PickleValue[] = [];
    for (let value = this.stack.pop(); value !== mark; value = this.stack.pop()) {
      if (value === undefined) return this.refuse('a mark is missing on the stack');
      items.push(value);
    }
    return items.reverse();
  }
}
