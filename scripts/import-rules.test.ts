import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ROOT } from './program.mjs';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A sound little tree: each file's imports are allowed. */
const SOUND: Record<string, string> = {
  'packages/torch/package.json': '{ "name": "@muster/torch", "type": "module", "exports": "./src/index.ts" }',
  'packages/torch/src/index.ts': "export { tensor } from './tensor.ts';\n",
  'packages/torch/src/tensor.ts': 'export const tensor = 1;\nexport interface Shape {}\n',
  'packages/muster/src/base/index.ts': "export { fail } from './errors.ts';\n",
  'packages/muster/src/base/errors.ts': 'export const fail = 1;\n',
  'packages/muster/src/metrics/index.ts': "import { tensor } from '@muster/torch';\nexport const accuracy = tensor;\n",
  'packages/muster/src/cluster/index.ts': "export { kMeans } from './k-means.ts';\n",
  'packages/muster/src/cluster/k-means.ts':
    "import { accuracy } from '../metrics/index.ts';\nexport const kMeans = accuracy;\n",
  'packages/muster/src/methods/index.ts': "export { tac } from './tac.ts';\nexport { pici } from './pici.ts';\n",
  'packages/muster/src/methods/method.ts': 'export interface Method {}\n',
  'packages/muster/src/methods/tac.ts':
    "import type { Method } from './method.ts';\nimport { kMeans } from '../cluster/index.ts';\nexport const tac: Method = kMeans;\n",
  'packages/muster/src/methods/pici.ts': "import { fail } from '../base/index.ts';\nexport const pici = fail;\n",
  'packages/muster/src/cli/main.ts': "import '../pipeline/index.ts';\n",
  'packages/muster/src/pipeline/index.ts': "import '../methods/index.ts';\nexport {};\n",
};

function cruise(planted: Record<string, string>): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'muster-imports-'));
  folders.push(folder);
  for (const [name, text] of Object.entries({ ...SOUND, ...planted })) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  mkdirSync(join(folder, 'node_modules', '@muster'), { recursive: true });
  symlinkSync(join(folder, 'packages', 'torch'), join(folder, 'node_modules', '@muster', 'torch'));
  cpSync(join(ROOT, '.dependency-cruiser.mjs'), join(folder, '.dependency-cruiser.mjs'));
  mkdirSync(join(folder, 'scripts'));
  cpSync(join(ROOT, 'scripts', 'import-rules.mjs'), join(folder, 'scripts', 'import-rules.mjs'));
  const program = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const args = [program, '--config', '.dependency-cruiser.mjs', '--output-type', 'err', 'packages'];
  const result = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status: result.status, output: result.stdout + result.stderr };
}

test('a tree without violations passes', () => {
  const { status, output } = cruise({});
  expect(output).toContain('no dependency violations found');
  expect(status).toBe(0);
});

/** What is planted: the file, what it says, and the rule that must name it. */
const PLANTED: [file: string, text: string, rule: string][] = [
  ['metrics/up.ts', "import '../cluster/index.ts';\n", 'metrics-imports-upwards'],
  ['metrics/type.ts', "import type { T } from '../methods/index.ts';\nexport type U = T;\n", 'metrics-imports-upwards'],
  ['cli/past-pipeline.ts', "import '../methods/index.ts';\n", 'cli-imports-upwards'],
  ['formats/engine.ts', "import '@muster/torch';\n", 'formats-imports-torch'],
  ['methods/scan.ts', "import './tac.ts';\n", 'methods-import-each-other'],
  ['methods/inner.ts', "import '../cluster/k-means.ts';\n", 'past-the-index'],
  ['index.ts', "import './cluster/k-means.ts';\n", 'past-the-index-from-outside'],
  ['metrics/inner-engine.ts', "import '../../../torch/src/tensor.ts';\n", 'past-the-engines-index'],
  ['../../torch/src/product.ts', "import '../../muster/src/base/index.ts';\n", 'torch-imports-muster'],
  ['misc/new.ts', "import '../base/index.ts';\n", 'unknown-folder'],
  ['base/nothing.ts', "import './missing.ts';\n", 'unresolved'],
  ['base/a.ts', "import type { B } from './b.ts';\nexport interface A { b: B }\n", 'cycle'],
  ['base/b.ts', "import type { A } from './a.ts';\nexport interface B { a: A }\n", 'cycle'],
];

test('each planted violation is refused by its rule', () => {
  const tree = PLANTED.map(([file, text]) => [join('packages/muster/src', file), text] as const);
  const { status, output } = cruise(Object.fromEntries(tree));
  expect(status).not.toBe(0);
  for (const [file, , rule] of PLANTED.filter(([name]) => name !== 'base/b.ts')) {
    expect(output).toContain(`error ${rule}: ${join('packages/muster/src', file)}`);
  }
});
