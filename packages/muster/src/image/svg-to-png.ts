import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { MusterError } from '../base/index.ts';

/** Pixels an SVG unit: twice what a screen shows, for print. */
const scale = 2;
/** Pixels an inch at which an SVG unit is a pixel. */
const plainDensity = 72;

/**
 * An SVG file of our own as a PNG, twice as large.
 *
 * @throws MusterError `figures.fonts` where the machine has no font to write with
 */
export async function svgToPng(svg: string): Promise<Uint8Array> {
  if (!(await canWrite())) {
    throw new MusterError('figures.fonts', 'this machine has no font to write the texts of a PNG with', {
      kind: 'usage',
      fix: 'install one (Debian: apt-get install fonts-dejavu-core), or draw SVG files',
    });
  }
  return await drawn(svg).png().toBuffer();
}

function drawn(svg: string): Sharp {
  // Hundreds of pictures may stand in one figure: more text than a stranger's file is allowed.
  return sharp(Buffer.from(svg), { density: scale * plainDensity, unlimited: true, limitInputPixels: false });
}

/** Without a font all letters look the same: empty, or like a box. */
async function canWrite(): Promise<boolean> {
  const letter = (text: string): Promise<Buffer> =>
    drawn(
      `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="15" font-size="14" font-family="sans-serif">${text}</text></svg>`,
    )
      .raw()
      .toBuffer();
  const [narrow, wide] = await Promise.all([letter('i'), letter('W')]);
  return !narrow.equals(wide);
}
