/** A JSON value; objects are maps, so that no key (`__proto__`) is special. Naturals are numbers, all else is a {@link JsonReal}. */
export type JsonValue = null | boolean | number | string | JsonReal | JsonValue[] | Map<string, JsonValue>;

/** A number that is not written as a plain natural: negative, fractional or with an exponent. */
export class JsonReal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Bounds that keep the work on hostile input small. */
export interface JsonLimits {
  /** Levels of objects and lists. */
  readonly depth: number;
  /** Members of one object. */
  readonly members: number;
  /** Values in all. */
  readonly values: number;
  /** Bytes of one string. */
  readonly textBytes: number;
}

/** The input is not JSON, or breaks a limit; the message says what and at which byte. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const NATURAL = /^(0|[1-9]\d*)$/;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const LONGEST_NUMBER = 64;

/**
 * Reads one JSON value that starts at byte 0 and gives it with the place where it ends. Stricter than `JSON.parse`: a key
 * that occurs twice in an object, UTF-8 that is not valid, half a surrogate pair and a natural beyond 2^53 are errors.
 * Works on the bytes, so that nothing as large as the input is allocated.
 */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits): { value: JsonValue; end: number } {
  const parser = new Parser(bytes, limits);
  return { value: parser.value(0), end: parser.at };
}

class Parser {
  at = 0;
  private values = 0;
  private readonly bytes: Uint8Array;
  private readonly limits: JsonLimits;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.bytes = bytes;
    this.limits = limits;
  }

  value(depth: number): JsonValue {
    this.values += 1;
    if (this.values > this.limits.values) this.fail(`more than ${this.limits.values} values`);
    const first = this.bytes[this.at];
    if (first === QUOTE) return this.string();
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return this.scalar();
    if (depth >= this.limits.depth) this.fail(`nested deeper than ${this.limits.depth} levels`);
    this.at += 1;
    return first === OPEN_BRACE ? this.object(depth + 1) : this.list(depth + 1);
  }

  private object(depth: number): Map<string, JsonValue> {
    const members = new Map<string, JsonValue>();
    this.space();
    if (this.accept(CLOSE_BRACE)) return members;
    do {
      this.space();
      if (this.bytes[this.at] !== QUOTE) this.fail('a name in double quotes is missing');
      const name = this.string();
      if (members.has(name)) this.fail(`the name ${JSON.stringify(shorten(name))} occurs twice`);
      this.space();
      if (!this.accept(0x3a)) this.fail('a colon is missing');
      this.space();
      members.set(name, this.value(depth));
      if (members.size > this.limits.members) this.fail(`more than ${this.limits.members} members in an object`);
      this.space();
    } while (this.accept(COMMA));
    if (!this.accept(CLOSE_BRACE)) this.fail('a comma or } is missing');
    return members;
  }

  private list(depth: number): JsonValue[] {
    const elements: JsonValue[] = [];
    this.space();
    if (this.accept(CLOSE_BRACKET)) return elements;
    do {
      this.space();
      elements.push(this.value(depth));
      this.space();
    } while (this.accept(COMMA));
    if (!this.accept(CLOSE_BRACKET)) this.fail('a comma or ] is missing');
    return elements;
  }

  private string(): string {
    const begin = this.at + 1;
    let end = begin;
    let plain = true;
    for (; ; end += 1) {
      const byte = this.bytes[end];
      if (byte === QUOTE) break;
      if (byte === undefined || byte < 0x20) this.fail('a string does not end');
      if (byte === BACKSLASH) {
        plain = false;
        end += 1;
      }
    }
    if (end - begin > this.limits.textBytes) this.fail(`a string of more than ${this.limits.textBytes} bytes`);
    this.at = end + 1;
    const text = this.decode(begin, end);
    return plain ? text : this.unescape(text);
  }

  private decode(begin: number, end: number): string {
    try {
      return this.decoder.decode(this.bytes.subarray(begin, end));
    } catch {
      return this.fail('a string is not valid UTF-8');
    }
  }

  private unescape(text: string): string {
    let result: unknown;
    try {
      result = JSON.parse(`"${text}"`);
    } catch {
      return this.fail('a string has a wrong escape');
    }
    if (typeof result !== 'string' || !result.isWellFormed()) return this.fail('a string holds half a surrogate pair');
    return result;
  }

  private scalar(): JsonValue {
    const begin = this.at;
    while (this.at - begin < LONGEST_NUMBER && isScalarByte(this.bytes[this.at])) this.at += 1;
    const text = String.fromCharCode(...this.bytes.subarray(begin, this.at));
    if (text === 'true') return true;
    if (text === 'false') return false;
    if (text === 'null') return null;
    if (!NUMBER.test(text)) this.fail('a value is missing or not JSON');
    if (!NATURAL.test(text)) return new JsonReal(text);
    const natural = Number(text);
    return Number.isSafeInteger(natural) ? natural : this.fail(`the number ${text} is beyond 2^53`);
  }

  private space(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at += 1;
    }
  }

  private accept(byte: number): boolean {
    if (this.bytes[this.at] !== byte) return false;
    this.at += 1;
    return true;
  }

  private fail(problem: string): never {
    throw new JsonError(`${problem} (byte ${this.at})`);
  }
}

function isScalarByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = byte | 0x20;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (letter >= 0x61 && letter <= 0x7a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  );
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
