/** A strided view of a storage; offset and strides in elements. */
export interface TensorLayout {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A Python tuple. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A Python list. */
export class PickleList {
  readonly items: PickleValue[] = [];
}

/** A Python dict or OrderedDict. */
export class PickleDict {
  readonly entries = new Map<string, PickleValue>();
}

/** A name of Python's that the reader knows; only ever compared, never looked up or called. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Reference to a storage, as a persistent id gives it. */
export class StorageReference {
  /** Name of the storage's type, such as FloatStorage. */
  readonly type: string;
  readonly key: string;
  /** Elements. */
  readonly count: number;

  constructor(type: string, key: string, count: number) {
    this.type = type;
    this.key = key;
    this.count = count;
  }
}

/** A tensor as the pickle describes it: a part of a storage. */
export class PickleTensor {
  readonly storage: StorageReference;
  readonly layout: TensorLayout;

  constructor(storage: StorageReference, layout: TensorLayout) {
    this.storage = storage;
    this.layout = layout;
  }
}

/** What the restricted reader can make of a pickle. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleGlobal
  | StorageReference
  | PickleTensor;
