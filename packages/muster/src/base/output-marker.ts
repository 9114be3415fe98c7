/** A file of this name marks a folder as made by this program; such folders are never read as input. */
export const outputMarker = '.muster-output';
