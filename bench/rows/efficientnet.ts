import { scope } from '@muster/torch';
import { EfficientNetLiteInference, findWeights, loadWeights } from '../../packages/muster/src/models/index.ts';
import { fromPeer, leastCosine, relativeDifference } from '../compare.ts';
import type { Goals, Row } from '../row.ts';

const TAG = 'efficientnet-lite0';
const PEERS = { onnxruntime: 'ONNX Runtime, float32', pytorch: 'PyTorch eager, channels-last, float32' } as const;

function row(dtype: 'float32' | 'bfloat16', engine: keyof typeof PEERS, goals: Goals): Row {
  return {
    name: `efficientnet-${dtype}-${engine}`,
    work: `EfficientNet-Lite0 embedding, 224 px, batch 32, ${dtype}`,
    goals,
    peer: { title: PEERS[engine], program: 'efficientnet.py', arguments: [engine, findWeights(TAG).path] },
    needsBf16: dtype === 'bfloat16',
    rounds: 9,
    prepare: (context) => {
      const network = new EfficientNetLiteInference(loadWeights(TAG), { inputSize: 224, batchSize: 32, dtype });
      // Each engine gets the pictures in its own order of axes; ours and PyTorch's is channels-last, as decoding gives it.
      const x = fromPeer(context, 'x').contiguous({ memoryFormat: 'channelsLast' });
      const expected = fromPeer(context, 'embedding');
      const embedding = network.embed(x);
      const check =
        dtype === 'float32'
          ? relativeDifference('largest difference over the sd', embedding, expected, 1e-3)
          : leastCosine('least cosine to the float32 embeddings', embedding, expected, 0.995);
      return { checks: [check], run: () => scope(() => void network.embed(x)) };
    },
  };
}

/** The embedded backbone, from scaled pictures to embeddings. */
export const efficientNetRows: readonly Row[] = [
  row('float32', 'onnxruntime', { amd26: 1, amd25: 1.12, intel: 1.1 }),
  row('float32', 'pytorch', { amd26: 0.3, amd25: 0.3, intel: 0.4 }),
  row('bfloat16', 'onnxruntime', { amd26: 0.6, amd25: 0.6, intel: 0.7 }),
];
