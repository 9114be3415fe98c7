export { loadImageClasses, type ImageClass } from './classes.ts';
export { chooseNames, defaultNamingRules, type GroupName, type NamingRules, type WordFit } from './choose-names.ts';
export { EmbeddedTextSpace, type Classifier } from './embedded-text-space.ts';
export { nameGroups } from './names.ts';
export { loadNouns, normaliseWord, NounGraph, parseNouns, type Synset } from './nouns.ts';
export type { EncodedTexts, SpaceWord, TextSpace } from './text-space.ts';
export { buildVocabulary, type Vocabulary } from './vocabulary.ts';
