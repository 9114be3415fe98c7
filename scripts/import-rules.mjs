/**
 * Who may import whom, as one table, and the rules that the linter (dependency-cruiser) makes of it. Imports point
 * downwards only, through a folder's `index.ts`; imports of types count.
 */

/**
 * Folders of `packages/muster/src`, lowest first, each with the folders it may import; `torch` is the engine's package.
 * Every folder may also import `base` and itself.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const ALLOWED = (() => {
  const materials = {
    base: [],
    formats: [],
    image: ['formats', 'torch'],
    data: ['formats', 'image'],
    losses: ['torch'],
    metrics: ['torch'],
    augment: ['torch', 'image'],
    models: ['torch', 'formats'],
    cluster: ['torch', 'metrics'],
    quality: ['torch', 'cluster', 'metrics'],
    language: ['torch', 'models', 'cluster'],
    train: ['torch', 'data', 'augment', 'quality'],
    conformance: ['torch', 'train'],
  };
  const below = [...Object.keys(materials), 'torch'];
  const wired = {
    ...materials,
    methods: below,
    pretraining: below,
    store: ['formats', 'torch'],
    report: ['store', 'metrics'],
    export: ['store', 'metrics'],
  };
  return Object.freeze({
    ...wired,
    pipeline: [...Object.keys(wired), 'torch'],
    cli: ['pipeline'],
    api: ['pipeline'],
  });
})();

/** Folders whose files never import each other, each with the one file that all of them may import: the contract. */
const PEERS = Object.freeze({ methods: 'method', pretraining: 'pretraining' });

const SOURCE = '^packages/muster/src';
const TEST = '\\.test\\.ts$';

/** @typedef {import('dependency-cruiser').IForbiddenRuleType} Rule */

/** @param {string} folder @param {readonly string[]} allowed @returns {Rule[]} */
function folderRules(folder, allowed) {
  const from = { path: `${SOURCE}/${folder}/`, pathNot: TEST };
  const own = [folder, 'base', ...allowed.filter((name) => name !== 'torch')];
  const layers = {
    name: `${folder}-imports-upwards`,
    comment: `${folder}/ may import ${own.slice(1).join(', ')} only (scripts/import-rules.mjs)`,
    severity: /** @type {const} */ ('error'),
    from,
    to: { path: `${SOURCE}/`, pathNot: `${SOURCE}/(${own.join('|')})/` },
  };
  if (allowed.includes('torch')) return [layers];
  const engine = {
    name: `${folder}-imports-torch`,
    comment: `${folder}/ does not know the engine (scripts/import-rules.mjs)`,
    severity: /** @type {const} */ ('error'),
    from,
    to: { path: '^packages/torch/' },
  };
  return [layers, engine];
}

/** @param {string} folder @param {string} contract @returns {Rule} */
function peerRule(folder, contract) {
  return {
    name: `${folder}-import-each-other`,
    comment: 'a shared idea moves down: a loss, a head, a schedule, a network',
    severity: 'error',
    from: { path: `${SOURCE}/${folder}/([^/.]+)`, pathNot: [TEST, `${SOURCE}/${folder}/index\\.ts$`] },
    to: { path: `${SOURCE}/${folder}/`, pathNot: [`${SOURCE}/${folder}/$1(/|\\.)`, `/${folder}/${contract}\\.ts$`] },
  };
}

/** @returns {Rule[]} what dependency-cruiser shall refuse */
export function forbiddenImports() {
  const known = Object.keys(ALLOWED).join('|');
  return [
    {
      name: 'cycle',
      comment: 'no cycles, save those through the generated operators: tensors have operators that make tensors',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: '^packages/torch/src/generated/' } },
    },
    { name: 'unresolved', comment: 'not found', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'unknown-folder',
      comment: 'a new folder of packages/muster/src needs its row in scripts/import-rules.mjs',
      severity: 'error',
      from: { path: `${SOURCE}/[^/]+/`, pathNot: `${SOURCE}/(${known})/` },
      to: {},
    },
    {
      name: 'past-the-index',
      comment: 'another folder is imported through its index.ts',
      severity: 'error',
      from: { path: `${SOURCE}/([^/]+)/` },
      to: { path: `${SOURCE}/`, pathNot: [`${SOURCE}/$1/`, `${SOURCE}/[^/]+/index\\.ts$`] },
    },
    {
      name: 'past-the-index-from-outside',
      comment: 'a folder is imported through its index.ts',
      severity: 'error',
      from: { pathNot: `${SOURCE}/[^/]+/` },
      to: { path: `${SOURCE}/`, pathNot: [`${SOURCE}/[^/]+/index\\.ts$`, `${SOURCE}/index\\.ts$`] },
    },
    {
      name: 'past-the-engines-index',
      comment: 'the engine is imported as @muster/torch, /nn, /optim, /io',
      severity: 'error',
      from: { pathNot: '^packages/torch/' },
      to: {
        path: '^packages/torch/src/',
        pathNot: ['^packages/torch/src/index\\.ts$', '^packages/torch/src/(nn|optim|io)/index\\.ts$'],
      },
    },
    {
      name: 'torch-imports-muster',
      comment: 'the engine knows nothing of images or clustering',
      severity: 'error',
      from: { path: '^packages/torch/' },
      to: { path: '^(packages/muster|bench|parity)/' },
    },
    ...Object.entries(ALLOWED).flatMap(([folder, allowed]) => folderRules(folder, allowed)),
    ...Object.entries(PEERS).map(([folder, contract]) => peerRule(folder, contract)),
  ];
}
