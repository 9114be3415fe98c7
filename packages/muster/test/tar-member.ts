/** What {@link tarMember} writes into a header beside name and content. */
export interface TarMemberOptions {
  type?: string;
  prefix?: string;
  mtime?: number;
  /** The size that the header claims, where it differs. */
  size?: number;
  /** The size field as it is. */
  rawSize?: Buffer;
}

/** The two empty blocks that close an archive. */
export const endOfTar = Buffer.alloc(1024);

/** One member of a ustar archive, header and padded content: for tests. */
export function tarMember(name: string | Buffer, content: string | Uint8Array, options: TarMemberOptions = {}): Buffer {
  const body = Buffer.from(content as Uint8Array);
  const header = Buffer.alloc(512);
  Buffer.from(name as Uint8Array).copy(header, 0, 0, 100);
  header.write('0000644\0', 100, 'latin1');
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  if (options.rawSize === undefined) header.write(octal(options.size ?? body.length, 11), 124, 'latin1');
  else options.rawSize.copy(header, 124);
  header.write(octal(options.mtime ?? 0, 11), 136, 'latin1');
  header.write(options.type ?? '0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(options.prefix ?? '', 345, 155, 'latin1');
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}
