import { z } from 'zod';
import { splitSchema } from './images.ts';
import { networkSchema } from './training.ts';

/** Pixels of the picture as shown, from its upper left corner. */
export const pointSchema = z.object({ x: z.number(), y: z.number() });
export type Point = z.infer<typeof pointSchema>;

/** Pixels of the picture as shown; may leave it. */
export const faceBoxSchema = z.object({
  x: z.number(),
  y: z.number(),
  width: z.number().positive(),
  height: z.number().positive(),
});
export type FaceBox = z.infer<typeof faceBoxSchema>;

/** Left and right are the person's own. */
export const LANDMARKS = ['rightEye', 'leftEye', 'nose', 'mouth', 'rightEar', 'leftEar'] as const;
export const landmarksSchema = z.object({
  rightEye: pointSchema,
  leftEye: pointSchema,
  nose: pointSchema,
  mouth: pointSchema,
  rightEar: pointSchema,
  leftEar: pointSchema,
});
export type Landmarks = z.infer<typeof landmarksSchema>;

/** A face that somebody marked, or corrected. Without landmarks it is taken as upright. */
export const markedFaceSchema = z.object({ box: faceBoxSchema, landmarks: landmarksSchema.nullable().default(null) });
export type MarkedFace = z.infer<typeof markedFaceSchema>;

/** The square that a network was shown: its middle, its side, and how far it is turned, clockwise. */
export const faceCropSchema = z.object({
  x: z.number(),
  y: z.number(),
  side: z.number().positive(),
  degrees: z.number(),
});
export type FaceCrop = z.infer<typeof faceCropSchema>;

/** Where a network looked for each class (Grad-CAM): rows from the top, not scaled, over the square the network saw. */
export const activationMapsSchema = z.object({
  width: z.number().int(),
  height: z.number().int(),
  /** By class name, width × height values ≥ 0. */
  byClass: z.record(z.string(), z.array(z.number())),
  /** The square the maps lie over, in the picture. */
  over: faceCropSchema,
});
export type ActivationMaps = z.infer<typeof activationMapsSchema>;

/** The labeled images that neighbours are looked for among. */
export const neighborPlaceSchema = z.object({ split: splitSchema.default('train'), source: z.string().optional() });
export type NeighborPlace = z.infer<typeof neighborPlaceSchema>;

/** A labeled image that a network finds alike. */
export const neighborSchema = z.object({
  image: z.number().int(),
  class: z.string(),
  /** 1 - cosine of the angle between the features: 0 … 2. */
  distance: z.number(),
});
export type Neighbor = z.infer<typeof neighborSchema>;

export const networkPredictionSchema = z.object({
  network: networkSchema,
  step: z.number().int(),
  class: z.string(),
  probability: z.number(),
  /** By class name, as the network gives them. */
  probabilities: z.record(z.string(), z.number()),
  /** The same at the temperature that fitted a labeled split best; null where the network was not calibrated. */
  calibrated: z
    .object({ temperature: z.number(), split: z.string(), probabilities: z.record(z.string(), z.number()) })
    .nullable(),
  /** Null unless asked for. */
  maps: activationMapsSchema.nullable(),
  /** Nearest first; null unless asked for. */
  neighbors: z.array(neighborSchema).nullable(),
});
export type NetworkPrediction = z.infer<typeof networkPredictionSchema>;

/** `picture`: no face was looked for, or none found, and the whole picture is taken as one. */
export const FACE_ORIGINS = ['detected', 'marked', 'picture'] as const;

export const facePredictionSchema = z.object({
  /** Pixels of the picture as shown; the whole picture where no face was looked for or found. */
  box: faceBoxSchema,
  origin: z.enum(FACE_ORIGINS),
  /** How sure the detector is, 0 … 1; null where it did not find the face. */
  score: z.number().nullable(),
  landmarks: landmarksSchema.nullable(),
  /** What was cut out; null for the whole picture. */
  crop: faceCropSchema.nullable(),
  /** The first network's. */
  class: z.string(),
  probability: z.number(),
  /** By class name. */
  probabilities: z.record(z.string(), z.number()),
  /** Side by side, in the order asked for. */
  networks: z.array(networkPredictionSchema),
});
export type FacePrediction = z.infer<typeof facePredictionSchema>;

export const imagePredictionSchema = z.object({
  path: z.string(),
  /** Of the picture as shown, pixels. */
  width: z.number().int(),
  height: z.number().int(),
  /** The first network's. */
  network: networkSchema,
  step: z.number().int(),
  faces: z.array(facePredictionSchema),
  /** What the person should know about this prediction, as sentences: such as that no face was found. */
  notices: z.array(z.string()),
  milliseconds: z.number(),
});
export type ImagePrediction = z.infer<typeof imagePredictionSchema>;
