/** Images that a search found one by one, with their cells. */
export interface ListedImages {
  readonly images: readonly { readonly id: number; readonly cell: number }[];
  /** Whether these are all. */
  readonly complete: boolean;
}
