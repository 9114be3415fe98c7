/**
 * What a long job reports while it runs. One flat form for progress (`stage`, `done`, `total`), remarks (`message`,
 * `level`) and curves (`values`), so that a listener needs no cases. Times are added by the listener, not here.
 */
export interface MusterEvent {
  /** Which part of the work: `find`, `embed`, `train`, ... */
  readonly stage: string;
  /** Units finished. */
  readonly done?: number;
  /** Units in all, where known. */
  readonly total?: number;
  /** The unit's noun, plural: `images`, `steps`. */
  readonly unit?: string;
  /** A sentence for people. */
  readonly message?: string;
  /** Default `info`. */
  readonly level?: 'info' | 'warning';
  /** The file the message is about, escaped for showing. */
  readonly file?: string;
  /** Numbers of this moment: loss, rate, live clusters. */
  readonly values?: Readonly<Record<string, number>>;
}

/** Receives events. It is called in the middle of work: it must be quick and must not throw. */
export type Emit = (event: MusterEvent) => void;

/** An {@link Emit} that drops everything: the default where none is given. */
export const silent: Emit = () => undefined;
