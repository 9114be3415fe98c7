import sharp from 'sharp';
import { expect, test } from 'vitest';
import { svgToPng } from './svg-to-png.ts';

const picture = (inside: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20" width="60" height="20"><rect width="60" height="20" fill="#fff"/>${inside}</svg>`;

test('a PNG is twice as large as its SVG, with its colours and its texts', async () => {
  const { data, info } = await sharp(await svgToPng(picture('<rect width="30" height="20" fill="#0d6e62"/>')))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 120, height: 40, channels: 3 });
  expect([...data.subarray(0, 3), ...data.subarray(-3)]).toEqual([13, 110, 98, 255, 255, 255]);
  const written = async (text: string): Promise<Buffer> =>
    sharp(await svgToPng(picture(`<text x="2" y="15" font-size="14">${text}</text>`)))
      .raw()
      .toBuffer();
  const [word, other, none] = await Promise.all([written('word'), written('ward'), written('')]);
  expect(word.equals(none)).toBe(false);
  expect(word.equals(other)).toBe(false);
});
