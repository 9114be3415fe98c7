import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import {
  colourJitter,
  compose,
  Draws,
  gaussianBlur,
  greyscale,
  horizontalFlip,
  normalise,
  randomCrop,
  randomResizedCrop,
  rotate,
} from '../../packages/muster/src/augment/index.ts';
import type { Transform } from '../../packages/muster/src/augment/index.ts';
import { fromPeer } from '../compare.ts';
import type { Row } from '../row.ts';

const BATCH = 128;

const flip = horizontalFlip({ p: 0.5 });
const grey = greyscale({ p: 0.2 });
const jitter = { brightness: 0.4, contrast: 0.4, saturation: 0.4 } as const;
const colours = colourJitter({ ...jitter, hue: 0.1, p: 0.8 });
const standard = normalise({ mean: [0.485, 0.456, 0.406], sd: [0.229, 0.224, 0.225] });

/** The views of the peer's augment.py, with the number of images that a run makes. */
const views: Record<string, { readonly images: number; readonly what: string; readonly view: Transform }> = {
  mnist: {
    images: 4096,
    what: 'MMDC on digits of 28 px: rotation, crop of 24, 20 or 16, to 32 px',
    view: compose(rotate({ degrees: 25, filter: 'nearest' }), randomCrop({ sizes: [24, 20, 16], output: 32 })),
  },
  cifar: {
    images: 4096,
    what: 'MMDC at 32 px: jitter, grey, flip, crop of 20 to 32 px',
    view: compose(colourJitter({ ...jitter, hue: 0.125 }), grey, flip, randomCrop({ sizes: [20], output: 32 })),
  },
  'simclr-32': {
    images: 4096,
    what: 'SimCLR at 32 px: resized crop, flip, jitter, grey',
    view: compose(randomResizedCrop({ size: 32, scale: [0.2, 1] }), flip, colours, grey, standard),
  },
  'simclr-224': {
    images: 256,
    what: 'SimCLR at 224 px of 256: resized crop, flip, jitter, grey, blur',
    view: compose(
      randomResizedCrop({ size: 224, scale: [0.08, 1] }),
      flip,
      colours,
      grey,
      gaussianBlur({ kernel: 23, sigma: [0.1, 2], p: 0.5 }),
      standard,
    ),
  },
};

/** Every batch's views in turn, of an epoch of their own in each run. */
function viewer(view: Transform, pixels: Tensor): (take: (images: Tensor) => void) => void {
  const [count = 0] = pixels.shape;
  let epoch = 0;
  return (take) => {
    epoch += 1;
    for (let from = 0; from < count; from += BATCH) {
      const rows = Int32Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => from + at);
      scope(() => {
        const images = pixels.narrow(0, from, rows.length).permute([0, 3, 1, 2]);
        take(noGrad(() => view(images, new Draws({ seed: 0, epoch, view: 0, rows }))));
      });
    }
  };
}

function row(name: string, engine: 'pil' | 'tensor'): Row {
  const { images, what, view } = views[name] ?? { images: 0, what: '', view: compose() };
  const title =
    engine === 'pil' ? 'torchvision on Pillow, worker processes' : 'torchvision on tensors, worker processes';
  return {
    name: `augment-${name}-${engine}`,
    work: `random views, ${what}; batches of ${BATCH}`,
    goals: { amd26: 0.5, amd25: 0.5, intel: 0.5 },
    peer: { title, program: 'augment.py', arguments: [name, engine, String(images)] },
    runs: 1,
    unit: { name: 'µs an image', perMs: 1000 / images },
    prepare: (context) => {
      const pixels = fromPeer(context, 'pixels');
      const run = viewer(view, pixels);
      const parts: number[][] = [];
      run((x) => parts.push([x.mean().item(), x.square().mean().item(), x.shape[0] ?? 0]));
      const mean = (at: number) =>
        parts.reduce((sum, part) => sum + (part[at] ?? 0) * (part[2] ?? 0), 0) / (pixels.shape[0] ?? 0);
      const [expectedMean = NaN, expectedSd = NaN] = fromPeer(context, 'moments').toNumbers();
      // The moments of so many random views differ by about .8 / sqrt(n) deviations from one another.
      const limit = 3 / Math.sqrt(pixels.shape[0] ?? 0);
      const sd = Math.sqrt(mean(1) - mean(0) ** 2);
      return {
        checks: [
          {
            name: "mean of the views, difference from the peer's in deviations",
            value: Math.abs(mean(0) - expectedMean) / expectedSd,
            limit,
          },
          {
            name: "deviation of the views, relative difference from the peer's",
            value: Math.abs(sd / expectedSd - 1),
            limit,
          },
        ],
        run: () => run(() => undefined),
      };
    },
  };
}

/** Augmentation alone. */
export const augmentRows: readonly Row[] = Object.keys(views).flatMap((name) => [
  row(name, 'pil'),
  row(name, 'tensor'),
]);
