import type { FaceCrop } from '#shared/prediction.ts';
import type { RgbImage } from '../imaging/image.ts';
import type { TrainedNetwork } from '../training/trained-network.ts';
import type { Inspection, Inspector } from './inspector.ts';
import { type NeighborIndex, type NearImage, nearestImages } from './neighbors.ts';
import {
  faceImage,
  facesOf,
  type Looking,
  networkInput,
  type PictureQuestion,
  readPicture,
  type SeenFace,
  shownSquare,
} from './picture.ts';

/** A network that is asked, and what it is to tell besides its probabilities. */
export interface AskedNetwork {
  readonly trained: TrainedNetwork;
  readonly inspector: Inspector;
  /** Where it looked. */
  readonly explain: boolean;
  /** The labeled images to find the nearest among. */
  readonly neighbors: NeighborIndex | null;
}

export interface NetworkAnswer {
  readonly step: number;
  readonly classes: readonly string[];
  /** By class, as in `classes`; they sum to one. */
  readonly probabilities: readonly number[];
  /** Class activation of each class, side × side values, and the square of the picture they lie over. */
  readonly maps: {
    readonly side: number;
    readonly byClass: readonly (readonly number[])[];
    readonly over: FaceCrop;
  } | null;
  readonly neighbors: readonly NearImage[] | null;
}

export interface FaceAnswer extends SeenFace {
  /** In the order of the networks asked. */
  readonly networks: readonly NetworkAnswer[];
}

export interface PictureAnswer {
  /** Of the picture as shown, pixels. */
  readonly width: number;
  readonly height: number;
  readonly faces: readonly FaceAnswer[];
}

/**
 * What networks say about the faces of a picture.
 * @param looking needed unless the whole picture is to be taken as one face.
 * @throws StudioError when the picture cannot be read, naming it and why.
 */
export async function predictPicture(
  question: PictureQuestion,
  networks: readonly AskedNetwork[],
  looking: Looking | null,
): Promise<PictureAnswer> {
  const image = await readPicture(question);
  const faces: FaceAnswer[] = [];
  for (const seen of await facesOf(image, question.faces, looking)) {
    faces.push({ ...seen, networks: await askNetworks(faceImage(image, seen), seen, networks, question.notebook) });
  }
  return { width: image.width, height: image.height, faces };
}

async function askNetworks(
  face: RgbImage,
  seen: SeenFace,
  networks: readonly AskedNetwork[],
  notebook: boolean,
): Promise<NetworkAnswer[]> {
  const inputs = new Map<string, Float32Array>();
  const answers: NetworkAnswer[] = [];
  for (const { trained, inspector, explain, neighbors } of networks) {
    const { view, step, classes } = trained;
    const key = JSON.stringify(view);
    const input = inputs.get(key) ?? networkInput(face, view, notebook);
    inputs.set(key, input);
    const inspection = await inspector.inspect(input);
    answers.push({
      step,
      classes,
      probabilities: inspection.probabilities,
      maps: explain ? { ...activationOf(inspection), over: shownSquare(seen, view, notebook) } : null,
      neighbors: neighbors === null ? null : nearestImages(neighbors, inspection.features),
    });
  }
  return answers;
}

function activationOf({ maps, mapSide, probabilities }: Inspection): { side: number; byClass: number[][] } {
  const values = mapSide * mapSide;
  const byClass = probabilities.map((_, index) => [...maps.subarray(index * values, (index + 1) * values)]);
  return { side: mapSide, byClass };
}
