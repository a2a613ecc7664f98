/** The fit on this device, for the audit against float64 (`fit/audit.ts`). */
import type { AuditedFit } from '../fit/audit';
import { GpuFit } from './fit/gpu-fit';
import { GpuScope } from './scope';
import type { GpuMatrix } from './types';

/** @throws LabError (from the audit) as the GPU fit does */
export function onGpu(device: GPUDevice): AuditedFit<GpuMatrix> {
  return {
    make: (shape) => GpuFit.create(device, shape, { cka: false }),
    chunk: (x, y, rows) => {
      const scope = new GpuScope(device);
      return {
        source: scope.uploadMatrix(x, rows, x.length / rows, 'X'),
        target: scope.uploadMatrix(y, rows, y.length / rows, 'Y'),
        release: async () => {
          scope.dispose();
          await device.queue.onSubmittedWorkDone(); // or a long audit would queue all its rows at once
        },
      };
    },
  };
}
