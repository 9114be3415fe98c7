import type { SparseRows } from './sparse-rows.ts';
import type { UmapCurve } from './umap-curve.ts';

/** What {@link optimiseLayout} moves, and how. */
export interface LayoutOptions {
  readonly curve: UmapCurve;
  readonly epochs: number;
  /** Pushes away from random points for each pull. Default 5. */
  readonly negatives?: number;
  /** Step of the first epoch; it falls linearly to 0. Default 1. */
  readonly learningRate?: number;
  /** Seed of the random points, a whole number in 1..2^32 - 1. */
  readonly seed: number;
  /** Called after each epoch. */
  readonly onEpoch?: ((done: number, epochs: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Entries of a coefficient's table: one for each 1 / 256 step of each power of two from 2^-40 to 2^24. */
const STEP_BITS = 15;
const FIRST_EXPONENT = -40;
const LAST_EXPONENT = 24;
const FIRST_ENTRY = ((FIRST_EXPONENT + 127) << 23) >> STEP_BITS;
const ENTRIES = (LAST_EXPONENT - FIRST_EXPONENT) << (23 - STEP_BITS);

/** Bounds of one step along one axis. */
const LARGEST_STEP = 4;

const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

/**
 * UMAP's layout by stochastic gradient descent with negative sampling: every edge pulls its ends together in a share of
 * the epochs equal to its weight over the largest, and each pull is followed by pushes away from random points.
 * Edges come one after the other, so that a seed fixes the result; the pushes of one pull act together. The two forces
 * depend on the squared distance alone and are read from tables, exact to 0.2 %.
 *
 * @param points (n, dimensions) row-major; moved in place
 * @param anchors the points that edges lead to and that push: `points` itself, which are moved at both ends, or
 *   others, which stay
 * @source McInnes, Healy and Melville, "UMAP", 2018, algorithm 5; the sampling schedule of the authors' code
 */
export function optimiseLayout(
  points: Float32Array,
  anchors: Float32Array,
  dimensions: number,
  graph: SparseRows,
  options: LayoutOptions,
): void {
  const { epochs, learningRate = 1, onEpoch, signal } = options;
  const moved = padded(points, dimensions);
  const sampler = new EdgeSampler(
    moved,
    points === anchors ? moved : padded(anchors, dimensions),
    dimensions,
    graph,
    options,
  );
  for (let epoch = 0; epoch < epochs; epoch++) {
    signal?.throwIfAborted();
    sampler.run(epoch, learningRate * (1 - epoch / epochs));
    onEpoch?.(epoch + 1, epochs);
  }
  const stride = strideOf(dimensions);
  for (let at = 0; at < points.length; at++) {
    points[at] = moved[Math.floor(at / dimensions) * stride + (at % dimensions)] ?? 0;
  }
}

/** Rows take two entries or a multiple of four, so that the inner loops need not count single ones. */
const strideOf = (dimensions: number): number => (dimensions <= 2 ? 2 : 4 * Math.ceil(dimensions / 4));

function padded(points: Float32Array, dimensions: number): Float32Array {
  const stride = strideOf(dimensions);
  const rows = new Float32Array((points.length / dimensions) * stride);
  points.forEach((value, at) => (rows[Math.floor(at / dimensions) * stride + (at % dimensions)] = value));
  return rows;
}

class EdgeSampler {
  private readonly points: Float32Array;
  private readonly anchors: Float32Array;
  private readonly stride: number;
  private readonly graph: SparseRows;
  private readonly negatives: number;
  /** Epochs between two samples of each edge, and the epoch of the next. */
  private readonly intervals: Float64Array;
  private readonly next: Float64Array;
  private readonly nextPush: Float64Array;
  private readonly pull: Float32Array;
  private readonly push: Float32Array;
  /** Places and forces of the random points of one pull. */
  private places = new Int32Array(64);
  private forces = new Float64Array(64);
  private clamped = new Float64Array(64);
  private state: number;

  constructor(
    points: Float32Array,
    anchors: Float32Array,
    dimensions: number,
    graph: SparseRows,
    options: LayoutOptions,
  ) {
    const { curve, epochs, negatives = 5, seed } = options;
    this.points = points;
    this.anchors = anchors;
    this.stride = strideOf(dimensions);
    this.graph = graph;
    this.negatives = negatives;
    const largest = graph.weights.reduce((most, weight) => Math.max(most, weight), 0);
    // Edges too weak to be sampled even once are never due.
    this.intervals = graph.weights.map((weight) => (weight < largest / epochs ? Infinity : largest / weight));
    this.next = this.intervals.slice();
    this.nextPush = this.intervals.map((interval) => interval / negatives);
    const { a, b } = curve;
    this.pull = forceTable((d2) => (-2 * a * b * d2 ** (b - 1)) / (1 + a * d2 ** b));
    this.push = forceTable((d2) => (2 * b) / ((0.001 + d2) * (1 + a * d2 ** b)));
    this.state = seed | 0 || 1;
  }

  /** One epoch: all edges that are due, in order. */
  run(epoch: number, rate: number): void {
    const { points, anchors, stride, graph, intervals, next, nextPush, negatives } = this;
    const { n, offsets, targets } = graph;
    const moveBoth = points === anchors;
    for (let i = 0; i < n; i++) {
      const own = i * stride;
      const end = offsets[i + 1] ?? 0;
      for (let edge = offsets[i] ?? 0; edge < end; edge++) {
        const due = next[edge] ?? Infinity;
        if (due > epoch) continue;
        const interval = intervals[edge] ?? Infinity;
        next[edge] = due + interval;
        this.pullTogether(own, (targets[edge] ?? 0) * stride, rate, moveBoth);
        const pushInterval = interval / negatives;
        const pushes = Math.trunc((epoch - (nextPush[edge] ?? 0)) / pushInterval);
        nextPush[edge] = (nextPush[edge] ?? 0) + pushes * pushInterval;
        if (stride === 2) this.pushAwayInPlane(own, pushes, rate);
        else this.pushAway(own, pushes, rate);
      }
    }
  }

  /** Pushes a point of the plane away from random ones. Its coordinates stay in registers: a third of the time. */
  private pushAwayInPlane(own: number, pushes: number, rate: number): void {
    const { points, anchors, push } = this;
    const scale = anchors.length / 2 / 2 ** 32;
    const x = points[own] ?? 0;
    const y = points[own + 1] ?? 0;
    let [alongX, alongY] = [0, 0];
    let { state } = this;
    for (let p = 0; p < pushes; p++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const other = 2 * Math.trunc((state >>> 0) * scale);
      const dx = x - (anchors[other] ?? 0);
      const dy = y - (anchors[other + 1] ?? 0);
      const squared = dx * dx + dy * dy;
      if (squared === 0) continue; // the point itself, or a copy
      const force = forceAt(push, squared);
      alongX += clamp(force * dx);
      alongY += clamp(force * dy);
    }
    this.state = state;
    points[own] = x + rate * alongX;
    points[own + 1] = y + rate * alongY;
  }

  /** Pushes a point away from random ones: first all forces, then one move. */
  private pushAway(own: number, pushes: number, rate: number): void {
    const { points, anchors, stride, push } = this;
    const scale = anchors.length / stride / 2 ** 32;
    if (pushes > this.places.length) this.makeRoom(pushes);
    const { places, forces, clamped } = this;
    let { state } = this;
    let total = 0;
    let anyClamped = false;
    for (let p = 0; p < pushes; p++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const other = stride * Math.trunc((state >>> 0) * scale);
      const squared = squaredDistance(points, own, anchors, other, stride);
      const force = squared === 0 ? 0 : forceAt(push, squared);
      const tooStrong = force * force * squared > LARGEST_STEP * LARGEST_STEP;
      places[p] = other;
      forces[p] = tooStrong ? 0 : rate * force;
      clamped[p] = tooStrong ? force : 0;
      if (tooStrong) anyClamped = true;
      else total += rate * force;
    }
    this.state = state;
    this.move(own, pushes, total);
    if (!anyClamped) return;
    // After the others, whose forces hold for where the point stood.
    for (let p = 0; p < pushes; p++) {
      const force = clamped[p] ?? 0;
      if (force !== 0) this.clampedStep(own, places[p] ?? 0, force, rate, false);
    }
  }

  /** Adds the sum of force x difference, four dimensions at a time. */
  private move(own: number, pushes: number, total: number): void {
    const { points, anchors, stride, places, forces } = this;
    for (let c = own; c < own + stride; c += 4) {
      const shift = c - own;
      const p0 = points[c] ?? 0;
      const p1 = points[c + 1] ?? 0;
      const p2 = points[c + 2] ?? 0;
      const p3 = points[c + 3] ?? 0;
      let x0 = total * p0;
      let x1 = total * p1;
      let x2 = total * p2;
      let x3 = total * p3;
      for (let p = 0; p < pushes; p++) {
        const at = (places[p] ?? 0) + shift;
        const force = forces[p] ?? 0;
        x0 -= force * (anchors[at] ?? 0);
        x1 -= force * (anchors[at + 1] ?? 0);
        x2 -= force * (anchors[at + 2] ?? 0);
        x3 -= force * (anchors[at + 3] ?? 0);
      }
      points[c] = p0 + x0;
      points[c + 1] = p1 + x1;
      points[c + 2] = p2 + x2;
      points[c + 3] = p3 + x3;
    }
  }

  private makeRoom(pushes: number): void {
    this.places = new Int32Array(2 * pushes);
    this.forces = new Float64Array(2 * pushes);
    this.clamped = new Float64Array(2 * pushes);
  }

  private pullTogether(own: number, other: number, rate: number, moveBoth: boolean): void {
    const { points, anchors, stride, pull } = this;
    const squared =
      stride === 2 ? planeDistance(points, own, anchors, other) : squaredDistance(points, own, anchors, other, stride);
    if (squared > 0) this.clampedStep(own, other, forceAt(pull, squared), rate, moveBoth);
  }

  /** A step of at most {@link LARGEST_STEP} along each axis. */
  private clampedStep(own: number, other: number, force: number, rate: number, moveBoth: boolean): void {
    const { points, anchors, stride } = this;
    for (let c = 0; c < stride; c++) {
      const from = points[own + c] ?? 0;
      const to = anchors[other + c] ?? 0;
      const along = rate * clamp(force * (from - to));
      points[own + c] = from + along;
      if (moveBoth) points[other + c] = to - along;
    }
  }
}

function planeDistance(a: Float32Array, at: number, b: Float32Array, bt: number): number {
  const dx = (a[at] ?? 0) - (b[bt] ?? 0);
  const dy = (a[at + 1] ?? 0) - (b[bt + 1] ?? 0);
  return dx * dx + dy * dy;
}

function squaredDistance(a: Float32Array, at: number, b: Float32Array, bt: number, stride: number): number {
  let squared = 0;
  for (let c = 0; c < stride; c += 4) {
    const p = at + c;
    const q = bt + c;
    const d0 = (a[p] ?? 0) - (b[q] ?? 0);
    const d1 = (a[p + 1] ?? 0) - (b[q + 1] ?? 0);
    const d2 = (a[p + 2] ?? 0) - (b[q + 2] ?? 0);
    const d3 = (a[p + 3] ?? 0) - (b[q + 3] ?? 0);
    squared += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3);
  }
  return squared;
}

/** Values of a function of the squared distance at the middle of each step of its exponent and first eight digits. */
function forceTable(force: (squared: number) => number): Float32Array {
  return Float32Array.from({ length: ENTRIES }, (_, entry) => {
    bits[0] = ((FIRST_ENTRY + entry) << STEP_BITS) + (1 << (STEP_BITS - 1));
    return force(single[0] ?? 0);
  });
}

function forceAt(table: Float32Array, squared: number): number {
  single[0] = squared;
  const entry = ((bits[0] ?? 0) >> STEP_BITS) - FIRST_ENTRY;
  return table[entry < 0 ? 0 : entry < ENTRIES ? entry : ENTRIES - 1] ?? 0;
}

function clamp(value: number): number {
  if (value > LARGEST_STEP) return LARGEST_STEP;
  return value < -LARGEST_STEP ? -LARGEST_STEP : value;
}
