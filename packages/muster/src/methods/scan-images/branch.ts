import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openSafetensors } from '@muster/torch/io';
import { MusterError } from '../../base/index.ts';
import { imageShapeOf, readSettings, trainingOf } from '../../train/index.ts';
import type { ImageData } from '../method.ts';
import { scanSettingSchema } from './setting.ts';
import type { ScanSetting } from './setting.ts';

/** Names of the trainings whose checkpoints can be gone on from. */
const STAGES = ['scan-clustering', 'scan-self-labelling'] as const;
type Stage = (typeof STAGES)[number];

/** A kept checkpoint to go on from: the stages before its own are not run. */
export interface Branch {
  readonly stage: Stage;
  readonly file: string;
  /** Of the networks that it goes on with. */
  readonly setting: ScanSetting;
}

/**
 * What a branch goes on with; null where there is none.
 *
 * @param file of the checkpoint
 * @throws MusterError `train.checkpoint` where it is of no stage that can be gone on from, or of images of other channels
 */
export function openBranch(data: ImageData, file: string | undefined): Branch | null {
  if (file === undefined) return null;
  const refuse = (why: string, fix: string): MusterError =>
    new MusterError('train.checkpoint', `The checkpoint cannot be gone on from: ${why}`, {
      where: file,
      fix,
      kind: 'usage',
    });
  const stage = STAGES.find((name) => name === trainingOf(file));
  if (stage === undefined)
    throw refuse(
      `it is of ${trainingOf(file)}, not of ${STAGES.join(' or ')}`,
      'take a checkpoint of one of these; a run of simclr is given as --set pretext=RUN',
    );
  if (!existsSync(file)) throw refuse('there is no such file', 'give the run that kept it');
  const setting = settingIn(file);
  const { channels } = imageShapeOf(data);
  if (setting.channels === channels) return { stage, file, setting };
  throw refuse(
    `its network takes ${setting.channels} channels, and the images have ${channels}`,
    'give images of the same kind',
  );
}

/** The branch's file for a stage's training; undefined where it is another's. */
export function branchOf(branch: Branch | null, stage: Stage): string | undefined {
  return branch?.stage === stage ? branch.file : undefined;
}

/** Where the pretext of a branch's run stands: beside the branch. */
export function pretextBeside({ file }: Branch): string {
  return join(dirname(file), 'scan-pretext.safetensors');
}

function settingIn(file: string): ScanSetting {
  using opened = openSafetensors(file);
  using stored = opened.names.includes('settings') ? opened.get('settings') : undefined;
  return readSettings(stored, scanSettingSchema);
}
