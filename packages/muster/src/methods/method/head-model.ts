import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { headFrom } from '../../train/index.ts';
import type { ClusterHeads } from '../../train/index.ts';
import { RowScaling, settingNumber } from './scaling.ts';
import type { Model, StoredModel } from './types.ts';

/** A trained head on scaled embeddings; its softmax is the probabilities. */
export class HeadModel implements Model {
  readonly isHead = true;
  private readonly scaling: RowScaling;
  private readonly head: ClusterHeads;

  /** Takes both over; the head is one head. */
  constructor(scaling: RowScaling, head: ClusterHeads) {
    this.scaling = scaling;
    this.head = head;
  }

  probabilities(rows: Tensor): Tensor {
    return scope(() => this.head.forward(this.scaling.apply(rows)).select(0, 0).softmax(1));
  }

  store(): StoredModel {
    const { tensors, settings } = this.scaling.store();
    const state = [...this.head.stateDict()].map(([name, value]) => [`head.${name}`, value] as const);
    return { tensors: new Map([...tensors, ...state]), settings: { ...settings, clusters: this.head.clusters } };
  }

  static restore(stored: StoredModel): HeadModel {
    const state = new Map<string, Tensor>();
    for (const [name, tensor] of stored.tensors)
      if (name.startsWith('head.')) state.set(name.slice('head.'.length), tensor);
    const head = headFrom(state, settingNumber(stored.settings, 'clusters'));
    for (const tensor of state.values()) tensor.dispose();
    return new HeadModel(RowScaling.restore(stored), head);
  }

  dispose(): void {
    this.scaling.dispose();
    this.head.dispose();
  }
}
