import { escapeCharacter, printable } from '../base/index.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A path's bytes as text that can be shown, stored and compared: valid UTF-8 stays as it is, control and direction
 * characters and invalid bytes become `\xNN` or `\u{NNNN}`, a backslash becomes two. Different bytes give different texts.
 */
export function pathText(bytes: Uint8Array): string {
  const exact = exactText(bytes);
  if (exact !== undefined) return printable(exact.replaceAll('\\', '\\\\'));
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    const part = bytes.subarray(at, at + Math.max(length, 1));
    text += length === 0 ? escapeCharacter(String.fromCharCode(bytes[at] ?? 0)) : pathText(part);
    at += part.length;
  }
  return text;
}

/** A path's bytes as the text they encode; undefined where they are not valid UTF-8. */
export function exactText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The length of the valid UTF-8 character at a position; 0 where there is none. */
function characterLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (exactText(bytes.subarray(at, at + length)) !== undefined) return length;
  }
  return 0;
}
