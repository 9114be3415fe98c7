import { SGD } from '@muster/torch/optim';
import { seedStream } from '../base/index.ts';
import {
  contrastiveView,
  encoderSettings,
  imageFingerprint,
  imageShapeOf,
  networkState,
  readSettings,
  settingsTensor,
  shownAs,
  train,
} from '../train/index.ts';
import { completeOptions, completeSchema, restoreSimClr, simClrEncoder, simClrNetwork } from './simclr/network.ts';
import { simClrOptions } from './simclr/options.ts';
import { simClrTraining } from './simclr/training.ts';
import { definePretraining } from './pretraining.ts';

/**
 * SimCLR as SCAN trains its pretext: two random views of an image shall be more like each other than like those of any other image of
 * the batch. The embedding is what comes before the projection; SCAN looks for neighbours behind it.
 */
export const simClr = definePretraining({
  id: 'simclr',
  title: 'SimCLR: two views of an image find each other',
  paper: 'Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020',
  options: simClrOptions,
  cost: 'two images through the network, forward and back, for each image and epoch',

  restore: ({ tensors, settings }, device) => {
    const { options, channels } = encoderSettings(settings);
    const encoder = restoreSimClr(tensors, options, channels, device);
    for (const tensor of tensors.values()) tensor.dispose();
    return encoder;
  },
  restoreCheckpoint: (tensors, _options, { channels }, device) =>
    restoreSimClr(networkState(tensors), readSettings(tensors.get('settings'), completeSchema), channels, device),
  view: ({ size, least }, shape) => contrastiveView({ ...shownAs(shape, size), least }),

  async fit(data, given, context) {
    const { channels } = imageShapeOf(data);
    const options = completeOptions(given, data);
    const { rate, momentum, weightDecay } = options;
    using guard = new DisposableStack();
    const seed = seedStream(context.seed, 'simclr', 'network');
    const network = guard.use(simClrNetwork(options, channels, seed, context.device));
    using optimizer = new SGD(network.parameters(), { lr: rate, momentum, weightDecay });
    using settings = settingsTensor(options);
    const fingerprint = imageFingerprint(data, given);
    const loss = await train(
      simClrTraining({ data, options, context, fingerprint, network, optimizer, settings }),
      context,
    );
    guard.move(); // the network is the encoder's now
    return { model: simClrEncoder(network, options, channels), values: options.epochs === 0 ? {} : { loss } };
  },
});
