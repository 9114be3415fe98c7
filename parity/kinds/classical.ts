import { generator, tensor } from '@muster/torch';
import {
  cutHierarchy,
  emMixture,
  hierarchy,
  mixturePosterior,
  nmfFrom,
  spectralClustering,
  spectralPartition,
  toDense,
  umapCurve,
  umapGraph,
} from '../../packages/muster/src/cluster/index.ts';
import type { DistanceMetric, Linkage, NmfSolver } from '../../packages/muster/src/cluster/index.ts';
import { CaseError } from '../case.ts';
import type { Answers, Kind, ParityCase } from '../case.ts';

function gmmEm(c: ParityCase): Answers {
  const x = c.input('x');
  const start = { weights: c.input('weights'), means: c.input('means'), covariances: c.input('covariances') };
  const fit = emMixture(x, start, { iterations: c.number('iterations'), tolerance: null, ridge: c.number('reg') });
  const { responsibilities, labels, logLikelihood } = mixturePosterior(x, fit);
  return {
    outWeights: fit.weights,
    outMeans: fit.means,
    outCovariances: fit.covariances,
    logLikelihood,
    responsibilities,
    labels,
  };
}

function agglomerativeKind(c: ParityCase): Answers {
  const linkage = oneOf<Linkage>(c, 'linkage', ['ward', 'average', 'complete', 'single']);
  const metric = oneOf<DistanceMetric>(c, 'metric', ['euclidean', 'cosine']);
  const merges = hierarchy(c.input('x'), { linkage, metric });
  return { heights: tensor(merges.heights), labels: cutHierarchy(merges, c.number('k')) };
}

function spectral(c: ParityCase): Answers {
  const kind = oneOf(c, 'affinity', ['precomputed', 'rbf', 'knn']);
  const options = { k: c.number('k'), restarts: 20, generator: generator(0) };
  if (kind === 'precomputed') return { ...spectralPartition(c.input('affinity'), options) };
  return {
    ...spectralClustering(c.input('x'), {
      ...options,
      affinity: kind,
      gamma: c.optionalNumber('gamma'),
      neighbours: c.optionalNumber('neighbors'),
    }),
  };
}

function nmfKind(c: ParityCase): Answers {
  const { w, h, error } = nmfFrom(c.input('x'), c.input('w'), c.input('h'), {
    solver: oneOf<NmfSolver>(c, 'solver', ['mu', 'cd']),
    iterations: c.number('iterations'),
    tolerance: null,
  });
  return { outW: w, outH: h, error };
}

function umapGraphKind(c: ParityCase): Answers {
  const { graph, sigmas, rhos } = umapGraph(c.input('indices'), c.input('distances'), {
    localConnectivity: c.number('localConnectivity'),
    mix: c.number('mix'),
  });
  return { weights: toDense(graph), sigmas, rhos };
}

function umapAb(c: ParityCase): Answers {
  return { ...umapCurve(c.number('spread'), c.number('minDist')) };
}

/** A parameter that is one of a few words. */
function oneOf<T extends string>(c: ParityCase, key: string, words: readonly T[]): T {
  const value = c.string(key);
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new CaseError(`${c.id}: params.${key} is ${value}, not one of ${words.join(', ')}`);
  return word;
}

/** The classical methods' kinds: mixture, agglomerative, spectral, factorisation, UMAP's graph and curve. */
export const classicalKinds: Record<string, Kind> = {
  'gmm.em': gmmEm,
  agglomerative: agglomerativeKind,
  spectral,
  nmf: nmfKind,
  'umap.graph': umapGraphKind,
  'umap.ab': umapAb,
};
