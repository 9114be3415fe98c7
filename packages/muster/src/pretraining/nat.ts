import { generator } from '@muster/torch';
import { SGD } from '@muster/torch/optim';
import { seedStream } from '../base/index.ts';
import { encoderSettings, imageFingerprint, imageShapeOf, networkState, requireSquare, train } from '../train/index.ts';
import { natEncoder, natNetwork, natViews, restoreNat } from './nat/network.ts';
import { completeNat, natOptions } from './nat/options.ts';
import { drawTargets, NoiseTargets } from './nat/targets.ts';
import { natTraining } from './nat/training.ts';
import { definePretraining } from './pretraining.ts';

/**
 * Noise as targets: every image is mapped to a point of its own on the unit sphere; within a batch the points change hands so that near
 * outputs get near points. With `rotation`, epochs alternate with RotNet's, as MMDC's do: NAT+RotNet of its Table IV.
 */
export const nat = definePretraining({
  id: 'nat',
  title: 'NAT: noise as targets, alone or in turns with RotNet',
  paper: 'Bojanowski and Joulin, "Unsupervised Learning by Predicting Noise", ICML 2017',
  options: natOptions,
  cost: 'an image through the network, forward and back, for each image and epoch (with rotation five); N x dimension numbers of targets',

  restore: ({ tensors, settings }, device) => {
    const { options, channels } = encoderSettings(settings);
    const encoder = restoreNat(tensors, options, channels, device);
    for (const tensor of tensors.values()) tensor.dispose();
    return encoder;
  },
  restoreCheckpoint: (tensors, options, shape, device) =>
    restoreNat(networkState(tensors), completeNat(options, shape), shape.channels, device),
  complete: completeNat,
  view: (options, shape) => natViews(completeNat(options, shape)).augmented,

  async fit(data, given, context) {
    const shape = imageShapeOf(data);
    const { count, channels } = shape;
    if (given.rotation) requireSquare(data.pixels);
    const options = completeNat(given, shape);
    const { seed, device } = context;
    const { rate, momentum, weightDecay } = options;
    using random = generator(seedStream(seed, 'nat', 'network'));
    using guard = new DisposableStack();
    const network = guard.use(natNetwork(options, channels, random, device));
    using targets = new NoiseTargets(drawTargets(count, options.dimension, seed));
    using optimizer = new SGD(network.parameters(), { lr: rate, momentum, weightDecay });
    const fingerprint = imageFingerprint(data, options);
    const loss = await train(
      natTraining({ data, options, context, fingerprint, network, optimizer, targets }),
      context,
    );
    guard.move(); // the network is the encoder's now
    return { model: natEncoder(network, options, channels), values: options.epochs === 0 ? {} : { loss } };
  },
});
