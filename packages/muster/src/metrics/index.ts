export { acc, matchClusters } from './accuracy.ts';
export type { MatchedPair } from './accuracy.ts';
export { linearAssignment } from './assignment.ts';
export type { Assignment, AssignmentOptions } from './assignment.ts';
export { confusionTable, contingency } from './contingency.ts';
export type { ConfusionTable, Contingency } from './contingency.ts';
export { ari, entropy, nmi } from './information.ts';
export { encodeLabels } from './labels.ts';
export type { EncodedLabels, Labels } from './labels.ts';
