/**
 * The GPU of this browser: what it is, and one device on it for ONNX Runtime and
 * our kernels together. No fallback: where there is none, the error says so.
 */
import { LabError } from '../experiment/errors';

/** What is known about the adapter before a device is made. */
export interface AdapterReport {
  available: boolean;
  /** A CPU pretending to be a GPU (SwiftShader, lavapipe, WARP): right results, 10–50 times slower than WASM. */
  software: boolean;
  info: { vendor: string; architecture: string; device: string; description: string };
  features: string[];
  limits: Record<string, number>;
  /** Why there is no adapter, when there is none. */
  reason?: LabError;
}

/** A device with what must be known about its health. */
export interface LabDevice {
  device: GPUDevice;
  report: AdapterReport;
  /** Resolves, with `webgpu-device-lost`, when the device is gone; stays pending after `destroy()`. */
  lost: Promise<LabError>;
  /** Validation and memory errors that no caller was waiting for, oldest first. */
  uncaptured(): string[];
  destroy(): void;
}

/** Raised to what the adapter has: models need large bindings. Our own kernels need only the defaults. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

const WANTED_FEATURES = ['shader-f16', 'timestamp-query'];
const SUBGROUP_FEATURES = ['subgroups', 'subgroup-size-control'];

/**
 * ONNX Runtime's attention shaders take subgroups of 16 or more for granted. On smaller ones (SwiftShader has 4) they
 * give wrong states from the fifth position of a prompt on, without an error: measured, and tested in lab.gpu.ts. Without
 * the feature they take the path that needs none.
 */
const SMALLEST_SAFE_SUBGROUP = 16;

const SOFTWARE_ADAPTERS = /swiftshader|llvmpipe|lavapipe|warp|basic render|software/i;

/** Whether this is a CPU pretending to be a GPU. */
export function softwareAdapter(info: GPUAdapterInfo): boolean {
  return (
    info.isFallbackAdapter === true ||
    SOFTWARE_ADAPTERS.test([info.vendor, info.architecture, info.device, info.description].join(' '))
  );
}

const NOTHING = { vendor: '', architecture: '', device: '', description: '' };

function missing(): LabError {
  return new LabError('webgpu-missing.browser');
}

function noAdapter(): LabError {
  return new LabError('webgpu-no-adapter.none');
}

async function requestAdapter(options: GPURequestAdapterOptions): Promise<GPUAdapter> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) throw missing();
  const adapter = await gpu.requestAdapter(options);
  if (!adapter) throw noAdapter();
  return adapter;
}

function describe(adapter: GPUAdapter): AdapterReport {
  const { vendor, architecture, device, description } = adapter.info;
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === 'number') limits[name] = value;
  }
  return {
    available: true,
    software: softwareAdapter(adapter.info),
    info: { vendor, architecture, device, description },
    features: [...adapter.features].sort(),
    limits,
  };
}

/** Looks at the adapter without making a device. Never throws for want of one: see `available` and `reason`. */
export async function probe(
  options: GPURequestAdapterOptions = { powerPreference: 'high-performance' },
): Promise<AdapterReport> {
  try {
    return describe(await requestAdapter(options));
  } catch (error) {
    return {
      available: false,
      software: false,
      info: { ...NOTHING },
      features: [],
      limits: {},
      reason: LabError.from(error),
    };
  }
}

/**
 * Makes the lab's device: every limit of the adapter that models can use, and the
 * features that ONNX Runtime can use, where present.
 * @throws LabError webgpu-missing, webgpu-no-adapter, or internal when the browser refuses a device
 */
export async function createDevice(
  options: GPURequestAdapterOptions = { powerPreference: 'high-performance' },
): Promise<LabDevice> {
  const adapter = await requestAdapter(options);
  const report = describe(adapter);
  const requiredLimits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) if (report.limits[name] !== undefined) requiredLimits[name] = report.limits[name];
  const { subgroupMaxSize } = adapter.info as GPUAdapterInfo & { subgroupMaxSize?: number };
  const wanted =
    (subgroupMaxSize ?? 0) >= SMALLEST_SAFE_SUBGROUP ? [...WANTED_FEATURES, ...SUBGROUP_FEATURES] : WANTED_FEATURES;
  const requiredFeatures = wanted.filter((name) => report.features.includes(name)) as GPUFeatureName[];
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ label: 'lrt-lab', requiredLimits, requiredFeatures });
  } catch (error) {
    throw new LabError(
      'webgpu-no-adapter.refused',
      { reason: (error as Error).message, vendor: report.info.vendor },
      error,
    );
  }
  const errors: string[] = [];
  device.addEventListener('uncapturederror', (event) => {
    if (errors.length < 100) errors.push((event as GPUUncapturedErrorEvent).error.message);
  });
  const lost = new Promise<LabError>((resolve) => {
    void device.lost.then((info) => {
      if (info.reason !== 'destroyed') resolve(deviceLost(info.message));
    });
  });
  return { device, report, lost, uncaptured: () => [...errors], destroy: () => device.destroy() };
}

/** The error of work that was on a device when it went. */
export function deviceLost(message: string): LabError {
  return message === ''
    ? new LabError('webgpu-device-lost')
    : new LabError('webgpu-device-lost.said', { reason: message });
}
