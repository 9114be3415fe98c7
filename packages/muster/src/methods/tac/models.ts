import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../../base/index.ts';
import { TacHead } from '../../train/index.ts';
import { CentreModel, RowScaling, settingNumber, storedTensor } from '../method.ts';
import type { Model, StoredModel, WordReading } from '../method.ts';
import { joinModalities, nounProbabilities, retrieveCounterparts } from './counterparts.ts';

/** What k-means saw: images beside their text counterparts, or the counterparts alone. */
export const textViews = ['image-text', 'text-image', 'text'] as const;
export type TextView = (typeof textViews)[number];

/** The nouns that images were described with. */
export interface ChosenNouns {
  /** [M, d] unit rows. */
  readonly nouns: Tensor;
  /** Of the retrieval. */
  readonly temperature: number;
}

/** TAC's image head in evaluation mode; the text head is not used. Source: TAC section 3.4. */
export class ImageHeadModel implements Model {
  readonly isHead = true;
  readonly reading: WordReading | null;
  private readonly scaling: RowScaling;
  private readonly head: TacHead;
  private readonly chosen: ChosenNouns | null;

  /**
   * Takes all over.
   *
   * @param chosen groups need no words: they are kept to tell what images and groups are; null: runs of earlier versions lack them
   */
  constructor(scaling: RowScaling, head: TacHead, chosen: ChosenNouns | null) {
    this.scaling = scaling;
    this.head = head;
    this.chosen = chosen;
    this.reading = chosen === null ? null : readingOf(scaling, chosen);
    head.eval();
  }

  probabilities(rows: Tensor): Tensor {
    return scope(() => this.head.probabilities(this.scaling.apply(rows)));
  }

  store(): StoredModel {
    const { tensors, settings } = this.scaling.store();
    const state = [...this.head.stateDict()].map(([name, value]) => [`head.${name}`, value] as const);
    const all = new Map([...tensors, ...state]);
    if (this.chosen === null) return { tensors: all, settings: { ...settings, kind: 'head' } };
    const { nouns, temperature } = this.chosen;
    return { tensors: all.set('nouns', nouns), settings: { ...settings, kind: 'head', temperature } };
  }

  static restore(stored: StoredModel): ImageHeadModel {
    const state = new Map<string, Tensor>();
    for (const [name, tensor] of stored.tensors)
      if (name.startsWith('head.')) state.set(name.slice('head.'.length), tensor);
    const [hidden = 0, dim = 0] = storedTensor(state, '0.weight').shape;
    using random = generator(0);
    const head = new TacHead(dim, hidden, storedTensor(state, '3.weight').shape[0] ?? 0, random);
    head.loadStateDict(state);
    for (const tensor of state.values()) tensor.dispose();
    const nouns = stored.tensors.get('nouns');
    const chosen = nouns === undefined ? null : { nouns, temperature: settingNumber(stored.settings, 'temperature') };
    return new ImageHeadModel(RowScaling.restore(stored), head, chosen);
  }

  dispose(): void {
    this.scaling.dispose();
    this.head.dispose();
    this.chosen?.nouns.dispose();
  }
}

/** Groups around centres in the space of counterparts, or of images beside their counterparts. */
export class TextViewModel implements Model {
  readonly reading: WordReading;
  private readonly scaling: RowScaling;
  /** [M, d] unit rows: the nouns that were chosen. */
  private readonly nouns: Tensor;
  private readonly temperature: number;
  private readonly view: TextView;
  private readonly groups: CentreModel;

  /** Takes scaling, nouns and groups over. */
  constructor(parts: { scaling: RowScaling; nouns: Tensor; temperature: number; view: TextView; groups: CentreModel }) {
    this.scaling = parts.scaling;
    this.nouns = parts.nouns;
    this.temperature = parts.temperature;
    this.view = parts.view;
    this.groups = parts.groups;
    this.reading = readingOf(parts.scaling, parts);
  }

  probabilities(rows: Tensor): Tensor {
    return scope(() => {
      const images = this.scaling.apply(rows);
      return this.groups.probabilities(viewOf(images, this.nouns, this.temperature, this.view));
    });
  }

  store(): StoredModel {
    const { scaling, nouns, temperature, view } = this;
    const [rows, groups] = [scaling.store(), this.groups.store()];
    return {
      tensors: new Map([...rows.tensors, ...prefixed(groups.tensors), ['nouns', nouns]]),
      settings: { ...rows.settings, kind: 'centres', temperature, view, groups: groups.settings },
    };
  }

  static restore(stored: StoredModel): TextViewModel {
    const { tensors, settings } = stored;
    const view = textViews.find((name) => name === settings['view']);
    const groups = settings['groups'];
    if (view === undefined || typeof groups !== 'object' || groups === null) {
      throw new MusterError('method.folder', 'The fitted method lacks its view', { fix: 'fit it again' });
    }
    const own = new Map<string, Tensor>();
    for (const [name, tensor] of tensors) if (name.startsWith('groups.')) own.set(name.slice('groups.'.length), tensor);
    return new TextViewModel({
      scaling: RowScaling.restore(stored),
      nouns: storedTensor(tensors, 'nouns'),
      temperature: settingNumber(settings, 'temperature'),
      view,
      groups: CentreModel.restore({ tensors: own, settings: { ...groups } }),
    });
  }

  dispose(): void {
    this.scaling.dispose();
    this.nouns.dispose();
    this.groups.dispose();
  }
}

/** Either of TAC's models. */
export function restoreTac(stored: StoredModel): Model {
  return stored.settings['kind'] === 'head' ? ImageHeadModel.restore(stored) : TextViewModel.restore(stored);
}

/**
 * Rows as k-means sees them.
 *
 * @param images [n, d] unit rows
 * @param nouns [M, d] unit rows
 * @returns [n, 2d], or [n, d] for the text alone; the caller's
 */
export function viewOf(images: Tensor, nouns: Tensor, temperature: number, view: TextView): Tensor {
  return scope(() => {
    const counterparts = retrieveCounterparts(images, nouns, { tau: temperature });
    return view === 'text' ? counterparts : joinModalities(images, counterparts, view);
  });
}

function readingOf(scaling: RowScaling, { nouns, temperature }: ChosenNouns): WordReading {
  return {
    probabilities: (rows) => scope(() => nounProbabilities(scaling.apply(rows), nouns, temperature)),
    counterparts: (rows) => scope(() => viewOf(scaling.apply(rows), nouns, temperature, 'text')),
    joined: (rows) => scope(() => viewOf(scaling.apply(rows), nouns, temperature, 'image-text')),
  };
}

function prefixed(tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return [...tensors].map(([name, tensor]) => [`groups.${name}`, tensor]);
}
