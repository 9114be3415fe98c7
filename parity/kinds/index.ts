import type { Kind } from '../case.ts';
import { classicalKinds } from './classical.ts';
import { clusteringKinds } from './clustering.ts';
import { dataKinds } from './data.ts';
import { embeddingQualityKinds } from './embedding-quality.ts';
import { imageKinds } from './image.ts';
import { methodKinds } from './methods.ts';
import { metricsKinds } from './metrics.ts';
import { mmdcKinds } from './mmdc.ts';
import { modelKinds } from './models.ts';
import { nnKinds } from './nn.ts';
import { optimKinds } from './optim.ts';
import { safetensorsKinds } from './safetensors.ts';

/** Every kind that is built, by its name in the manifest. */
export const kinds: Readonly<Record<string, Kind>> = {
  ...metricsKinds,
  ...clusteringKinds,
  ...nnKinds,
  ...optimKinds,
  ...safetensorsKinds,
  ...imageKinds,
  ...modelKinds,
  ...methodKinds,
  ...embeddingQualityKinds,
  ...classicalKinds,
  ...mmdcKinds,
  ...dataKinds,
};
