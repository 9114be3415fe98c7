/** The curve 1 / (1 + a x^(2b)) that turns distances of the layout into affinities. */
export interface UmapCurve {
  readonly a: number;
  readonly b: number;
}

const POINTS = 300;
const LARGEST_STEPS = 500;

/**
 * The curve nearest, by least squares on 300 points up to 3 `spread`, to the one that is 1 below `minDistance` and falls
 * as exp(-(x - minDistance) / spread) beyond.
 *
 * @source McInnes, Healy and Melville, "UMAP", 2018, definition 11; fitted by Levenberg and Marquardt's method
 */
export function umapCurve(spread: number, minDistance: number): UmapCurve {
  const xs = Float64Array.from({ length: POINTS }, (_, i) => (3 * spread * i) / (POINTS - 1));
  const ys = xs.map((x) => (x < minDistance ? 1 : Math.exp(-(x - minDistance) / spread)));
  let best = { a: 1, b: 1 };
  let error = squaredError(best, xs, ys);
  let damping = 1e-3;
  for (let step = 0; step < LARGEST_STEPS && damping < 1e12; step++) {
    const next = dampedStep(best, xs, ys, damping);
    const nextError = next.a > 0 && next.b > 0 ? squaredError(next, xs, ys) : Infinity;
    if (!(nextError < error)) {
      damping *= 10;
      continue;
    }
    const gain = error - nextError;
    [best, error, damping] = [next, nextError, damping / 10];
    if (gain < 1e-16 * (1 + error)) break;
  }
  return best;
}

function squaredError({ a, b }: UmapCurve, xs: Float64Array, ys: Float64Array): number {
  return xs.reduce((sum, x, i) => sum + (1 / (1 + a * x ** (2 * b)) - (ys[i] ?? 0)) ** 2, 0);
}

/** One step of the damped normal equations. */
function dampedStep({ a, b }: UmapCurve, xs: Float64Array, ys: Float64Array, damping: number): UmapCurve {
  let [aa, ab, bb, ra, rb] = [0, 0, 0, 0, 0];
  xs.forEach((x, i) => {
    const power = x ** (2 * b);
    const value = 1 / (1 + a * power);
    const byA = -power * value * value;
    const byB = x > 0 ? 2 * a * Math.log(x) * byA : 0;
    const error = (ys[i] ?? 0) - value;
    aa += byA * byA;
    ab += byA * byB;
    bb += byB * byB;
    ra += byA * error;
    rb += byB * error;
  });
  const [p, q] = [aa * (1 + damping), bb * (1 + damping)];
  const determinant = p * q - ab * ab;
  return { a: a + (q * ra - ab * rb) / determinant, b: b + (p * rb - ab * ra) / determinant };
}
