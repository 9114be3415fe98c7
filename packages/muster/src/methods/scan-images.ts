import type { Tensor } from '@muster/torch';
import { Adam } from '@muster/torch/optim';
import { seedStream } from '../base/index.ts';
import type { ClusterNetwork } from '../models/index.ts';
import {
  channelsFirst,
  embedImages,
  GroupCounts,
  plainDraws,
  plainView,
  settingsTensor,
  shownAs,
  strongView,
  train,
} from '../train/index.ts';
import { defineImageMethod, findNeighbours, fingerprintOf, poolValues, uniformWeights } from './method.ts';
import type { FoundNeighbours, ImageData, ImageFit, MethodContext } from './method.ts';
import { AveragedSteps } from './scan-images/averaged-steps.ts';
import { BestState } from './scan-images/best-state.ts';
import { branchOf, openBranch } from './scan-images/branch.ts';
import type { Branch } from './scan-images/branch.ts';
import { clusteringTraining } from './scan-images/clustering.ts';
import { ScanModel } from './scan-images/model.ts';
import { scanImagesOptions } from './scan-images/options.ts';
import type { ScanImagesOptions } from './scan-images/options.ts';
import { pretextOf } from './scan-images/pretext.ts';
import type { Pretext } from './scan-images/pretext.ts';
import { allLogits, selectionLoss } from './scan-images/selection.ts';
import { selfLabelling } from './scan-images/self-labelling.ts';
import { clusterNetwork } from './scan-images/setting.ts';
import type { ScanSetting } from './scan-images/setting.ts';

/**
 * SCAN as it was published, on images: a pretext task gives neighbours; then backbone and head are trained together so that neighbours
 * agree; then on the images that the head is sure of. The clustering step alone, on the features of any backbone, is the method `scan`.
 */
export const scanImages = defineImageMethod({
  id: 'scan-images',
  title: 'SCAN: neighbours of a pretext agree, then sure images teach the others; the backbone is trained, too',
  paper: 'Van Gansbeke et al., "SCAN: Learning to Classify Images without Labels", ECCV 2020',
  promises: 'up-to-k',
  options: scanImagesOptions,
  cost: 'two images through the network for each image and epoch, in three trainings; neighbours N² 128 once',
  restore: (stored, device) => ScanModel.restore(stored, device),
  restoreCheckpoint: (tensors, { groups }, _shape, device) => ScanModel.ofCheckpoint(tensors, groups, device),
  view: ({ size, ...options }, shape) => strongView(shownAs(shape, size), options),

  async fit(data, options, context): Promise<ImageFit> {
    const { groups } = options;
    const branch = openBranch(data, context.branch);
    using guard = new DisposableStack();
    const { network, setting, neighbours } = await begin(data, options, context, branch);
    guard.use(network);
    using lists = neighbours?.indices;
    using settings = settingsTensor(setting);
    using counts = new GroupCounts(groups, context.device);

    const start = { data, options, context, branch, setting, network, settings, counts };
    const clustering = lists === undefined ? {} : await cluster(start, lists);
    const loss = await labelSelf(start);
    guard.move(); // the network is the model's now
    const known = poolValues(options.pool, { neighbourRecall: neighbours?.recall ?? null });
    const values = { ...clustering, selfLabelling: loss, ...known };
    return { model: new ScanModel(network, setting, groups), groups, values };
  },
});

/** What the clustering step begins with; no neighbours where a branch leaves it out. */
interface Beginning {
  readonly network: ClusterNetwork;
  readonly setting: ScanSetting;
  readonly neighbours: FoundNeighbours | null;
}

/** The pretext with its neighbours, and a network that begins with its backbone; or what a branch begins with, whose file is read later. */
async function begin(
  data: ImageData,
  options: ScanImagesOptions,
  context: MethodContext,
  branch: Branch | null,
): Promise<Beginning> {
  const fresh = (setting: ScanSetting): ClusterNetwork =>
    clusterNetwork(setting, options.groups, seedStream(context.seed, 'scan', 'head'), context.device);
  if (branch?.stage === 'scan-self-labelling')
    return { network: fresh(branch.setting), setting: branch.setting, neighbours: null };
  const pretext = await pretextOf(data, options, context, branch);
  using pretextNetwork = pretext.network;
  const setting = branch?.setting ?? pretext.setting;
  using guard = new DisposableStack();
  const neighbours = nearestOf(data, pretext, options, context);
  guard.use(neighbours.indices);
  const network = guard.use(fresh(setting));
  if (branch === null) network.backbone.loadStateDict(pretextNetwork.backbone.stateDict());
  guard.move();
  return { network, setting, neighbours };
}

