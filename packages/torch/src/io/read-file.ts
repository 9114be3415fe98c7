import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { formatError } from './format-error.ts';

/** A regular file opened for reading at any place. Its size is that of the moment of opening. */
export class InputFile {
  readonly path: string;
  readonly size: number;
  private readonly reader: string;
  private descriptor: number | null;

  /**
   * Opens a file. A folder, a pipe or a device is refused before it is opened, since opening a pipe would wait.
   *
   * @param reader name of the reader, for messages
   */
  constructor(path: string, reader: string) {
    if (!statSync(path).isFile()) throw formatError(reader, path, 'not a regular file');
    this.path = path;
    this.reader = reader;
    this.descriptor = openSync(path, 'r');
    this.size = fstatSync(this.descriptor).size;
  }

  /** Exactly `length` bytes from `position`; a file that ends before is refused. */
  read(position: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const got = readSync(this.open(), bytes, done, length - done, position + done);
      if (got === 0) throw formatError(this.reader, this.path, `cut short: it ends at byte ${position + done}`);
      done += got;
    }
    return bytes;
  }

  /** Refuses if the file has become shorter since it was opened: a mapping of it would be deadly to touch. */
  checkSize(): void {
    const { size } = fstatSync(this.open());
    if (size < this.size)
      throw formatError(this.reader, this.path, `it had ${this.size} bytes when opened and now has ${size}`);
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }

  private open(): number {
    if (this.descriptor === null) throw formatError(this.reader, this.path, 'it was closed');
    return this.descriptor;
  }
}
