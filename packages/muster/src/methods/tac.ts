import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { unitRows } from '../losses/index.ts';
import { CentreModel, defineMethod, fingerprintOf, RowScaling, varianceAround } from './method.ts';
import type { EmbeddingData, Fit, MethodContext, TextData } from './method.ts';
import { findCentres } from './tac/centres.ts';
import { retrieveCounterparts } from './tac/counterparts.ts';
import { ImageHeadModel, restoreTac, TextViewModel, viewOf } from './tac/models.ts';
import { selectNouns } from './tac/nouns.ts';
import { tacOptions } from './tac/options.ts';
import type { TacOptions } from './tac/options.ts';
import { sampledKmeans } from './tac/sampled-kmeans.ts';
import { trainHeads } from './tac/train-heads.ts';

/**
 * Text-aided clustering. Images find the nouns that tell them apart, each image gets a counterpart made of nouns, and the groups come
 * from both: by k-means on the two side by side, or by two heads that teach one another (algorithm 1).
 */
export const tac = defineMethod({
  id: 'tac',
  title: 'TAC: images and the nouns that tell them apart',
  paper: 'Li et al., "Image Clustering with External Guidance", ICML 2024',
  promises: 'up-to-k',
  options: tacOptions,
  text: true,
  cost: 'k-means of N / 300 centres, neighbours N² D twice, in blocks; then N D hidden an epoch',
  trains: true,
  restore: restoreTac,

  async fit(data, given, context): Promise<Fit> {
    const text = textOf(data);
    using own = new DisposableStack();
    const scaling = RowScaling.of(data.embeddings, text.centreImages ? 'centred' : 'unit', context.device);
    const images = own.use(scaling.applyAll(data.embeddings, context.device)); // v (N, d)
    const { nouns, words } = chooseNouns(images, text, given, context); // t̄ (M, d)
    context.emit({ stage: 'tac', message: `${words.length} of ${text.words.length} words were chosen` });
    const temperature = given.temperature ?? text.temperature;
    if (given.training !== 'heads') {
      const model = groupTextView(
        { scaling, nouns, temperature, view: given.training === 'none' ? given.order : 'text' },
        images,
        given,
        context,
      );
      return { model, groups: given.groups, words };
    }
    using untilKept = new DisposableStack();
    untilKept.use(nouns);
    const counterparts = own.use(retrieveCounterparts(images, nouns, { tau: temperature })); // t̃ (N, d)
    const known = text.centreImages === data.neighbours?.centred ? data.neighbours : undefined;
    const fingerprint = fingerprintOf(data, given);
    const { head, values } = await trainHeads({ images, counterparts, known, fingerprint }, given, context);
    untilKept.move();
    const model = new ImageHeadModel(scaling, head, { nouns, temperature });
    return { model, groups: given.groups, words, values };
  },
});

function textOf({ text }: EmbeddingData): TextData {
  if (text === undefined) throw new MusterError('method.text', 'TAC needs words beside the images', { kind: 'usage' });
  return text;
}

/** The nouns that images are described with: chosen ones, all of them, or the class names that are given. */
function chooseNouns(
  images: Tensor,
  text: TextData,
  options: TacOptions,
  context: MethodContext,
): { nouns: Tensor; words: readonly string[] } {
  const { device } = context;
  if (options.classNames) {
    const { classes } = text;
    if (classes === undefined) {
      throw new MusterError('method.text', 'No class names are given', {
        fix: 'give them, or leave classNames out',
        kind: 'usage',
      });
    }
    return { nouns: scope(() => unitRows(classes.prompts.to({ device }).mean([1]))), words: classes.names };
  }
  return scope(() => {
    const all = unitRows(text.nouns.to({ device }));
    if (options.centres === 'all-nouns') return { nouns: all, words: text.words };
    const { selected } = selectNouns(all, findCentres(images, options, context), options);
    return { nouns: all.indexSelect(0, selected), words: selected.toNumbers().map((row) => text.words[row] ?? '') };
  });
}

/** k-means starts of the groups where none are asked for. */
const USUAL_STARTS = 20;

/** TAC without training: spherical k-means. Takes the parts of the model over. */
function groupTextView(
  parts: { scaling: RowScaling; nouns: Tensor; temperature: number; view: 'image-text' | 'text-image' | 'text' },
  images: Tensor,
  { groups: k, groupPoints: points, restarts }: TacOptions,
  context: MethodContext,
): TextViewModel {
  const { centres, variance } = scope(() => {
    const view = unitRows(viewOf(images, parts.nouns, parts.temperature, parts.view));
    const found = sampledKmeans(view, { k, points, restarts, usualStarts: USUAL_STARTS, stream: 'groups' }, context);
    const narrow = found.centres.to('float32');
    return { centres: narrow, variance: varianceAround(view, narrow, found.labels) };
  });
  const groups = new CentreModel(new RowScaling(null, 0), centres, variance, 'spherical');
  return new TextViewModel({ ...parts, groups });
}
