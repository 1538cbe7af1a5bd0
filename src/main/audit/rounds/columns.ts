/** A whole round as columns: 13 bytes a label. In ascending order of the images, which are the catalog's ids. */
export interface RoundColumns {
  readonly images: Float64Array;
  /** Class indices. */
  readonly labels: Uint8Array;
  /** Probability of the label. */
  readonly confidences: Float32Array;
}

/** Puts columns one behind the other. */
export function joinColumns(parts: readonly RoundColumns[]): RoundColumns {
  const count = parts.reduce((sum, { images }) => sum + images.length, 0);
  const joined = {
    images: new Float64Array(count),
    labels: new Uint8Array(count),
    confidences: new Float32Array(count),
  };
  let offset = 0;
  for (const { images, labels, confidences } of parts) {
    joined.images.set(images, offset);
    joined.labels.set(labels, offset);
    joined.confidences.set(confidences, offset);
    offset += images.length;
  }
  return joined;
}
