import { acc, ari, linearAssignment, nmi } from '../../packages/muster/src/metrics/index.ts';
import type { Labels } from '../../packages/muster/src/metrics/index.ts';
import type { Tensor } from '@muster/torch';
import { CaseError } from '../case.ts';
import type { Kind, ParityCase } from '../case.ts';

/** metrics.* and assignment.*. */
export const metricsKinds: Readonly<Record<string, Kind>> = {
  'metrics.acc': (c) => ({ acc: acc(labels(c, 'truth'), labels(c, 'pred')) }),
  'metrics.nmi': (c) => ({ nmi: nmi(labels(c, 'truth'), labels(c, 'pred')) }),
  'metrics.ari': (c) => ({ ari: ari(labels(c, 'truth'), labels(c, 'pred')) }),
  'assignment.linear': (c) => {
    const cost = c.input('cost');
    const [rows, columns] = matrixShape(c, cost);
    const { total } = linearAssignment(cost.toFloat64Array(), rows, columns, { maximise: c.boolean('maximize') });
    return { total };
  },
};

function labels(c: ParityCase, name: string): Labels {
  const values = c.input(name).toTypedArray();
  if (!(values instanceof BigInt64Array)) throw new CaseError(`${c.id}: ${name} is not I64`);
  return values;
}

function matrixShape(c: ParityCase, matrix: Tensor): [number, number] {
  const [rows, columns, ...rest] = matrix.shape;
  if (rows === undefined || columns === undefined || rest.length > 0) throw new CaseError(`${c.id}: not a matrix`);
  return [rows, columns];
}
