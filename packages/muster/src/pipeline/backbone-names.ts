/** Backbones that may be named beside runs, the default one first. A list of its own, since help must not wait for the engine. */
export const backboneNames: readonly string[] = ['embedded', 'pixels'];
