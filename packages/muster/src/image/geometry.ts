/** Resampling kernels, always stretched by the scale when shrinking (antialiased). */
export const filters = ['bilinear', 'bicubic'] as const;

/** `bilinear`: triangle of half-width 1; `bicubic`: cubic with a = -0.5 of half-width 2. */
export type Filter = (typeof filters)[number];

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** How pictures of any size are brought to one size. */
export interface Geometry {
  /** The shorter side's new length (the longer becomes floor(resize * long / short)), or the exact size. */
  readonly resize: number | Size;
  /** Side of the central square that is kept; zeros are added where the picture is smaller. null: all is kept. */
  readonly crop: number | null;
  /** Default `resize-crop`. */
  readonly order?: 'resize-crop' | 'crop-resize';
  readonly filter: Filter;
}

/** Geometry of most backbones: shorter side to `resize`, central square of `size`. */
export function centreSquare(size: number, filter: Filter, resizeTo = size): Geometry {
  return { resize: resizeTo, crop: size, filter };
}

/** Geometry that keeps the whole picture and gives up its aspect ratio. */
export function wholeImage(size: number, filter: Filter): Geometry {
  return { resize: [size, size], crop: null, filter };
}

/** The size that a geometry's resize step gives a picture of this size. */
export function resizedSize([height, width]: Size, to: number | Size): Size {
  if (typeof to !== 'number') return to;
  return height <= width ? [to, Math.floor((to * width) / height)] : [Math.floor((to * height) / width), to];
}