/** What the two stages begin with. */
interface Stage {
  readonly data: ImageData;
  readonly options: ScanImagesOptions;
  readonly context: MethodContext;
  readonly branch: Branch | null;
  readonly setting: ScanSetting;
  readonly network: ClusterNetwork;
  readonly settings: Tensor;
  readonly counts: GroupCounts;
}

/** Every image and its nearest others, by the cosine of the pretext's outputs on plain views. */
function nearestOf(
  { pixels }: ImageData,
  { network, setting }: Pretext,
  { neighbours, pool }: ScanImagesOptions,
  { seed, device, signal, emit }: MethodContext,
): FoundNeighbours {
  network.eval();
  const plain = plainView(setting);
  const embed = (block: Tensor): Tensor =>
    network.forward(plain(channelsFirst(block), plainDraws(block.shape[0] ?? 0))).to('float32');
  using outputs = embedImages({ dimension: setting.projection, embed }, pixels, device);
  return findNeighbours(outputs, { k: neighbours, pool, seed, signal, emit, withSelf: true });
}

/** The clustering step; the network has the state of the epoch that was kept afterwards. */
async function cluster(
  { data, options, context, branch, setting, network, settings, counts }: Stage,
  neighbours: Tensor,
): Promise<Record<string, number>> {
  const { pixels } = data;
  const { groups, epochs, batch, rate, weightDecay, entropyWeight } = options;
  const { seed, device, emit } = context;
  using weights = uniformWeights(neighbours);
  using optimizer = new Adam(network.parameters(), { lr: rate, weightDecay });
  const plain = plainView(setting);
  const logitsOf = (block: Tensor): Tensor =>
    network.forward(plain(channelsFirst(block), plainDraws(block.shape[0] ?? 0)));
  using best = new BestState(network, (epoch) => {
    network.eval();
    using logits = allLogits(pixels, groups, device, logitsOf);
    const loss = selectionLoss(logits, neighbours);
    emit({ stage: 'scan-selection', done: epoch + 1, total: epochs, unit: 'epochs', values: { loss } });
    return loss;
  });
  const keepsBest = options.keep === 'lowest-loss';
  const training = clusteringTraining({
    fingerprint: fingerprintOf(data, options),
    seed: seedStream(seed, 'scan-clustering'),
    epochs,
    batch,
    entropyWeight,
    pixels,
    neighbours,
    weights,
    network,
    counts,
    groups,
    rate,
    strong: strongView(setting, options),
    optimizer,
    arithmetic: context,
    settings,
    best: keepsBest ? best : null,
  });
  const loss = await train(training, { ...context, branch: branchOf(branch, 'scan-clustering') });
  if (!keepsBest || epochs === 0) return { clustering: loss };
  best.offer(epochs - 1);
  best.restore();
  return { clustering: loss, selection: best.loss };
}

/** Self-labelling. @returns the mean loss of its last epoch, NaN where there was none */
async function labelSelf({
  data,
  options,
  context,
  branch,
  setting,
  network,
  settings,
  counts,
}: Stage): Promise<number> {
  const {
    selfEpochs: epochs,
    selfBatch: batch,
    selfRate: rate,
    selfWeightDecay: weightDecay,
    selfEma: momentum,
    groups,
    threshold,
    balance,
  } = options;
  using optimizer = new Adam(network.parameters(), { lr: rate, weightDecay });
  using average =
    momentum === undefined
      ? null
      : new AveragedSteps(network, clusterNetwork(setting, groups, 0, context.device), momentum);
  const training = selfLabelling({
    fingerprint: fingerprintOf(data, options),
    seed: seedStream(context.seed, 'scan-self-labelling'),
    epochs,
    batch,
    threshold,
    balance,
    pixels: data.pixels,
    network,
    average,
    counts,
    groups,
    rate,
    plain: plainView(setting),
    strong: strongView(setting, options),
    optimizer,
    arithmetic: context,
    settings,
  });
  return await train(training, { ...context, branch: branchOf(branch, 'scan-self-labelling') });
}
