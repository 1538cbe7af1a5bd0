import type { BootstrapChoice, EvaluationRecord, EvaluationReport, FittedTemperature } from '#shared/evaluation.ts';
import { bootstrapIntervals } from './bootstrap.ts';
import { brierScore, calibrationBins, expectedCalibrationError, negativeLogLikelihood } from './calibration.ts';
import type { MappedPredictions } from './class-mapping.ts';
import { evaluatePredictions } from './metrics.ts';
import { classCurves } from './ranking-curves.ts';
import { withTemperature } from './temperature.ts';

/** Everything there is to say about an evaluation. @throws StudioError 'bad-input' as `evaluatePredictions`. */
export async function evaluationReport(
  record: EvaluationRecord,
  predictions: MappedPredictions,
  temperature: FittedTemperature | null,
  bootstrap: BootstrapChoice,
): Promise<EvaluationReport> {
  const { network, split, step, imagesPerSecond, failed } = record;
  const { averagePrecision: _, ...metrics } = evaluatePredictions(predictions);
  return {
    ...{ network, split, step, imagesPerSecond, failed },
    ...metrics,
    record,
    classes: [...predictions.classNames],
    leftOut: { ...predictions.leftOut },
    intervals: await bootstrapIntervals(predictions, bootstrap),
    bootstrap,
    reliability: calibrationBins(predictions),
    curves: classCurves(predictions),
    calibrated: temperature === null ? null : calibratedWith(predictions, temperature),
  };
}

function calibratedWith(
  predictions: MappedPredictions,
  temperature: FittedTemperature,
): NonNullable<EvaluationReport['calibrated']> {
  const scaled = withTemperature(predictions, temperature.temperature);
  return {
    temperature,
    ece: expectedCalibrationError(scaled),
    nll: negativeLogLikelihood(scaled),
    brier: brierScore(scaled),
    reliability: calibrationBins(scaled),
  };
}
