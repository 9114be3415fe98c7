import { generator } from '@muster/torch';
import { SGD } from '@muster/torch/optim';
import { seedStream } from '../base/index.ts';
import { encoderSettings, imageFingerprint, imageShapeOf, networkState, requireSquare, train } from '../train/index.ts';
import { restoreRotNet, rotNetEncoder, rotNetView, rotNetwork } from './rotnet/network.ts';
import { completeRotNet, rotNetOptions } from './rotnet/options.ts';
import { rotNetTraining } from './rotnet/training.ts';
import { definePretraining } from './pretraining.ts';

/**
 * RotNet: a network learns what is in images by telling by how many quarter turns they were turned.
 *
 * Network and crops are MMDC's, as its Table IV has it; the schedule is that of RotNet's own code for CIFAR.
 */
export const rotNet = definePretraining({
  id: 'rotnet',
  title: 'RotNet: telling quarter turns apart',
  paper:
    'Gidaris, Singh and Komodakis, "Unsupervised Representation Learning by Predicting Image Rotations", ICLR 2018',
  options: rotNetOptions,
  cost: 'four images through the network, forward and back, for each image and epoch',

  restore: ({ tensors, settings }, device) => {
    const { options, channels } = encoderSettings(settings);
    const encoder = restoreRotNet(tensors, options, channels, device);
    for (const tensor of tensors.values()) tensor.dispose();
    return encoder;
  },
  restoreCheckpoint: (tensors, options, shape, device) =>
    restoreRotNet(networkState(tensors), completeRotNet(options, shape), shape.channels, device),
  complete: completeRotNet,
  view: (options, shape) => rotNetView(completeRotNet(options, shape)),

  async fit(data, given, context) {
    const shape = imageShapeOf(data);
    const { channels } = shape;
    requireSquare(data.pixels);
    const options = completeRotNet(given, shape);
    const { rate, momentum, nesterov, weightDecay } = options;
    using random = generator(seedStream(context.seed, 'rotnet', 'network'));
    using guard = new DisposableStack();
    const network = guard.use(rotNetwork(options, channels, random, context.device));
    using optimizer = new SGD(network.parameters(), { lr: rate, momentum, nesterov, weightDecay });
    const fingerprint = imageFingerprint(data, options);
    const loss = await train(rotNetTraining({ data, options, context, fingerprint, network, optimizer }), context);
    guard.move(); // the network is the encoder's now
    return { model: rotNetEncoder(network, options, channels), values: options.epochs === 0 ? {} : { loss } };
  },
});
