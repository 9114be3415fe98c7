import type { InputFile } from './read-file.ts';
import type { Refuse } from './format-error.ts';

const WINDOW_BYTES = 64 * 1024;

/** Reads a file front to back in small steps, through a window that is filled as needed. */
export class ByteCursor {
  /** Place in the file of the next byte. */
  position = 0;
  private readonly file: InputFile;
  private readonly refuse: Refuse;
  private window = new Uint8Array(0);
  private windowStart = 0;

  constructor(file: InputFile, refuse: Refuse) {
    this.file = file;
    this.refuse = refuse;
  }

  byte(): number {
    return this.view(1).getUint8(0);
  }

  uint16(): number {
    return this.view(2).getUint16(0, true);
  }

  uint32(): number {
    return this.view(4).getUint32(0, true);
  }

  int32(): number {
    return this.view(4).getInt32(0, true);
  }

  /** A 64-bit integer that is a natural number of JavaScript's. */
  natural64(): number {
    const value = this.view(8).getBigInt64(0, true);
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) return this.refuse(`${value} is no count of elements`);
    return Number(value);
  }

  /** A copy of the next bytes. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > WINDOW_BYTES) {
      this.require(length);
      const bytes = this.file.read(this.position, length);
      this.position += length;
      return bytes;
    }
    const view = this.view(length);
    return new Uint8Array(view.buffer, view.byteOffset, length).slice();
  }

  /** Text up to a line feed, which is consumed, of at most `limit` bytes, printable ASCII only. */
  line(limit: number): string {
    let text = '';
    for (let byte = this.byte(); byte !== 0x0a; byte = this.byte()) {
      if (text.length >= limit || byte < 0x20 || byte > 0x7e)
        return this.refuse('a name in the pickle is too long or not plain text');
      text += String.fromCharCode(byte);
    }
    return text;
  }

  private view(length: number): DataView<ArrayBuffer> {
    let offset = this.position - this.windowStart;
    if (offset < 0 || offset + length > this.window.length) {
      this.require(length);
      this.window = this.file.read(this.position, Math.min(WINDOW_BYTES, this.file.size - this.position));
      this.windowStart = this.position;
      offset = 0;
    }
    this.position += length;
    return new DataView(this.window.buffer, offset, length);
  }

  private require(length: number): void {
    if (length > this.file.size - this.position)
      this.refuse(`cut short: ${length} more bytes are needed at byte ${this.position}`);
  }
}
