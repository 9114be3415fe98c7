import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const shapes: Readonly<Record<string, (i: number) => string>> = {
  disc: (i) => `<circle cx="${40 + i}" cy="${48 - i}" r="${22 + i}" fill="#d22"/>`,
  stripes: (i) => [0, 1, 2, 3, 4].map((x) => `<rect x="${x * 20 + i}" width="10" height="96" fill="#22c"/>`).join(''),
  grain: (i) =>
    Array.from(
      { length: 60 },
      (_, d) => `<rect x="${(d * 37 + i) % 90}" y="${(d * 53) % 90}" width="5" height="5" fill="#2a2"/>`,
    ).join(''),
};

/** Draws three kinds of pictures in a folder each: red discs, blue stripes, green grain; numbers `from` to before `to` of each. */
export async function drawShapes(folder: string, from: number, to: number): Promise<void> {
  for (const [kind, draw] of Object.entries(shapes)) {
    mkdirSync(join(folder, kind), { recursive: true });
    for (let i = from; i < to; i++) {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#fff"/>${draw(i)}</svg>`;
      await sharp(Buffer.from(svg))
        .png()
        .toFile(join(folder, kind, `${i}.png`));
    }
  }
}
