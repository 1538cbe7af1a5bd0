/** Numbers that an embedding is reduced to before neighbours are looked for: what is left out of features of a network is noise. */
export const MAP_COMPONENTS = 32;
/** UMAP's own default: how near to each other points may come to lie. */
export const MINIMUM_DISTANCE = 0.1;
/** Fewer points have no neighbourhoods. */
export const FEWEST_POINTS = 8;
