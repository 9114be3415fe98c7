import { generator, scope } from '@muster/torch';
import { agglomerative, emMixture, kmeans, spectralClustering, umap } from '../../packages/muster/src/cluster/index.ts';
import type { CovarianceKind } from '../../packages/muster/src/cluster/index.ts';
import { acc, ari } from '../../packages/muster/src/metrics/index.ts';
import { fromPeer, relativeDifference } from '../compare.ts';
import type { Row } from '../row.ts';

const GOALS = { amd26: 1, amd25: 1, intel: 1 } as const;
const SECONDS = { name: 's', perMs: 0.001 } as const;
const GROUPS = 10;

const spectral: Row = {
  name: 'spectral',
  work: 'spectral clustering, 10,000 x 1,280, 10 groups, graph of 15 neighbours',
  goals: GOALS,
  peer: { title: 'scikit-learn', program: 'spectral.py' },
  rounds: 3,
  runs: 1,
  unit: SECONDS,
  prepare: (peer) => {
    const x = fromPeer(peer, 'x');
    const truth = fromPeer(peer, 'truth').toNumbers();
    const run = (): number[] =>
      scope(() => {
        using random = generator(1);
        return spectralClustering(x, { k: GROUPS, neighbours: 15, generator: random }).labels.toNumbers();
      });
    const theirs = acc(truth, fromPeer(peer, 'labels').toNumbers());
    const checks = [{ name: 'accuracy below that of the peer', value: theirs - acc(truth, run()), limit: 0.02 }];
    return { checks, run: () => void run() };
  },
};

const ward: Row = {
  name: 'ward',
  work: 'agglomerative clustering (Ward), 10,000 x 1,280, all pairs',
  goals: GOALS,
  peer: { title: 'scikit-learn', program: 'ward.py' },
  rounds: 3,
  runs: 1,
  unit: SECONDS,
  prepare: (peer) => {
    const x = fromPeer(peer, 'x');
    const run = (): number[] => scope(() => agglomerative(x, GROUPS).toNumbers());
    const same = ari(fromPeer(peer, 'labels').toNumbers(), run());
    return {
      checks: [{ name: "ARI with the peer's groups", value: same, limit: 0.99, isFloor: true }],
      run: () => void run(),
    };
  },
};

function mixture(covariance: CovarianceKind): Row {
  return {
    name: `mixture-${covariance}`,
    work: `Gaussian mixture (${covariance}), 60,000 x 64, 10 components, 20 iterations from the same start`,
    goals: GOALS,
    peer: { title: 'scikit-learn', program: 'mixture.py', arguments: [covariance] },
    rounds: 3,
    runs: 1,
    unit: SECONDS,
    prepare: (peer) => {
      const take = (name: string) => fromPeer(peer, name);
      const start = { weights: take('weights'), means: take('means'), covariances: take('covariances') };
      const settings = {
        iterations: take('iterations').item(),
        ridge: take('ridge').item(),
        tolerance: null,
      };
      const run = () => scope(() => emMixture(take('x'), start, settings).means);
      const means = run();
      const checks = [relativeDifference('means', means, take('fittedMeans'), 1e-3)];
      means.dispose();
      return { checks, run: () => run().dispose() };
    },
  };
}

const umapRow: Row = {
  name: 'umap',
  work: 'UMAP, 60,000 x 1,280 to 8 dimensions, 15 neighbours by the cosine (ours exact, the peer’s approximate)',
  goals: GOALS,
  peer: { title: 'umap-learn', program: 'umap_layout.py' },
  rounds: 1,
  runs: 1,
  unit: SECONDS,
  prepare: (peer) => {
    const x = fromPeer(peer, 'x');
    const layOut = (rows = x) => {
      using random = generator(1);
      return umap(rows, { dimensions: 8, minDistance: 0, generator: random });
    };
    // Both sides are held against the planted groups on the first rows: whole layouts take minutes.
    const found = scope(() => {
      const labels = fromPeer(peer, 'labels');
      using random = generator(1);
      const groups = kmeans(layOut(x.narrow(0, 0, labels.numel)), { k: GROUPS, restarts: 10, generator: random });
      const truth = fromPeer(peer, 'truth').narrow(0, 0, labels.numel).toNumbers();
      return { ours: acc(truth, groups.labels.toNumbers()), theirs: acc(truth, labels.toNumbers()) };
    });
    const checks = [{ name: 'accuracy below that of the peer', value: found.theirs - found.ours, limit: 0.02 }];
    return { checks, run: () => layOut().dispose() };
  },
};

/** Classical methods beside the libraries that everyone takes for them. */
export const classicalRows: readonly Row[] = [spectral, ward, mixture('diag'), mixture('full'), umapRow];
