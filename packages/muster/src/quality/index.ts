export { confidenceBounds, confidenceWord, marginConfidence, type ConfidenceWord } from './confidence.ts';
