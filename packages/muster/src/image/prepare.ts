import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import type { Raster } from '../formats/index.ts';
import { cropRaster } from './crop.ts';
import { resizedSize } from './geometry.ts';
import type { Filter, Geometry, Size } from './geometry.ts';
import { imageTensor, resize, resizeCentre } from './resize.ts';

/**
 * Resizes and crops one decoded picture in 8-bit arithmetic: what `resizeCrop` gives, but all on the calling thread, so
 * that it does not wait for cores that decode the next pictures.
 */
export function prepareImage(image: Raster, geometry: Geometry): Raster {
  const { crop, filter, order = 'resize-crop' } = geometry;
  const source = order === 'crop-resize' && crop !== null ? cropRaster(image, crop) : image;
  const size = resizedSize([source.height, source.width], geometry.resize);
  const resized = resizeRaster(source, size, order === 'resize-crop' ? crop : null, filter);
  return order === 'resize-crop' && crop !== null ? cropRaster(resized, crop) : resized;
}

/** Prepared pictures of one size as [n, 3, h, w] uint8, channels-last; [0, 3, 0, 0] where there are none. */
export function stackImages(rows: readonly Raster[]): Tensor {
  const { height, width } = rows[0] ?? { height: 0, width: 0 };
  const each = height * width * 3;
  const bytes = new Uint8Array(rows.length * each);
  rows.forEach((row, index) => {
    if (row.height !== height || row.width !== width) {
      const sizes = `${row.width} x ${row.height} and ${width} x ${height}`;
      throw new MusterError('batch', `pictures of ${sizes} do not make one batch`, {
        kind: 'usage',
        fix: 'give a crop or an exact size',
      });
    }
    bytes.set(row.rgb, index * each);
  });
  return torch.scope(() => torch.tensor(bytes, [rows.length, height, width, 3]).permute([0, 3, 1, 2]));
}

function resizeRaster(image: Raster, size: Size, crop: number | null, filter: Filter): Raster {
  if (image.height === size[0] && image.width === size[1]) return image;
  return torch.scope(() => {
    const images = imageTensor(image); // (1, 3, h, w), channels-last
    const resized = crop === null ? resize(images, size, filter) : resizeCentre(images, size, crop, filter);
    const [, , height = 0, width = 0] = resized.shape;
    const rgb = resized.permute([0, 2, 3, 1]).contiguous().toTypedArray();
    return { height, width, rgb: rgb as Uint8Array };
  });
}
