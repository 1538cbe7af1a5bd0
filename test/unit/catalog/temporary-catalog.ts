import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SubsetRequest } from '#shared/catalog.ts';
import type { RunDetail, StepMetrics } from '#shared/training.ts';
import { trainingConfigSchema } from '#shared/training.ts';
import type { NewAnalysis } from '#main/catalog/analysis.ts';
import { type Catalog, type NewImage, openCatalog } from '#main/catalog/catalog.ts';

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'face2exp-catalog-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A new catalog in a folder of its own, closed when the test is over. */
export function temporaryCatalog(): { catalog: Catalog; file: string } {
  const file = join(temporaryFolder(), 'catalog.sqlite');
  const catalog = openCatalog(file);
  onTestFinished(() => catalog.close());
  return { catalog, file };
}

/** @returns the source's id. */
export function addSource(catalog: Catalog, name: string, root = `/data/${name}`): number {
  return catalog.sources.add({ name, root, format: 'folder', role: 'labeled' }).id;
}

/** A whole-file training image; what a test cares for is given. */
export function newImage(image: Partial<NewImage> & { path: string }): NewImage {
  return { split: 'train', encoding: 'file', label: 0, identity: null, width: 48, height: 48, ...image };
}

/** What an analysis found; what a test cares for is given. Pixels and hash are the image's own. */
export function newAnalysis(analysis: Partial<NewAnalysis> & { imageId: number }): NewAnalysis {
  const { imageId } = analysis;
  return {
    digest: `pixels of ${imageId}`,
    // Numbers that are far apart in bits (Knuth's multiplicative hash).
    hash: { high: Math.imul(imageId, 0x9e3779b1) >>> 0, low: Math.imul(imageId, 0x85ebca6b) >>> 0 },
    flags: [],
    brightness: 120,
    contrast: 50,
    sharpness: 500,
    colourfulness: 0,
    width: 48,
    height: 48,
    ...analysis,
  };
}

/** `counts[c]` images of class c, class after class, named `<split>/<class>/<number>.png`. */
export function imagesOfClasses(counts: readonly number[], split: NewImage['split'] = 'train'): NewImage[] {
  return counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, number) => newImage({ path: `${split}/${label}/${number}.png`, split, label })),
  );
}

/** Takes images out of the catalog, or back in. @returns how many changed. */
export function setExcluded(catalog: Catalog, ids: readonly number[], excluded: boolean): number {
  return catalog.exclusions.set(ids, excluded, { rule: 'chosen', reason: 'a test', author: 'nobody' })?.images ?? 0;
}

/** A draw from the training split; what a test cares for is given. */
export function subsetRequest(subset: Partial<SubsetRequest> & { name: string }): SubsetRequest {
  return { filter: { splits: ['train'] }, balanced: true, seed: 0, together: [], ...subset };
}

export function addRun(catalog: Catalog, id: string, totalSteps = 100): void {
  const config = trainingConfigSchema.parse({ name: id, totalSteps });
  const snapshot: RunDetail['snapshot'] = {
    classes: ['neutral', 'happy'],
    labeledCounts: [3, 4],
    unlabeled: 5,
    validation: 6,
    digest: 'abc',
  };
  const request = { config: { name: id }, labeled: 'faces', unlabeled: 'people', validation: 'validation' };
  catalog.runs.create({ id, name: id, config, request, snapshot, totalSteps });
}

/** Metrics whose every number is told by the step, so that a mixed-up column shows. */
export function metricsOf(step: number): StepMetrics {
  return {
    step,
    baseLearningRate: step + 0.01,
    adaptationLearningRate: step + 0.02,
    labeledLoss: step + 0.03,
    unlabeledLoss: step + 0.04,
    unlabeledLossMasked: null,
    maskMean: step + 0.06,
    unlabeledWeight: step + 0.07,
    udaLoss: step + 0.08,
    adaptationLoss: step + 0.09,
    labeledLossOld: step + 0.1,
    labeledLossNew: step + 0.11,
    feedback: -step - 0.12,
    feedbackLoss: step + 0.13,
    baseLoss: step + 0.14,
    baseGradientNorm: step + 0.15,
    adaptationGradientNorm: null,
    dataMilliseconds: step + 0.17,
    stepMilliseconds: step + 0.18,
    imagesPerSecond: step + 0.19,
  };
}
