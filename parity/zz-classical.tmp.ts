import { setThreads } from '@muster/torch';
import { checkCase } from './check.ts';
import { readManifest } from './manifest.ts';
import { Pack } from './pack.ts';
import { classicalKinds } from './kinds/classical.ts';
setThreads(1);
const folder = process.argv[2] ?? '';
using pack = new Pack(folder);
for (const r of readManifest(folder)) {
  if (!(r.kind in classicalKinds) || !r.kind.startsWith(process.argv[3] ?? '')) continue;
  const t = performance.now();
  const why = await checkCase(r, pack, classicalKinds);
  console.log(why === undefined ? 'pass' : 'FAIL', r.id, why ?? '', Math.round(performance.now() - t));
}
