import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MusterError } from '../base/index.ts';
import { weightsFolder, type ResNetFile } from '../models/index.ts';

const depths = { resnet18: 18, resnet34: 34, resnet50: 50 } as const;
const pattern = /^(resnet18|resnet34|resnet50)(?::(.+?))?((?:,[a-z]+=[^,]*)*)$/u;
/** Sides in pixels that can be asked for. */
const sides = { least: 8, most: 1024 } as const;

/**
 * Reads a backbone whose weights are a file: `resnet18:FILE`, `resnet50:FILE,size=32,crop=20`. Without a file it is
 * `resnet18.safetensors` among the cached weights; a file that is not in the working directory is looked for there, too.
 *
 * @returns null for a name of another kind
 * @throws MusterError `options` for other settings than size and crop, or no sides in pixels
 */
export function readWeightsBackbone(name: string): ResNetFile | null {
  const [, family = '', file, rest = ''] = pattern.exec(name) ?? [];
  if (family === '') return null;
  const id = family as keyof typeof depths;
  const path = locate(file ?? `${id}.safetensors`, file === undefined);
  const { size: inputSize, crop } = readSides(rest, name);
  return { depth: depths[id], path, inputSize, crop, source: `${id}:${path}${rest}` };
}

function locate(file: string, cachedOnly: boolean): string {
  const cached = join(weightsFolder(), file);
  if (cachedOnly) return cached;
  const here = resolve(file);
  return !existsSync(here) && existsSync(cached) ? cached : here;
}

function readSides(text: string, name: string): { size?: number; crop?: number } {
  const found: { size?: number; crop?: number } = {};
  for (const entry of text.split(',').slice(1)) {
    const [key = '', value = ''] = entry.split('=');
    const side = Number(value);
    if ((key !== 'size' && key !== 'crop') || !Number.isInteger(side) || side < sides.least || side > sides.most) {
      throw new MusterError('options', `${entry} is no setting of a backbone`, {
        where: `--backbone ${name}`,
        kind: 'usage',
        fix: `give size=PIXELS and crop=PIXELS, ${sides.least} to ${sides.most}`,
      });
    }
    found[key] = side;
  }
  return found;
}
