/**
 * Initialisations in place. All draw from `generator` if given, else from the default generator, in PyTorch's order, so that
 * equal seeds give PyTorch's numbers.
 */
import { emptyLike, noGrad, scope, where } from '../index.ts';
import type { Generator, Tensor } from '../index.ts';
import { moduleError } from './module.ts';

/** Which of the two counts of connections scales a Kaiming initialisation. */
export type FanMode = 'fanIn' | 'fanOut';

interface Draw {
  readonly generator?: Generator;
}

/** Every entry `value`. */
export function constant_(tensor: Tensor, value: number): Tensor {
  return noGrad(() => tensor.fill_(value));
}

/** Uniform on [low, high). */
export function uniform_(tensor: Tensor, low: number, high: number, { generator }: Draw = {}): Tensor {
  return noGrad(() => tensor.uniform_(low, high, { generator }));
}

/** Normal with the given mean and standard deviation. */
export function normal_(tensor: Tensor, mean: number, sd: number, { generator }: Draw = {}): Tensor {
  return noGrad(() => tensor.normal_(mean, sd, { generator }));
}

/** Options of {@link truncNormal_}: bounds are values, not multiples of sd. */
export interface TruncNormal extends Draw {
  readonly mean?: number;
  readonly sd?: number;
  readonly low?: number;
  readonly high?: number;
}

/** Share of the normal distribution that must lie within the bounds for drawing again to be worth it; PyTorch's value. */
const WORTH_DRAWING = 0.3;

/**
 * Normal, cut off at `low` and `high`: what falls outside is drawn again, as in PyTorch 2.13; where little of the distribution lies
 * between narrow bounds, by inverting the distribution function (timm's way).
 */
export function truncNormal_(tensor: Tensor, options: TruncNormal = {}): Tensor {
  const { mean = 0, sd = 1, low = -2, high = 2, generator } = options;
  const [below, upTo] = [normalDistribution((low - mean) / sd), normalDistribution((high - mean) / sd)];
  return noGrad(() => {
    if (upTo - below > WORTH_DRAWING)
      return drawWithin(tensor.normal_(mean, sd, { generator }), { mean, sd, low, high, generator });
    const standard = tensor.uniform_(2 * below - 1, 2 * upTo - 1, { generator }).erfinv_();
    return standard
      .mul_(sd * Math.SQRT2)
      .add_(mean)
      .clamp_(low, high);
  });
}

function drawWithin(
  tensor: Tensor,
  { mean, sd, low, high, generator }: Required<Omit<TruncNormal, 'generator'>> & Draw,
): Tensor {
  const redrawn = (): boolean =>
    scope(() => {
      const outside = tensor.lt(low).logicalOr(tensor.gt(high));
      if (outside.any().item() === 0) return false;
      const again = emptyLike(tensor).normal_(mean, sd, { generator });
      tensor.copy_(where(outside, again, tensor));
      return true;
    });
  while (redrawn());
  return tensor;
}

/** Uniform within ±sqrt(6 / (fan in + fan out)) (Glorot & Bengio 2010, eq. 16). */
export function xavierUniform_(tensor: Tensor, { gain = 1, generator }: Draw & { gain?: number } = {}): Tensor {
  const { fanIn, fanOut } = fans(tensor);
  const bound = Math.sqrt(3) * gain * Math.sqrt(2 / (fanIn + fanOut));
  return uniform_(tensor, -bound, bound, { generator });
}

/** Uniform within ±sqrt(6 / ((1 + a²) fan)) (He et al. 2015); `slope` is a, the leaky ReLU's: 0 for a ReLU. */
export function kaimingUniform_(
  tensor: Tensor,
  { slope = 0, mode = 'fanIn', generator }: Draw & { slope?: number; mode?: FanMode } = {},
): Tensor {
  const bound = Math.sqrt(3) * kaimingSd(tensor, slope, mode);
  return uniform_(tensor, -bound, bound, { generator });
}

/** Normal with variance 2 / ((1 + a²) fan) (He et al. 2015, eq. 10). */
export function kaimingNormal_(
  tensor: Tensor,
  { slope = 0, mode = 'fanIn', generator }: Draw & { slope?: number; mode?: FanMode } = {},
): Tensor {
  return normal_(tensor, 0, kaimingSd(tensor, slope, mode), { generator });
}

/** A fused qkv weight [3 d, d], Xavier-uniform for each of q, k and v alone (MoCo v3, ViT-IC): ±sqrt(6 / (d + d)). */
export function xavierUniformQkv_(weight: Tensor, { generator }: Draw = {}): Tensor {
  const { fanIn, fanOut } = fans(weight);
  const bound = Math.sqrt(6 / (Math.floor(fanOut / 3) + fanIn));
  return uniform_(weight, -bound, bound, { generator });
}

/** A patch convolution [o, c, p, p], Xavier-uniform as the matrix [o, c p p] that it is (MAE). */
export function xavierUniformPatch_(weight: Tensor, { generator }: Draw = {}): Tensor {
  scope(() => xavierUniform_(weight.detach().flatten(1), { generator }));
  return weight;
}

/** PyTorch's default of Linear and Conv2d: weight and bias uniform within ±1/sqrt(fan in). */
export function defaultLinear_(weight: Tensor, bias: Tensor | null, { generator }: Draw = {}): void {
  if (weight.numel > 0) kaimingUniform_(weight, { slope: Math.sqrt(5), generator });
  const { fanIn } = fans(weight);
  if (bias === null) return;
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(bias, -bound, bound, { generator });
}

/** Connections into and out of a unit of a weight [out, in, ...kernel]. */
export function fans(weight: Tensor): { fanIn: number; fanOut: number } {
  const [out, into, ...kernel] = weight.shape;
  if (out === undefined || into === undefined)
    throw moduleError('init', `a weight needs two dimensions or more, got ${weight.toString()}`);
  const field = kernel.reduce((product, size) => product * size, 1);
  return { fanIn: into * field, fanOut: out * field };
}

function kaimingSd(tensor: Tensor, slope: number, mode: FanMode): number {
  return Math.sqrt(2 / (1 + slope * slope)) / Math.sqrt(fans(tensor)[mode]);
}

/** Distribution function of the standard normal: (1 + erf(x / sqrt 2)) / 2, by its series to double precision. */
function normalDistribution(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
