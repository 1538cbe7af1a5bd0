import { z } from 'zod';

export const runtimeInfoSchema = z.object({
  version: z.string(),
  device: z.enum(['cpu', 'gpu']),
  /** The device's own name, such as "NVIDIA H100" or the processor's model. */
  deviceName: z.string(),
  path: z.string(),
});
export type RuntimeInfo = z.infer<typeof runtimeInfoSchema>;

export const doctorCheckSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  detail: z.string(),
  /** What to do, empty when nothing need be done. */
  fix: z.string(),
  /** A check that may fail without the studio being unusable (Electron, browser). */
  optional: z.boolean(),
});
export type DoctorCheck = z.infer<typeof doctorCheckSchema>;
export const doctorReportSchema = z.object({ ok: z.boolean(), checks: z.array(doctorCheckSchema) });
export type DoctorReport = z.infer<typeof doctorReportSchema>;
